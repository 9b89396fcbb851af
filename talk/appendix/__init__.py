"""The pictures of the appendix: neighbours of the 2018 talk on its programme."""
