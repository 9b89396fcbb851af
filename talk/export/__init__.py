"""A talk as one page that needs nothing else."""
