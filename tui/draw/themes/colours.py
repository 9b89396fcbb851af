"""What a theme is made of: a colour for each role, in each depth a terminal may have.

Data only. Every text role reaches a contrast of 4.5 (in `contrast`: 7) on every background of its
theme, in true colour and in 256 colours; the first bands of the eight owners stay at least 10
(CIEDE2000) apart for every kind of colour blindness. `tests/tui/themes` computes both.
"""

from __future__ import annotations

from msgspec import Struct

Shade = tuple[str, int, str]
"""One colour: true colour, its index of 256, its name among 16."""


class Owner(Struct, frozen=True):
    """One owner's hue, and how its second and third band look."""

    hue: str
    """True colour; the bands are it, faded toward the ground."""
    indexed: tuple[int, int, int]
    """The three bands in 256 colours: they do not survive naive conversion."""
    named: tuple[str, str]
    """The first band and the others among 16."""


class Colours(Struct, frozen=True):
    """One theme."""

    ground: Shade
    """Behind everything."""
    roles: dict[str, Shade]
    owners: tuple[Owner, ...]
    """Eight."""
    fade: tuple[float, float, float]
    """How much of the hue is left in each band."""
