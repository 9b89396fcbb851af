"""Typed values that merge by themselves: counter, set, map, register, last-write-wins."""

from __future__ import annotations

from cluster.model.values.typed import typed

__all__ = ["typed"]
