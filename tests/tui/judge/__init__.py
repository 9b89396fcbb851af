"""What a view means."""
