"""A thousand peers that know few: a light world for the machines of `cluster.protocol.overlay`."""
