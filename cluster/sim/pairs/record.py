"""What a pair leaves behind: what was done, what came of either way, and which claims held.

Everything in a record is counted in the worlds that were played; nothing is typed in but the
sentences, the bounds, and what is quoted from others, which says from whom. A claim about nothing (a denominator of 0) never holds, so that an
experiment in which nothing happened cannot pass. Ignores how the worlds are played.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

Way = Literal["wrong", "right"]
Relation = Literal[">", ">=", "<=", "<", "=="]
Progress = Callable[[str], None]
"""Told what is happening now, for whoever waits."""

_HOLDS: Final[dict[Relation, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}


class Step(Struct, frozen=True):
    """One thing that was done, and when (microseconds since that way's world began)."""

    way: Way
    at_us: int
    text: str


class Figure(Struct, frozen=True):
    """One number that was counted. Figures of equal names are the two ways' answers to one question."""

    name: str
    value: float
    unit: str = ""
    """What one of it is: "keys", "s", "%"; empty for a ratio."""


class Quoted(Struct, frozen=True):
    """What somebody else has published, beside what was counted here. No claim rests on it."""

    name: str
    value: str
    """As it is read: a number or a span, with its unit."""
    source: str


class Checked(Struct, frozen=True):
    """One claim: what was measured, what it had to be, and of how many things."""

    text: str
    held: bool
    measured: float
    relation: Relation
    bound: float
    unit: str
    of: int
    """The denominator: how many things were looked at."""
    of_what: str


class Played(Struct, frozen=True):
    """The record of one experiment. Equal seeds give equal records."""

    name: str
    number: int
    """Its number among the talk's pairs."""
    dont: str
    do: str
    seed: int
    steps: tuple[Step, ...]
    wrong: tuple[Figure, ...]
    right: tuple[Figure, ...]
    claims: tuple[Checked, ...]
    quoted: tuple[Quoted, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether every claim held (and there was one)."""
        return bool(self.claims) and all(claim.held for claim in self.claims)


class Outcome(Struct, frozen=True):
    """What one experiment's play returns: the part of its record that depends on the seed."""

    steps: tuple[Step, ...]
    wrong: tuple[Figure, ...]
    right: tuple[Figure, ...]
    claims: tuple[Checked, ...]
    quoted: tuple[Quoted, ...] = ()


def check(
    text: str,
    measured: float,
    relation: Relation,
    bound: float,
    *,
    unit: str = "",
    of: int,
    of_what: str,
) -> Checked:
    """Judge one claim."""
    held = of > 0 and _HOLDS[relation](measured, bound)
    return Checked(text, held, measured, relation, bound, unit, of, of_what)


def percent(part: float, whole: float) -> float:
    """A share in percent, to a tenth as it is shown; 0 of nothing."""
    return round(100 * part / whole, 1) if whole else 0.0
