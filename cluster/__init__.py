"""The cluster: a pure core (model, protocol) and the drivers that give it a world."""
