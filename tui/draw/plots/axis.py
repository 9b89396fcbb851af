"""Round scales for the upright axis of a plot: from zero, or in decades."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, log10
from typing import Final

from msgspec import Struct

_STEPS: Final = (1.0, 2.0, 5.0, 10.0)
DECADES_MAX: Final = 7
"""Fewer than this many are drawn; smaller values lie on the lowest line."""


class Axis(Struct, frozen=True):
    """Values to heights from 0 to 1."""

    low: float
    high: float
    ticks: tuple[float, ...]
    decades: bool = False

    def height(self, value: float) -> float:
        """Where a value stands; outside it is at the edge."""
        if self.decades:
            value = log10(max(value, 10.0**self.low))
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def from_zero(values: Iterable[float | None], least: float = 1.0) -> Axis:
    """A scale from zero to the next round value above all of them, with one tick in the middle."""
    top = max((value for value in values if value is not None), default=0.0)
    top = max(top, least)
    power = 10.0 ** floor(log10(top))
    high = next(power * step for step in _STEPS if power * step >= top * 0.999)
    return Axis(0.0, high, (0.0, high / 2, high))


def decades(values: Iterable[float | None]) -> Axis:
    """A scale on which every step up is ten times as much, for what differs by factors."""
    known = [value for value in values if value is not None and value > 0]
    low = floor(log10(min(known, default=1.0)) + 1e-9)
    high = max(ceil(log10(max(known, default=10.0)) - 1e-9), low + 1)
    low = max(low, high - DECADES_MAX + 1)
    return Axis(float(low), float(high), tuple(10.0**n for n in range(low, high + 1)), decades=True)
