"""Rooms as machines: where each lives, who may run it, how it moves and comes back."""
