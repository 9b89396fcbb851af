"""How a deck is written: one module for each kind of piece, and where a mistake in it is."""
