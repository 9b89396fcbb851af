"""Pairs about copies of one key: written while one is away, drifted apart, changed at once."""
