"""Rooms in simulated worlds: who speaks to them, what they were told, and what is promised of it."""
