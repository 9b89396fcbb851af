"""What it costs other engines to be watched: `python -m tests.bench.watching`."""
