"""A real BEAM cluster, where Erlang is installed: how soon its nodes notice that one is gone."""
