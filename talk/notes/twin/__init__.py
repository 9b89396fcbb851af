"""The presenter's view in a second terminal."""
