"""One judge of what clients were told: the same figures for every architecture, live, simulated or real."""
