"""Looking at one key of a running cluster: asking for its name, asking every node for its copy."""
