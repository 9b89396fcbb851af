"""Five architectures under one schedule and one load: the same faults, the same judge, one table."""
