"""Clusters of other makers, read without changing them: each engine is one adapter, one fold draws all."""
