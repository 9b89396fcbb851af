"""An axis of time that is cut where nothing happens, and says so.

Time runs evenly between two cuts; a cut takes the same few columns whatever it leaves out. Times
are hybrid clocks (microseconds), so that an effect is never left of its cause.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

CUTS_MAX: Final = 4
"""More cuts than these would make the picture a table of pieces."""
GREEDY: Final = 0.6
"""A gap with more than this share of what is still drawn is cut,"""
LONGER: Final = 20
"""and one that is so many times the usual gap."""
CUT_LEAST_US: Final = 1_500
"""Shorter gaps are never cut: they are how long messages take."""


class Piece(NamedTuple):
    """A stretch of time drawn evenly, over columns [left, right)."""

    since: int
    until: int
    left: int
    right: int


class Cut(NamedTuple):
    """Columns [left, right) that stand for time in which nothing happens."""

    left: int
    right: int
    us: int


class Axis(Struct, frozen=True):
    """Where a moment is drawn."""

    pieces: tuple[Piece, ...]
    cuts: tuple[Cut, ...]

    def column(self, at: int) -> int:
        """The column of a moment; the nearest one for moments outside, or in a cut."""
        place = max(0, bisect_right([piece.since for piece in self.pieces], at) - 1)
        piece = self.pieces[place]
        if piece.since == piece.until:
            return piece.left  # what follows is room for words
        if at >= piece.until:
            return piece.right - 1
        width = piece.right - piece.left - 1
        span = max(1, piece.until - piece.since)
        return piece.left + max(0, at - piece.since) * width // span

    def covers(self, at: int) -> bool:
        """Whether a moment is drawn: it is within the ends, and in no cut."""
        return any(piece.since <= at <= piece.until for piece in self.pieces)

    @property
    def began(self) -> int:
        """The first moment."""
        return self.pieces[0].since


def axis_of(times: Sequence[int], left: int, right: int, cut: int, least: int = 3) -> Axis:
    """An axis over columns [left, right) for these moments.

    A cut takes `cut` columns, a piece between two cuts at least `least`, however short it is.
    """
    moments = sorted(set(times)) or [0]
    gaps = [later - sooner for sooner, later in pairwise(moments)]
    skipped = _cuts(gaps, max(0, right - left - least) // (cut + least))
    bounds: list[tuple[int, int]] = []
    since = moments[0]
    for place, later in enumerate(moments[1:]):
        if place in skipped:
            bounds.append((since, moments[place]))
            since = later
    bounds.append((since, moments[-1]))
    room = max(0, right - left - cut * len(skipped) - least * len(bounds))
    total = sum(until - since for since, until in bounds)
    pieces: list[Piece] = []
    cuts: list[Cut] = []
    x, spent = left, 0
    for place, (since, until) in enumerate(bounds):
        spent += until - since
        done = room * spent // total if total else room * (place + 1) // len(bounds)
        end = max(x + 1, left + (place + 1) * least + done + place * cut)
        pieces.append(Piece(since, until, x, end))
        if place + 1 < len(bounds):
            cuts.append(Cut(end, end + cut, bounds[place + 1][0] - until))
        x = end + cut
    return Axis(tuple(pieces), tuple(cuts))


def _cuts(gaps: list[int], most: int) -> set[int]:
    """Which gaps are left out: the longest, while one of them is most of what is drawn."""
    cut: set[int] = set()
    while len(cut) < min(CUTS_MAX, most):
        left = [place for place in range(len(gaps)) if place not in cut]
        if len(left) < 2:
            break
        longest = max(left, key=lambda place: (gaps[place], -place))
        total = sum(gaps[place] for place in left)
        usual = sorted(gaps[place] for place in left)[(len(left) - 1) // 2]
        most_of_it = gaps[longest] >= min(GREEDY * total, LONGER * usual)
        if gaps[longest] < CUT_LEAST_US or not most_of_it:
            break
        cut.add(longest)
    return cut
