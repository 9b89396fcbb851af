"""Where a talk takes place: a cluster of processes, a simulated world, or a recording of either."""
