"""Lanes and an axis: how messages between nodes are drawn."""
