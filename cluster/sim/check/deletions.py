"""Deletions: a record leaves a disk only when another disk has all of it.

Which one may differ where rings differ: an owner's, or that of a keeper, who in turn keeps it until
an owner has it. Judged at the moment a node asks its disk to forget a record. A record of
tombstones only may also be reaped; that nothing comes back then is for `outcome` to see, and so is
what a drained node forgets as a whole when it is started again.
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
        partition, key = drop.partition, drop.key
        held = host.disk.load(partition, key)
        if held is None:
            return
        if all(sibling.value is None for sibling in held.versions.siblings):
            return
        self.checked += 1
        others = [name for name in self._world.hosts if name != host.name]
        if any(self._has(name, drop, held.versions) for name in others):
            return
        raise BrokenPromiseError(
            "deletion",
            f"{host.name} drops {shown(key)} of partition {partition} while no other disk has all "
            "of it",
        )

    def _has(self, name: NodeId, drop: DropRecord, versions: Versions) -> bool:
        """Whether a disk has all of a record, or had before it was lost."""
        host = self._world.hosts[name]
        record = host.disk.record(drop.partition, drop.key)
        if record is None or not covers(record.versions.context, versions.context):
            return self._lost_since(name, 0, drop.key)
        return True
