"""Deletions: a record leaves a disk only when an owner has all of it on disk.

Judged at the moment a node asks its disk to forget a record. A record of tombstones only may also
be reaped; that nothing comes back then is for `outcome` to see. Ignores hints and blobs.
"""

from __future__ import annotations

from cluster.protocol.effects import DropRecord, Persist
from cluster.sim.check.answers import LostSince
from cluster.sim.check.finding import BrokenPromiseError, covers, shown
from cluster.sim.host import Host
from cluster.sim.world import World


class Deletions:
    """The judge of forgotten records."""

    def __init__(self, world: World, lost_since: LostSince) -> None:
        self._world = world
        self._lost_since = lost_since
        self.checked = 0

    def store(self, host: Host, persist: Persist) -> None:
        """A node asks its disk to store (or forget) something."""
        for write in persist.writes:
            if isinstance(write, DropRecord):
                self._drop(host, write)

    def _drop(self, host: Host, drop: DropRecord) -> None:
        node, partition, key = host.node, drop.partition, drop.key
        held = host.disk.load(partition, key)
        if node is None or held is None:
            return
        if all(sibling.value is None for sibling in held.versions.siblings):
            return
        self.checked += 1
        owners = node.placement.ring.owners[partition]
        for owner in owners:
            record = self._world.hosts[owner].disk.record(partition, key)
            had_it = record is not None and covers(record.versions.context, held.versions.context)
            if owner != host.name and (had_it or self._lost_since(owner, 0, key)):
                return
        raise BrokenPromiseError(
            "deletion",
            f"{host.name} drops {shown(key)} of partition {partition} while none of its owners "
            f"({' '.join(owners)}) has all of it on disk",
        )
