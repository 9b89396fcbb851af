"""Masters, told and drawn."""
