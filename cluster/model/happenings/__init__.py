"""Facts by subject, where `cluster.model.facts` would grow too long; it holds their union."""
