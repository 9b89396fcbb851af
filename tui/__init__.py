"""The terminal UI: sources of facts, one fold, and the screens that draw the view."""
