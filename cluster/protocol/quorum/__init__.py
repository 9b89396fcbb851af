"""Where keys live and how they are kept: placement, operations, hints, transfers."""
