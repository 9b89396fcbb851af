"""Facts about places: which ring a node follows, and how partitions reach their new owners.

A part of the one vocabulary (`cluster.model.facts`, from where everybody takes them).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.member import NodeId
from cluster.model.summary import DrainRow, RingTable


class RingChanged(Struct, frozen=True, array_like=True, tag="ring.change"):
    """This node now places keys by another table."""

    ring: RingTable
    gained: int
    """Places (partition, replica) this node must fill."""
    lost: int


class TransfersQueued(Struct, frozen=True, array_like=True, tag="xfer.queue"):
    """These partitions are to be filled; as many at a time as there are slots."""

    partitions: tuple[int, ...]
    slots: int


class TransferStarted(Struct, frozen=True, array_like=True, tag="xfer.start"):
    """A new owner began to fill a partition from another holder."""

    partition: int
    source: NodeId
    keys: int = 0
    """Already merged from it, in an earlier try or an earlier life."""


class TransferProgressed(Struct, frozen=True, array_like=True, tag="xfer.progress"):
    """How far a running transfer is, at a bounded rate."""

    partition: int
    source: NodeId
    keys: int
    size: int
    total: int
    """Keys the source holds."""
    rate: int
    """Bytes a second."""
    eta_us: int | None


class TransferStalled(Struct, frozen=True, array_like=True, tag="xfer.stall"):
    """A source failed in the middle; another is tried, and this one later from where it stopped."""

    partition: int
    source: NodeId
    why: str


class TransferCancelled(Struct, frozen=True, array_like=True, tag="xfer.cancel"):
    """The operator cancelled one transfer: the partition stays unreadable here."""

    partition: int


class TransferResumed(Struct, frozen=True, array_like=True, tag="xfer.resume"):
    """The operator let a cancelled transfer go on."""

    partition: int


class TransferWaited(Struct, frozen=True, array_like=True, tag="xfer.wait"):
    """A partition cannot be filled yet; says what it waits for."""

    partition: int
    waiting_on: str


class TransferFinished(Struct, frozen=True, array_like=True, tag="xfer.done"):
    """Everything one source held of a partition has been merged and is on disk."""

    partition: int
    source: NodeId
    keys: int
    size: int
    took_us: int


class PartitionFilled(Struct, frozen=True, array_like=True, tag="owner.filled"):
    """A new owner has merged from enough previous owners and answers reads again."""

    partition: int
    remaining: int
    """Partitions of this node still being filled."""


class DrainProgressed(Struct, frozen=True, array_like=True, tag="drain.progress"):
    """A node that gives up its places says how far it is: when it begins, and at a bounded rate."""

    row: DrainRow


class DrainEnded(Struct, frozen=True, array_like=True, tag="drain.end"):
    """A drain came to its end.

    "drained": all it held is readable elsewhere; "timeout": it leaves before that; "alone": nobody
    is there to take over; "undone": it takes places again.
    """

    how: Literal["drained", "timeout", "alone", "undone"]
    row: DrainRow
    took_us: int


class HintsHandedOver(Struct, frozen=True, array_like=True, tag="hint.over"):
    """A draining node gave hints for an absent member to other keepers."""

    target: NodeId
    count: int
    remaining: int
