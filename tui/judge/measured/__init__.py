"""What was measured over time, ready to be drawn."""
