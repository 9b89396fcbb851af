"""Driver 1: a world we own. Virtual time, network, disks, clocks and faults around real nodes."""
