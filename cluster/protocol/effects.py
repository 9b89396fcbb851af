"""Everything a node can ask its driver to do, and the one thing it may read: its records.

Effects are imperative and are performed in order. `Persist` is asynchronous: its writes are
visible to `Records` at once, durable when `Persisted(token)` comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, final

from msgspec import Struct

from cluster.model.facts import Fact
from cluster.model.flow.pipeline import FlowEntry, StageRow
from cluster.model.member import Address, NodeId
from cluster.model.summary import RoomRow
from cluster.model.versions import Record
from cluster.protocol.inputs import RequestId, TimerKey
from cluster.protocol.messages import (
    Item,
    Packet,
    ReadResponse,
    Refusal,
    RoomResponse,
    WriteResponse,
)

Channel = Literal["datagram", "stream"]


@final
class Send(Struct, frozen=True):
    """Give a packet to the network. It may be lost; a stream that cannot be made is a LinkClosed."""

    to: NodeId
    """Empty when only the address is known yet."""
    address: Address
    channel: Channel
    packet: Packet


@final
class SetTimer(Struct, frozen=True):
    """Wake the node with `TimerFired(timer, due)`. Replaces a timer of the same name."""

    timer: TimerKey
    due: int


class CancelTimer(Struct, frozen=True):
    """Forget the timer, if it is still set."""

    timer: TimerKey


class PutRecord(Struct, frozen=True):
    """Store what is now known of a key."""

    partition: int
    key: bytes
    record: Record


class DropRecord(Struct, frozen=True):
    """Forget a key that this node holds for nobody."""

    partition: int
    key: bytes


class PutHint(Struct, frozen=True):
    """Remember that `target` has yet to get this key. The value is the key's own record."""

    target: NodeId
    partition: int
    key: bytes
    at: int


class DropHint(Struct, frozen=True):
    """The target has it."""

    target: NodeId
    partition: int
    key: bytes


class PutMeta(Struct, frozen=True):
    """Store a small named blob of the node's own (its peers, its unfilled partitions)."""

    name: str
    blob: bytes


class DropAll(Struct, frozen=True):
    """Forget every record and hint that was there before; blobs stay. Asked for only at boot."""


DiskWrite = PutRecord | DropRecord | PutHint | DropHint | PutMeta | DropAll


class Persist(Struct, frozen=True):
    """Bring these to disk together. Tokens rise; they come back in order."""

    token: int
    writes: tuple[DiskWrite, ...]


class TopicHistory(Struct, frozen=True):
    """The messages of a topic that this node keeps, in the order in which they came here."""

    items: tuple[Item, ...]


class Scattered(Struct, frozen=True):
    """What became of a `ScatterCommand`."""

    subscribers: dict[NodeId, int]
    """To whom it was sent: how many at each member that has any."""
    silent: tuple[NodeId, ...]
    """Members that did not say in time how many they have; nothing was sent to them."""


class RoomsRoll(Struct, frozen=True):
    """All rooms of the cluster, by the node that runs them."""

    rooms: tuple[tuple[NodeId, RoomRow], ...]
    """In order of name; a name is there twice while two processes of it run."""
    silent: tuple[NodeId, ...]
    """Members that did not say in time what they run."""
    unasked: tuple[NodeId, ...] = ()
    """Members believed dead, that were not asked: cut off, they may run rooms still."""
    removed: tuple[NodeId, ...] = ()
    """Members that the ring goes on without, and that have not said that they left."""
    heard: tuple[NodeId, ...] = ()
    """Who said what they run, this node too: also those without rooms."""


class FlowRoll(Struct, frozen=True):
    """All pipelines that a node knows of, and those of their stages that run there."""

    entries: tuple[FlowEntry, ...]
    """In order of name, stopped ones too."""
    rows: tuple[tuple[str, StageRow], ...]
    """By name of the pipeline, in order."""


Response = (
    WriteResponse
    | ReadResponse
    | RoomResponse
    | RoomsRoll
    | FlowRoll
    | Refusal
    | Fact
    | Item
    | TopicHistory
    | Scattered
    | None
)
"""None: a command was done."""


class Reply(Struct, frozen=True):
    """Answer a request, once."""

    id: RequestId
    response: Response


@final
class Emit(Struct, frozen=True):
    """Tell observers."""

    fact: Fact


class HandOver(Struct, frozen=True):
    """Give a message to everybody here who listens to its topic through the driver.

    Asked for once for each message of a topic that `ListenCommand` has named. The driver may keep it
    waiting for a slow listener, within its bounds; the node never waits for one.
    """

    item: Item
    listener: int = 0
    """Only to the listener of that number, from 1 in the order in which they came; 0: to all."""


class Halt(Struct, frozen=True):
    """This node must end: it has left, or its name now belongs to a later life."""

    reason: str
    failed: bool


Effect = Send | SetTimer | CancelTimer | Persist | Reply | Emit | HandOver | Halt


class Records(Protocol):
    """What a node may read of its own disk, synchronously. Sees all writes already asked for.

    A damaged record or hint reads as absent, and the driver then gives the node a `Rotted`.
    """

    def load(self, partition: int, key: bytes) -> Record | None:
        """The record of a key, or None."""
        ...

    def scan(self, partition: int, after: bytes, bytes_max: int) -> list[tuple[bytes, Record]]:
        """Records of a partition after `after`, in order of position, about `bytes_max` of them.

        Positions are `cluster.model.fingerprint.position`. Returns at least one if there is one.
        """
        ...

    def leaf(
        self, partition: int, leaf: int, leaves: int, after: bytes, bytes_max: int
    ) -> list[tuple[bytes, Record]]:
        """The same for the keys of one leaf of a tree with `leaves` leaves."""
        ...

    def keys(self, partition: int, /) -> int:
        """How many keys are held of a partition."""
        ...

    def hints(self) -> Iterator[tuple[NodeId, int, bytes, int]]:
        """All hints as (target, partition, key, at), read once at boot."""
        ...

    def meta(self, name: str) -> bytes | None:
        """A blob stored with `PutMeta`, empty if it is damaged, or None."""
        ...
