"""Who is alive: membership, failure detection, gossip, introductions."""
