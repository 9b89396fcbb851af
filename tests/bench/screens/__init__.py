"""What every screen costs in a terminal: `python -m tests.bench.screens`."""
