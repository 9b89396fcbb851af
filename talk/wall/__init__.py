"""The stage in a browser: what is on the wall, for whoever looks on."""
