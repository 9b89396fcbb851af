"""Rooms as values: names, tokens, checkpoints, and what a behaviour is."""
