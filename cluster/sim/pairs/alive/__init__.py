"""Pairs about who is alive: one missed heartbeat, one broken link, and how deaths look alike."""
