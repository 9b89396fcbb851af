"""The colours of each theme, as data."""
