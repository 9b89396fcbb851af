"""Machines: (input, now) -> effects. Pure: time and chance are arguments."""
