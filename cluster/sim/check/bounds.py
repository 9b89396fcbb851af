"""Bounds: no queue of a node grows past what its configuration says.

Looked at periodically, because it costs a step for each node. Ignores what is in the queues.
"""

from __future__ import annotations

from typing import Final

from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.host import Host
from cluster.sim.world import World

TIMERS_BASE: Final = 64
"""Periodic timers, probes and retries that do not grow with the cluster."""
TIMERS_PER_MEMBER: Final = 8


class Bounds:
    """The judge of queues."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.checked = 0

    def look(self) -> None:
        """Measure every running node."""
        for host in self._world.hosts.values():
            if host.node is not None:
                self._look_at(host)

    def _look_at(self, host: Host) -> None:
        node = host.node
        assert node is not None
        self.checked += 1
        data = self._world.config.data
        operations = len(node.coordinator.book.open)
        _within(host, "open operations", operations, data.operations_max)
        # A batch that went home makes room; if the disk then refuses to forget it, it is back.
        hints_max = data.hints_max + data.hint_batch
        for depth in node.hints.depths():
            _within(host, f"hints for {depth.target}", depth.count, hints_max)
        members = len(node.members.claims)
        asked = sum(len(process.words) for process in node.rooms.running.values())
        timers_max = TIMERS_BASE + TIMERS_PER_MEMBER * members + asked
        _within(host, "timers", len(host.timers), timers_max)
        rooms = self._world.config.rooms
        _within(host, "rooms", len(node.rooms.running), rooms.rooms_max)
        _within(host, "rumours", len(node.members.rumours), members)
        ring = node.placement.ring
        _within(host, "partitions being filled", len(node.transfers.filling), ring.partitions)


def _within(host: Host, what: str, count: int, limit: int) -> None:
    if count > limit:
        raise BrokenPromiseError(
            "bounds", f"{host.name} has {count} {what}, and at most {limit} may be"
        )
