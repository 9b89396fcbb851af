"""Readable owners: who begins to own a partition does not answer for what it does not have yet.

Judged when a node follows a new ring, in worlds where members only come and go (a sloppy quorum
may leave an owner without a write while something fails, and promises no more): every key of a
partition that it now answers for, and that has an acknowledged write a moment old, is on its disk.
"""

from __future__ import annotations

from typing import Final

from cluster.config import SECOND
from cluster.model.facts import Fact, RingChanged
from cluster.model.ring import partition_of
from cluster.sim.check.finding import BrokenPromiseError, shown
from cluster.sim.load.history import History
from cluster.sim.world import World

MOMENT_US: Final = SECOND
"""The last of the owners is given this long to store an acknowledged write."""


class Readable:
    """The judge of new owners."""

    def __init__(self, world: World, history: History) -> None:
        self._world = world
        self._history = history
        self.checked = 0

    def hear(self, fact: Fact) -> None:
        """One more fact."""
        if not isinstance(fact.payload, RingChanged):
            return
        host = self._world.hosts[fact.node]
        node = host.node
        if node is None:
            return
        self.checked += 1
        for key, writes in self._history.writes.items():
            partition = partition_of(key, node.placement.ring.partitions)
            if not node.placement.owns(partition) or partition in node.transfers.filling:
                continue
            old = self._world.now - MOMENT_US
            known = next((op for op in writes if op.outcome == "ok" and op.ended < old), None)
            if known is not None and host.disk.load(partition, key) is None:
                raise BrokenPromiseError(
                    "readable",
                    f"{fact.node} answers for partition {partition} and has nothing of "
                    f"{shown(key)}, where write {known.number} was acknowledged",
                )
