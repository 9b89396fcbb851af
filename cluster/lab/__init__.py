"""Starts real nodes on this machine, hurts them, loads them, judges them."""
