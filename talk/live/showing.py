"""What of a film is on at a moment: which wave, and how far it has come. Pure.

A wave lasts a quarter of a second; it is shown so slowly that it takes some seconds, and then
stands. After the last one the first begins again.
"""

from __future__ import annotations

from typing import Final, Literal

from cluster.bounds.overlay import SECOND
from cluster.sim.overlay.wave import Wave

TAKES_US: Final = 6 * SECOND
"""How long a wave is shown while it runs, about."""
STANDS_US: Final = 3 * SECOND
"""And how long when it has run."""
Part = Literal["flood", "calm", "disaster", "after"]
PARTS: Final[tuple[Part, ...]] = ("flood", "calm", "disaster", "after")
"""The waves of `cluster.sim.overlay.beyond.film`, in order."""


def slowed(wave: Wave) -> int:
    """How many times slower than it was a wave is shown."""
    return max(1, round(TAKES_US / max(1, wave.ends_us)))


def length_us(wave: Wave) -> int:
    """How long it is on."""
    return wave.ends_us * slowed(wave) + STANDS_US


def at(wave: Wave, shown_us: int) -> int:
    """Its own time when it has been on for so long."""
    return min(wave.ends_us, max(0, shown_us) // slowed(wave))


def showing(film: tuple[Wave, ...], shown_us: int) -> tuple[Wave, int]:
    """Of a whole film, in a round: the wave that is on, and its own time."""
    left = max(0, shown_us) % sum(length_us(wave) for wave in film)
    for wave in film:
        if left < length_us(wave):
            return wave, at(wave, left)
        left -= length_us(wave)
    raise AssertionError("a round is as long as its waves")
