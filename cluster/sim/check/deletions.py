"""Deletions: a record leaves a disk only when another disk that must keep it has all of it.

That is an owner's, or that of a keeper with a hint for it (where rings differ, a hint is delivered
to a former owner, which then owes it to the present ones).

Judged at the moment a node asks its disk to forget a record. A record of tombstones only may also
be reaped; that nothing comes back then is for `outcome` to see. Ignores hints and blobs.
"""

from __future__ import annotations

from cluster.model.member import NodeId
from cluster.model.versions import Versions
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
        others = [name for name in self._world.hosts if name != host.name]
        if any(self._keeps(name, drop, held.versions, owners) for name in others):
            return
        raise BrokenPromiseError(
            "deletion",
            f"{host.name} drops {shown(key)} of partition {partition} while neither its owners "
            f"({' '.join(owners)}) nor a keeper of a hint has all of it on disk",
        )

    def _keeps(
        self, name: NodeId, drop: DropRecord, versions: Versions, owners: tuple[NodeId, ...]
    ) -> bool:
        """Whether another host must keep the record and has all of it on disk (or had, and rotted)."""
        host, partition, key = self._world.hosts[name], drop.partition, drop.key
        if host.disk.load(partition, key) is None and name not in owners:
            return False
        record = host.disk.record(partition, key)
        if record is None or not covers(record.versions.context, versions.context):
            return name in owners and self._lost_since(name, 0, key)
        return name in owners or any(
            (p, k) == (partition, key) for _, p, k in host.disk.durable.hints
        )
