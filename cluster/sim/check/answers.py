"""Answers as they are given: what a write's acknowledgement and a read's siblings may say.

- An acknowledged write is on W disks at that moment: durable, not only asked for.
- What a client was told is not written is never found.
- Nobody reads a value that nobody wrote.
- Siblings are pairwise concurrent: none was written by a client that had seen another of them.

Ignores what becomes of writes later (`outcome`), and what counters and sets show (`exact`).
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.versions import Sibling, Versions
from cluster.protocol.messages import ReadResponse, WriteResponse
from cluster.sim.check.finding import BrokenPromiseError, covers, shown
from cluster.sim.load.history import History, Op
from cluster.sim.world import World

LostSince = Callable[[NodeId, int, bytes], bool]
"""(node, since, key): whether its disk lost what it had of the key since then."""


class Answers:
    """The judge of answers (`cluster.sim.load.clients.Listener`)."""

    def __init__(self, world: World, write_quorum: int, lost_since: LostSince) -> None:
        self._world = world
        self._write_quorum = write_quorum
        self._lost_since = lost_since
        self.history = History()
        """Set by who makes the clients."""
        self.found: dict[int, str] = {}
        """Writes that were read, by number, and where."""
        self.checked = 0

    # --- writes --------------------------------------------------------------------------------

    def wrote(self, op: Op, response: WriteResponse) -> None:
        """A write was acknowledged: look at the disks."""
        self.checked += 1
        world = self._world
        partition = partition_of(op.key, world.config.ring.partitions)
        holders = [
            name
            for name, host in world.hosts.items()
            if (record := host.disk.record(partition, op.key)) is not None
            and covers(record.versions.context, response.context)
        ]
        lost = [n for n in response.replicas if self._lost_since(n, op.invoked, op.key)]
        needed = self._write_quorum - len(lost)
        if len(holders) < needed:
            have = f"{len(holders)} ({' '.join(holders)})" if holders else "none"
            raise BrokenPromiseError(
                "durability",
                f"write {op.number} of {shown(op.key)} was acknowledged for "
                f"{' '.join(response.replicas)} while {have} of {needed} disks had it",
            )

    # --- reads ---------------------------------------------------------------------------------

    def was_told(self, op: Op, response: ReadResponse) -> None:
        """A read was answered: look at its siblings."""
        self.siblings(op.key, response.versions, f"read {op.number}")

    def siblings(self, key: bytes, versions: Versions, where: str) -> None:
        """Judge what one replica or read shows of a key. Counters and sets are for `exact`."""
        if self.history.changes(key):
            return
        self.checked += 1
        for sibling in versions.siblings:
            if sibling.value is None:
                continue
            known = self.history.by_value.get(sibling.value)
            if known is None or known[0].key != key:
                raise BrokenPromiseError(
                    "values",
                    f"{where} shows {shown(sibling.value)} in {shown(key)}: nobody wrote it",
                )
            op = known[0]
            self.found.setdefault(op.number, where)
            if op.outcome == "failed":
                self._unwritten(op)
            if len(versions.siblings) > 1:
                self._concurrent(key, sibling, op, versions, where)

    def unwritten(self) -> None:
        """At the end: nothing found earlier was answered with "not written" later."""
        for number in self.found:
            op = self.history.ops[number - 1]
            if op.outcome == "failed":
                self._unwritten(op)

    def _unwritten(self, op: Op) -> None:
        raise BrokenPromiseError(
            "outcome",
            f'write {op.number} of {shown(op.key)} was answered with "not written", '
            f"and {self.found[op.number]} shows it",
        )

    def _concurrent(
        self, key: bytes, sibling: Sibling, op: Op, versions: Versions, where: str
    ) -> None:
        for other in versions.siblings:
            if other is not sibling and op.context.get(other.actor, 0) >= other.counter:
                old = "a tombstone" if other.value is None else shown(other.value)
                raise BrokenPromiseError(
                    "siblings",
                    f"{where} shows {old} beside write {op.number} of {shown(key)}, whose "
                    "client had read it: one supersedes the other",
                )
