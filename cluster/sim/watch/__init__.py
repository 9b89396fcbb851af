"""A world that is watched while it plays: paced, stepped, hurt by hand, taken back by its seed."""
