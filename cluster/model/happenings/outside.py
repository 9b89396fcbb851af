"""Facts of those who look on: what the lab did and saw, what an observer lost, what a load counted.

A part of the one vocabulary (`cluster.model.facts`, from where everybody takes them).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.fault import FaultKind
from cluster.model.member import Address, NodeId


class FaultInjected(Struct, frozen=True, array_like=True, tag="fault.inject"):
    """A fault began: by the lab on processes, or in a node's own transport."""

    kind: FaultKind
    subject: NodeId
    peers: tuple[NodeId, ...] = ()
    detail: str = ""


class FaultHealed(Struct, frozen=True, array_like=True, tag="fault.heal"):
    """A fault ended."""

    kind: FaultKind
    subject: NodeId
    peers: tuple[NodeId, ...] = ()


class ProcessObserved(Struct, frozen=True, array_like=True, tag="proc.state"):
    """What the lab sees of a process from outside: the only witness of a kill."""

    subject: NodeId
    state: Literal["starting", "running", "paused", "gone"]
    pid: int
    window: Address


class WindowClosed(Struct, frozen=True, array_like=True, tag="window.close"):
    """An observer lost its connection to a node's window. Its silence is not its death."""

    subject: NodeId
    why: str = ""
    """In a sentence, where the observer was told."""
    answered: int = 0
    """When it last answered the observer, by the observer's clock, where that asks; 0: it does not."""


class WorkloadCounted(Struct, frozen=True, array_like=True, tag="load.count"):
    """The workload's totals so far, and its rates over the last interval."""

    acknowledged: int
    maybe: int
    failed: int
    unreadable: int
    """Acknowledged answers that the last audit could not read; -1 when none was made yet."""
    audited: int
    """Answers that the last audit read."""
    interval_us: int
    attempts: int
    successes: int
    answered: float = -1.0
    """Of all operations so far, the share that was answered (`model.judging.running`); -1: none."""
    outage_us: int = 0
    """The longest time in which somebody waited and nobody was served, one under way included."""
    audits: int = 0
    """How many audits have come to an end: two may have read as many answers."""
    unwritten_us: int = 0
    """The longest time in which somebody waited to write and no write was taken, one under way
    included: reads may be answered all the while."""


class RoomCounted(Struct, frozen=True, array_like=True, tag="room.count"):
    """A client of a room asked it how many answers it has."""

    room: str
    keep: str
    """What its state outlives (`model.rooms.naming.Keep`)."""
    acknowledged: int
    """Answers that the room had acknowledged to that client."""
    held: int


class WatchSampled(Struct, frozen=True, array_like=True, tag="watch.sample"):
    """Only some of so many nodes are watched, because nobody could follow what all of them say.

    What is counted is counted over all of them, by whoever runs them.
    """

    nodes: int
    """Processes that run now."""
    watched: tuple[NodeId, ...]
    views: int
    """How many different views of the members they hold."""
    agreeing: int
    """How many hold the most common one."""


class KindUnknown(Struct, frozen=True, array_like=True, tag="kind.unknown"):
    """A node or a recording told a fact that this version cannot read: its reader's word for it.

    Nobody sends it. It keeps the fact's place and number, so that nothing seems to be missing.
    """

    kind: str
    """The tag that came; empty when there was none."""
