"""The words about what runs beside keeping keys: pipelines, and the page others look at."""
