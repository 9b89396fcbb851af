"""Chance in a simulated world: one seed, many streams.

Each purpose draws from a stream of its own, so that one more draw for the network does not shift
what the faults do: a schedule stays the same while the code around it changes.
"""

from __future__ import annotations

from random import Random


def below(rng: Random, end: int) -> int:
    """What `rng.randrange(end)` draws, from the same bits, in a third of the time."""
    bits = end.bit_length()
    drawn = rng.getrandbits(bits)
    while drawn >= end:
        drawn = rng.getrandbits(bits)
    return drawn


class Dice:
    """The named streams of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, Random] = {}

    def stream(self, name: str) -> Random:
        """The stream of a purpose; the same object each time."""
        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = Random(f"{self.seed}/{name}")
        return found
