"""How partitions reach their new owners, and how a node gives its own up."""
