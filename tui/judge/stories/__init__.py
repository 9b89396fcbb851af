"""Stories out of the trace: what caused what, chosen, walked through and told."""
