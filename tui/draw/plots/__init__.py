"""Plots: curves through plotext, and the axes around them."""
