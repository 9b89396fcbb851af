"""What can be said of clusters of other makers, and what cannot."""
