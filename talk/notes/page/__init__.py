"""The presenter's view in a browser: one page, fetched whole from the stage's own process."""
