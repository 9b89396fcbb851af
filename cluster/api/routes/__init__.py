"""What is under one path each, where that is more than a line of the window."""
