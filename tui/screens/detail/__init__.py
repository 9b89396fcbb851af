"""Screens of one thing: a node, a key."""
