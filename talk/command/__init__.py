"""The word `talk`."""
