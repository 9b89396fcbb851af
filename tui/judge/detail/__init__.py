"""What a view means for one node or one key."""
