"""Copies this node holds of partitions that others own: brought home, and only then dropped.

A ring change leaves copies at former owners, a split leaves writes at whoever stood in on the
smaller side. The present owners may never have seen them: after two overlapping splits a new
owner can merge from N-W+1 holders none of which took a write that was acknowledged elsewhere. So a
stray copy is compared with each owner like an owner's own (`protocol.repair.exchange`), which
brings the owner whatever it lacks, and stays until *every* owner of the present ring has been
found equal to it, on disk, since it last changed. Then it is dropped, page by page, except what
a hint still stands for.

Decides which partitions are strays and when one may go. Ignores how copies are compared.
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.config import RepairConfig
from cluster.model.facts import CopiesDropped
from cluster.model.member import NodeId
from cluster.protocol.effects import DiskWrite, DropRecord, Records
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.repair.tree import Trees


class Strays:
    """The stray copies of one node."""

    def __init__(
        self,
        out: Outbox,
        config: RepairConfig,
        placement: Placement,
        records: Records,
        hints: Hints,
        trees: Trees,
    ) -> None:
        self._out = out
        self._config = config
        self._placement = placement
        self._records = records
        self._hints = hints
        self._trees = trees
        self.held: tuple[int, ...] = ()
        """Partitions of which this node holds keys and which it does not own, sorted."""
        self._equal: dict[int, tuple[int, set[NodeId]]] = {}
        """The root at which each was compared, and the owners found equal to it."""
        self._dropping: dict[int, tuple[int, bytes]] = {}
        """Partitions being dropped: how many keys are gone, and after which key to go on."""
        self._turns: dict[NodeId, int] = {}
        self.on_drop: Callable[[int], None] = lambda _partition: None
        """Called before anything of a partition is dropped: this node no longer speaks for it."""

    def look(self) -> None:
        """See what there is; called now and then, and when the ring changed."""
        placement, keys = self._placement, self._records.keys
        owned = set(placement.owned())
        partitions = range(placement.ring.partitions)
        self.held = tuple(p for p in partitions if p not in owned and keys(p))
        self._dropping = {p: at for p, at in self._dropping.items() if p in self.held}

    def ring_changed(self) -> None:
        """Other owners: whoever was found equal may not be one any more."""
        self._equal.clear()
        self._turns.clear()
        self._dropping.clear()
        self.look()

    def unproved(self, owner: NodeId) -> list[int]:
        """Stray copies not yet known to be held by this owner of theirs, the longest tried last."""
        owners = self._placement.ring.owners
        found = [p for p in self.held if owner in owners[p] and not self._proved(p, owner)]
        turn = self._turns.get(owner, -1)
        return [p for p in found if p > turn] + [p for p in found if p <= turn]

    def homes(self, partition: int) -> int:
        """How many owners are known to hold, on disk, all that this node holds of a partition."""
        owners = self._placement.ring.owners[partition]
        return sum(self._proved(partition, owner) for owner in owners)

    def owners(self) -> list[NodeId]:
        """To whom stray copies lead, sorted."""
        return sorted({o for p in self.held for o in self._placement.ring.owners[p]})

    def tried(self, owner: NodeId, partition: int) -> None:
        """The last of those that took part in a round: the next round begins after it."""
        self._turns[owner] = partition

    def _proved(self, partition: int, owner: NodeId) -> bool:
        if partition in self._dropping:
            return True
        root, owners = self._equal.get(partition, (0, frozenset[NodeId]()))
        return owner in owners and root == self._trees.root(partition)

    def equal(self, partition: int, owner: NodeId, root: int) -> None:
        """An owner was found to hold, on disk, exactly what this node held at `root`."""
        if partition not in self.held or self._trees.root(partition) != root:
            return
        before, known = self._equal.get(partition, (root, set[NodeId]()))
        owners = {owner} | (known if before == root else set[NodeId]())
        self._equal[partition] = (root, owners)
        if owners >= set(self._placement.ring.owners[partition]):
            self._equal.pop(partition)
            if partition not in self._dropping:
                self._dropping[partition] = (0, b"")
                self._out.set_timer(("strays",), self._out.now)

    def tick(self) -> None:
        """Drop the next page of what every owner has."""
        if not self._dropping:
            return
        partition = min(self._dropping)
        gone, after = self._dropping[partition]
        self.on_drop(partition)
        rows = self._records.scan(partition, after, self._config.page_bytes)
        waiting = self._hints.waiting
        drops: list[DiskWrite] = [
            DropRecord(partition, key) for key, _ in rows if not waiting(partition, key)
        ]
        if drops:
            self._out.persist(tuple(drops))
        gone += len(drops)
        if rows:
            self._dropping[partition] = (gone, rows[-1][0])
        else:
            del self._dropping[partition]
            self._out.emit(CopiesDropped(partition, gone))
            self.look()
        if self._dropping:
            self._out.set_timer(("strays",), self._out.now + self._config.build_pause_us)
