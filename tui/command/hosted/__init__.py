"""The words about what a cluster runs beside keeping keys."""
