"""Pairs: one wrong way and one right way of the same thing, both played by real nodes, counted."""
