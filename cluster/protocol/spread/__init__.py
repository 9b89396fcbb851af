"""Broadcast: what one node publishes on a topic reaches every node, once."""
