"""The words that play simulated worlds, and how they say what came of it."""
