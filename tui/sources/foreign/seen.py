"""What an adapter saw of a foreign cluster at one moment: plain values, the same for every engine.

An adapter (`serf.py`, ...) asks its engine and returns a `Look`; `teller.py` makes facts of two looks
that follow one another. What an engine cannot tell stays at its default, and nothing invents it.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.facts import Basis, Payload
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import NO_RULE, RingTable, Rule, Telling

NO_ADDRESS = Address("")


class Opinion(Struct, frozen=True):
    """What one observer holds of one subject."""

    state: MemberState
    address: Address = NO_ADDRESS
    """Where the subject says it is, for people to read."""


class Row(Struct, frozen=True):
    """One observer, asked itself."""

    name: NodeId
    opinions: dict[NodeId, Opinion]
    """Of everybody it knows, itself included if the engine says so."""
    window: Address = NO_ADDRESS
    """Where it was asked."""
    engine: str = ""
    """What it is, with its version: "serf 0.9.4"."""
    started_at: int = 0
    """When its process began, microseconds since 1970; 0: the engine does not say."""
    health: int = 0
    """A local health score, where the engine has one (Lifeguard); 0 is well."""
    heard: dict[NodeId, int] = {}
    """When it last heard each other member itself, microseconds since 1970, by its own clock."""
    ring: RingTable | None = None
    filling: tuple[int, ...] = ()
    """Which partitions of its ring it copies from another and does not hold whole yet."""
    rule: Rule = NO_RULE
    """Where partitions have masters: whom it follows, and whether it leads any itself."""
    reports: dict[NodeId, int] = {}
    """Of each that it suspects: how many others have told it the same."""
    keys: int = 0
    operations_per_s: float = 0.0
    lag_us: int = 0
    resident_bytes: int = 0
    round_trips: dict[NodeId, int] = {}
    """To each other member, microseconds; name them in `Telling.estimates` when nobody measured."""
    extras: tuple[tuple[str, str], ...] = ()
    """What only this engine has, for people to read: (what, how much)."""


class Look(Struct, frozen=True):
    """All observers that answered at one moment."""

    at: int
    """Microseconds since 1970."""
    every_us: int
    """How long ago the look before was at most: nothing is known to be more exact than this."""
    rows: dict[NodeId, Row]
    silent: dict[NodeId, str] = {}
    """Who could not be asked, and why, in a sentence."""
    telling: Telling | None = None
    """The engine's name and what it can tell; screens say so instead of drawing zeros."""


class Overheard(Struct, frozen=True):
    """Something an engine said by itself, between two looks: a line of a log, an event."""

    at: int
    observer: NodeId
    payload: Payload
    basis: Basis
