"""What clients do in a simulated world, and the history of it that the checkers read."""
