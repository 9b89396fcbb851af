"""Values and merge rules: no clock, no messages, no I/O."""
