"""Each screen is a pure painter: (view, time, size) -> Frame."""
