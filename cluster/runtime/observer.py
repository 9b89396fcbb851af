"""One observer of a node: a position in its log, and what to do when the log has moved on.

An observer starts with a snapshot, or resumes after the last fact it knows. If the facts it wants
next are no longer kept, it is told how many it lost and starts again from a new snapshot.
"""

from __future__ import annotations

from typing import Protocol

from cluster.model.facts import Fact, FactsLost
from cluster.model.member import NodeId
from cluster.runtime.hub import Hub


class Observed(Protocol):
    """What an observer needs of a driver."""

    name: NodeId
    epoch: int
    hub: Hub

    async def snapshot(self) -> tuple[Fact, int]:
        """The node's whole state, and the position in the log that follows it."""
        ...


class StoppedError(Exception):
    """The node has ended and answers nothing any more."""


class Observer:
    """Reads a node's facts at its own pace."""

    def __init__(self, node: Observed, since: tuple[int, int] | None) -> None:
        self._node = node
        self._position: int | None = None
        """None: only a snapshot can help."""
        self._known: int | None = None
        """The number of the last fact the observer has; None when it has none of this boot."""
        self._gap = since is not None
        """Whether it must be told that it missed something."""
        if since is not None and since[0] == node.epoch:
            self._known = since[1]
            self._position = node.hub.position_after(since[1])

    async def read(self, facts_max: int) -> list[Fact]:
        """The next facts, at least one; none when the node has ended and all has been read."""
        hub = self._node.hub
        if self._position is not None:
            await hub.wait_past(self._position)
        if self._position is None or self._position < hub.begin:
            return await self._start_again()
        facts = hub.read(self._position, facts_max)
        self._position += len(facts)
        if facts:
            self._known = facts[-1].seq
        return facts

    async def _start_again(self) -> list[Fact]:
        missed = self._gap or self._position is not None
        try:
            snapshot, self._position = await self._node.snapshot()
        except StoppedError:
            return []
        known, self._known, self._gap = self._known, snapshot.seq, False
        if not missed:
            return [snapshot]
        # Nobody can say how many facts of another boot there were.
        count = 0 if known is None else max(0, snapshot.seq - known)
        node = self._node
        lost = FactsLost(count)
        # Like a snapshot it carries the number of the last fact that it speaks of.
        envelope = Fact(node.name, node.epoch, snapshot.seq, snapshot.at, snapshot.hlc, lost)
        return [envelope, snapshot]
