"""Bounds that have a file of their own because `cluster.config` is full; it gathers them all."""
