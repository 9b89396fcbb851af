"""Everything that can happen to a node. A driver makes these; `Node.handle` takes them."""

from __future__ import annotations

from typing import Literal, NewType

from msgspec import Struct

from cluster.model.facts import DropReason
from cluster.model.fault import FaultKind
from cluster.model.flow.pipeline import FlowSpec
from cluster.model.member import Address, NodeId
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    Packet,
    PutRequest,
    RoomRequest,
    UpdateRequest,
)

RequestId = NewType("RequestId", int)
"""Chosen by the driver, unique among its open requests."""

TimerKey = tuple[str, ...]
"""Names one timer of a node: the machine's word first, then what tells two of them apart."""


class Booted(Struct, frozen=True):
    """The driver is ready: sockets bound, disk open. Always the first input."""

    seeds: tuple[Address, ...]
    pid: int


class Received(Struct, frozen=True):
    """A packet arrived and was well formed. `source` is the address to answer a datagram at."""

    packet: Packet
    source: Address
    size: int


class Rejected(Struct, frozen=True):
    """Something arrived that is not for the core: nonsense, too long, or a fault took it."""

    reason: DropReason
    peer: str
    detail: str


class LinkClosed(Struct, frozen=True):
    """A stream to a peer ended or could not be made. Evidence, never a verdict.

    `refused`: the peer's kernel said that nothing listens there.
    """

    address: Address
    reason: Literal["closed", "refused", "timeout"]


class TimerFired(Struct, frozen=True):
    """A timer set by `SetTimer` came due at `due`; `now - due` is how late the driver is."""

    timer: TimerKey
    due: int


class Persisted(Struct, frozen=True):
    """All writes up to and including this token are on disk."""

    token: int


RotKind = Literal["record", "hint", "memory"]


class Rotted(Struct, frozen=True):
    """The disk gave back something that is not what was written: it reads as absent.

    Told once for each thing found. `partition` is -1 where nobody can know it any more.
    """

    kind: RotKind
    partition: int
    count: int


class PersistRefused(Struct, frozen=True):
    """The disk did not take the writes of this token. They are undone, also for `Records`."""

    token: int
    reason: str


class JoinCommand(Struct, frozen=True):
    """An operator names a member of the cluster to join."""

    address: Address


class LeaveCommand(Struct, frozen=True):
    """An operator (or SIGTERM) asks the node to leave: it drains first, within `drain_max_us`.

    Answered when the farewell has spread.
    """


class DrainCommand(Struct, frozen=True):
    """An operator asks the node to give up its places and stay (`on`), or to take places again.

    Answered at once; `SnapshotTaken.drain` says how far it is.
    """

    on: bool


class TransferCommand(Struct, frozen=True):
    """An operator cancels the filling of one partition, or lets it go on.

    A cancelled partition stays unreadable here, also after a restart. Answered when that is stored.
    """

    partition: int
    act: Literal["cancel", "resume"]


class SnapshotQuery(Struct, frozen=True):
    """An observer begins: answered with a `Fact` that holds a `SnapshotTaken`."""


class PublishCommand(Struct, frozen=True):
    """Broadcast a message to every node. Answered with the `Item` it became, or a `Refusal`.

    Not so with `apart`: then each of the subscribers, of whom each of these nodes has so many, is
    sent a message of its own, and nothing is kept. Answered when they are sent.
    """

    topic: str
    payload: bytes
    apart: dict[NodeId, int] = {}


class ScatterCommand(Struct, frozen=True):
    """Send a message to each subscriber apart, wherever it is: the naive way, to be compared.

    The node first asks every member how many subscribers it has, and nothing is kept. Answered with
    `Scattered` when everything is sent, or with a `Refusal`.
    """

    topic: str
    payload: bytes


class SubscribeCommand(Struct, frozen=True):
    """From now on so many subscribers of a topic are counted here (0: none), and handed nothing.

    They come on top of those who really listen (`ListenCommand`). Answered at once.
    """

    topic: str
    subscribers: int


class ListenCommand(Struct, frozen=True):
    """From now on so many listen to a topic through the driver (0: none): `HandOver` is for them.

    Answered at once.
    """

    topic: str
    listeners: int


class TopicQuery(Struct, frozen=True):
    """What came on a topic? Answered with a `TopicHistory`."""

    topic: str


class LinksCommand(Struct, frozen=True):
    """Push broadcasts along these links instead of a tree's; none: the tree's again."""

    links: tuple[NodeId, ...]


class RoomsQuery(Struct, frozen=True):
    """Which rooms run where? Answered with a `RoomsRoll` when all live members have said it."""


class FlowCommand(Struct, frozen=True):
    """Declare a pipeline: all nodes are told, and each runs the stages that name it.

    Answered at once. Two of one name declared at two nodes at a time: the later one holds.
    """

    spec: FlowSpec


class FlowStop(Struct, frozen=True):
    """Stop a pipeline everywhere; what its stages hold is gone. Answered at once."""

    name: str


class FlowQuery(Struct, frozen=True):
    """Which pipelines are there, and how do their stages at this node stand? See `FlowRoll`."""


FlowRequest = FlowCommand | FlowStop | FlowQuery
BroadcastRequest = (
    PublishCommand | ScatterCommand | SubscribeCommand | ListenCommand | TopicQuery | LinksCommand
)
Request = (
    PutRequest
    | DeleteRequest
    | GetRequest
    | UpdateRequest
    | JoinCommand
    | LeaveCommand
    | DrainCommand
    | TransferCommand
    | SnapshotQuery
    | PublishCommand
    | ScatterCommand
    | SubscribeCommand
    | ListenCommand
    | TopicQuery
    | LinksCommand
    | RoomRequest
    | RoomsQuery
    | FlowCommand
    | FlowStop
    | FlowQuery
)


class Requested(Struct, frozen=True):
    """A client or operator asks; exactly one `Reply` with this id will follow."""

    id: RequestId
    request: Request


class Abandoned(Struct, frozen=True):
    """The asker is gone: the reply to this id may be left out."""

    id: RequestId


class FaultSet(Struct, frozen=True):
    """The driver's own transport was hurt (or healed): the node only reports it."""

    kind: FaultKind
    peers: tuple[NodeId, ...]
    detail: str
    healed: bool
    in_force: tuple[str, ...]
    """All faults now in force in this transport, in words."""


class Measured(Struct, frozen=True):
    """What the driver measured of its own process, before each pulse."""

    lag_us: int
    resident_bytes: int
    bytes_out: int = 0
    """Sent over both channels since the last `Measured`."""
    missed: int = 0
    """Messages that were dropped because a listener was too slow for them, since then."""
    weights: dict[str, int] = {}
    """What of `bytes_out` was which kind of message; empty where messages have no real size."""
    disk_bytes: int = 0
    """Brought to disk since then: keys and values."""


Input = (
    Booted
    | Received
    | Rejected
    | LinkClosed
    | TimerFired
    | Persisted
    | PersistRefused
    | Rotted
    | Requested
    | Abandoned
    | FaultSet
    | Measured
)
