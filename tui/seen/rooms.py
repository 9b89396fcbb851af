"""Rooms as the view keeps them: who says to run each, what moved, how the rooms of the dead came back.

A part of `tui.view.ClusterView`, made by `tui.folding.rooms` from facts alone. A place is one node's
own word; whether that word still counts (the node may be gone) is judged when it is looked at
(`tui.judge.rooms.survey`). Times are microseconds since 1970, by the clock of whoever stated the fact.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from cluster.model.facts import Fact
from cluster.model.happenings.rooms import StartReason
from cluster.model.member import NOBODY, NodeId
from cluster.model.rooms.naming import Token
from cluster.model.summary import RoomState

ROOMS_SEEN_MAX: Final = 20_000
"""Rooms kept one by one; more are only counted. About 1 kB each."""
PLACES_MAX: Final = 4
"""Of one room, beyond which the lowest tokens are forgotten."""
TRAIL_MAX: Final = 4
"""Facts kept of one room."""
FLIGHTS_MAX: Final = 512
"""Rooms that changed their node lately, the last of each."""
RECOVERIES_MAX: Final = 12
BURST_US: Final = 1_500_000
"""What one node does to several rooms within this of each other is one line of the log."""


class Place(Struct, frozen=True):
    """One node's word that it runs a room."""

    node: NodeId
    epoch: int
    """Of the node's life that said so."""
    token: Token
    state: RoomState
    since: int
    """When it came into this state."""
    bytes: int = 0
    """Of the state, as last told."""
    to: NodeId = NOBODY
    """Where it moves."""
    outrun: int = 0
    """When a higher token began to serve elsewhere, or fenced it off; 0: not that we know."""


class RoomView(Struct, frozen=True):
    """One room."""

    name: str
    spot: int
    """Its place on the circle of the ring, 0 to 2**32."""
    behaviour: str = ""
    places: tuple[Place, ...] = ()
    """Almost always one; two while it runs on both sides of a split, none while it has no home."""
    since: int = 0
    """When `places` last changed their nodes."""
    why: StartReason | Literal[""] = ""
    """Of the last start; empty: it ran before we looked."""
    took_us: int = 0
    """Of the last start."""
    lost_us: int = -1
    """How long nobody served it in its last handoff; -1: there was none."""
    trail: tuple[Fact, ...] = ()
    """The last facts about it, checkpoints aside, oldest first; at most `TRAIL_MAX`."""


FlightKind = Literal["handoff", "death", "merge"]


class Flight(Struct, frozen=True):
    """A room on its way from one node to another: given, taken over after a death, or merged."""

    room: str
    spot: int
    kind: FlightKind
    source: NodeId
    to: NodeId
    began: int
    ended: int = 0
    """0: under way."""
    bytes: int = 0
    lost_us: int = -1
    """How long nobody served it; -1: not (yet) told."""
    stayed: bool = False
    """It came to nothing."""


Basis = Literal["killed", "gone", "paused", "believed dead"]
"""What a recovery is timed from: the lab's word, an observed end, the moment at which a process that
is believed dead was stopped, or the first to believe it."""


class Recovery(Struct, frozen=True):
    """How the rooms of a node that died came back."""

    node: NodeId
    epoch: int
    began: int
    """When it was killed or stopped, or else first held dead."""
    basis: Basis
    rooms: int
    """How many it ran."""
    times: tuple[int, ...] = ()
    """Of those that serve again: how long after `began`, shortest first."""
    nodes: tuple[NodeId, ...] = ()
    """Where they serve."""
    ended: int = 0
    """When the last served again, or it turned out that it had not died; 0: neither yet."""

    @property
    def p50_us(self) -> int:
        """Half of those that serve again did so within this."""
        return self.times[(len(self.times) - 1) // 2] if self.times else 0

    @property
    def worst_us(self) -> int:
        """The last one so far."""
        return self.times[-1] if self.times else 0


BurstKind = Literal[
    "opened",
    "closed",
    "crashed",
    "restarted",
    "failed",
    "won",
    "lost",
    "fenced",
    "moved",
    "stayed",
    "died",
    "escalated",
]


class Burst(Struct, frozen=True):
    """Several alike things at one node in quick succession: one line, told anew with each."""

    kind: BurstKind
    node: NodeId
    began: int
    at: int
    """The latest of them."""
    count: int
    rooms: tuple[str, ...]
    """Whose; the first two."""
    others: tuple[NodeId, ...] = ()
    """Which other nodes had to do with it, in the order in which they came."""
    worst_us: int = 0
    bytes: int = 0
    last: Fact | None = None
    """Enough to tell of one alone."""


class Rooms(Struct, frozen=True):
    """All rooms that were heard of."""

    by_name: dict[str, RoomView] = {}
    odd: dict[str, None] = {}
    """Names of those that do not have exactly one place that serves: few, so that judging all rooms
    does not mean looking at all."""
    held: dict[NodeId, int] = {}
    """Per node: how many rooms have a place there, alive or not."""
    flights: dict[str, Flight] = {}
    """By room, the latest of each, in the order of their beginnings."""
    recoveries: tuple[Recovery, ...] = ()
    """At most `RECOVERIES_MAX`, oldest first."""
    bursts: dict[tuple[NodeId, BurstKind], Burst] = {}
    """Those that may go on."""
    unseen: int = 0
    """Facts about rooms beyond `ROOMS_SEEN_MAX`."""
