"""Pairs about named processes: what becomes of twins, and of a deploy."""
