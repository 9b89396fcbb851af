"""Cluster libraries that run on Erlang nodes: what they hold, as far as reading it changes nothing."""
