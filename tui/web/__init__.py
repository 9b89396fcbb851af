"""The dashboard in a browser: a page for viewers of a cluster that somebody else may hurt."""
