"""Erlang and Elixir nodes, looked at as a hidden node of their own distribution."""
