"""What a browser is given: the page, its style, its script."""
