"""Rooms judged: what is said of each, of many at once, and of all of them."""
