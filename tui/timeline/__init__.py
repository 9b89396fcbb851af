"""Time: what was heard, kept so that every screen can be shown as of any moment of it."""
