"""What only the presenter sees."""
