"""Ways to drive the dashboard besides single keys: the command line and the filter."""
