"""One fault and its end, as a plain value."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.config import SECOND

Kind = Literal[
    "kill",
    "pause",
    "partition",
    "cut",
    "isolate",
    "loss",
    "delay",
    "wipe",
    "rot",
    "slow disk",
    "full disk",
    "skew",
    "join",
    "leave",
]


class Episode(Struct, frozen=True):
    """One fault and its end. Times are microseconds since the safety phase began."""

    number: int
    kind: Kind
    at: int
    lasts: int
    subject: str
    peers: tuple[str, ...] = ()
    amount: int = 0
    """Per mille of packets lost, microseconds of delay, of an fsync or of a clock's error,
    records that rot; 1 for a kill that takes the machine along, for a cut of both directions."""

    @property
    def ends(self) -> int:
        """When it is undone."""
        return self.at + self.lasts

    def line(self) -> str:
        """For people: a number, when, what, whom."""
        peers = f" {' '.join(self.peers)}" if self.peers else ""
        amount = f" {self.amount}" if self.amount else ""
        span = f"{self.at / SECOND:7.3f} s for {self.lasts / SECOND:.3f} s"
        return f"{self.number:4} {span}  {self.kind} {self.subject}{peers}{amount}"
