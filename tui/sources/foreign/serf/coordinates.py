"""Network coordinates: how far apart two members are, though nobody measured just these two.

Vivaldi (Dabek et al. 2004) with the heights and adjustments of Serf's `coordinate` package: members
move through a space until distances fit the round trips of their probes. Pure.
"""

from __future__ import annotations

from math import dist, isfinite
from typing import Final

from msgspec import Struct

DIMENSIONS_MAX: Final = 32
FAR_S: Final = 60.0
"""No round trip takes longer: what says so is damaged."""


class Coordinate(Struct, rename="pascal"):
    """Where a member is, in seconds."""

    vec: list[float] | None = None
    """None: an agent knows nothing of where this member is (a dead one it never probed, say)."""
    height: float = 0.0
    """The way to its network, which every path of it takes."""
    adjustment: float = 0.0


def round_trip_us(a: Coordinate, b: Coordinate) -> int:
    """The estimated round trip between two members, microseconds; 0: they cannot be compared.

    As serf's Coordinate.DistanceTo: the distance and both heights; the adjustments too, unless they
    would make it nothing.
    """
    here, there = a.vec or [], b.vec or []
    if len(here) != len(there) or not 0 < len(here) <= DIMENSIONS_MAX:
        return 0
    raw = dist(here, there) + a.height + b.height
    adjusted = raw + a.adjustment + b.adjustment
    seconds = adjusted if adjusted > 0 else raw
    return round(seconds * 1e6) if isfinite(seconds) and 0 < seconds < FAR_S else 0
