"""A world that is watched while it plays."""
