"""Where keys live now: the ring this node uses, and whom a write or read should go to.

The ring follows the member set after it has been quiet for a moment (`settle_us`), so that five
simultaneous joins are one change. Dead members keep their place: `targets` puts the next live
member of the partition's ranking in for them, as a keeper of hints (sloppy quorum, Dynamo 4.6).

Ignores how data gets to a new owner (`protocol.transfer`).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cluster.config import Config
from cluster.model.facts import RingChanged
from cluster.model.layout import lay_out
from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.model.ring import Ring
from cluster.model.summary import RingTable
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership


class Target(Struct, frozen=True):
    """One place a write goes to. `hint_for` names the absent owner it stands in for."""

    node: NodeId
    hint_for: NodeId = NOBODY


class Placement:
    """The ring of one node."""

    def __init__(self, out: Outbox, config: Config, members: Membership) -> None:
        self._out = out
        self._config = config
        self.spares = config.architecture.kind == "masterless"
        """Whether others stand in for owners that are gone."""
        self._members = members
        self.ring = self._build((out.name,))
        self.on_changed: Callable[[Ring, Ring], None] = lambda _old, _new: None
        """Called with the old and the new ring after a change."""
        self._kept_for = (self.ring.digest, -1)
        self._owned_of: Ring | None = None
        self._owned: tuple[int, ...] = ()
        """The places on the ring `_owned_of`."""
        self._targets: dict[int, tuple[Target, ...]] = {}
        self._readers: dict[int, tuple[NodeId, ...]] = {}

    def _build(self, names: tuple[NodeId, ...]) -> Ring:
        return lay_out(self._config.architecture, self._config.ring, names)

    def restore(self, names: tuple[NodeId, ...]) -> None:
        """Start from the ring of an earlier life."""
        self.ring = self._build(names)

    def members_changed(self) -> None:
        """Somebody came or went: look again once things are quiet."""
        self._out.set_timer(("ring",), self._out.now + self._config.ring.settle_us)

    def settle(self) -> None:
        """Follow the member set."""
        names = self._members.ring_members()
        if not names:
            return  # when all drain, nobody is left to take over: the places stay where they are
        new = self._build(names)
        if new.digest == self.ring.digest:
            return
        old, self.ring = self.ring, new
        me = self._members.me
        before = {p for p, owners in enumerate(old.owners) if me in owners}
        after = {p for p, owners in enumerate(self.ring.owners) if me in owners}
        whole = self._config.architecture.kind in ("failover", "majority")
        gained = 0 if whole else len(after - before)  # whole copies follow their master
        self._out.emit(RingChanged(self.table(), gained, len(before - after)))
        self.on_changed(old, self.ring)

    def table(self) -> RingTable:
        """The ring as facts tell it."""
        ring = self.ring
        index = {name: i for i, name in enumerate(ring.members)}
        return RingTable(
            ring.digest,
            ring.members,
            ring.partitions,
            ring.replicas,
            tuple(tuple(index[owner] for owner in owners) for owners in ring.owners),
        )

    def owns(self, partition: int) -> bool:
        """Whether this node is an owner of the partition."""
        return self._members.me in self.ring.owners[partition]

    def owned(self) -> tuple[int, ...]:
        """The partitions this node owns."""
        if self._owned_of is not self.ring:
            me = self._members.me
            self._owned_of = self.ring
            self._owned = tuple(p for p, owners in enumerate(self.ring.owners) if me in owners)
        return self._owned

    def _usable(self, name: NodeId) -> bool:
        """Worth a first try: alive, or only suspected (it may answer; a timeout covers it)."""
        state = self._members.state(name)
        return state is not None and state <= MemberState.SUSPECT

    def _freshen(self) -> None:
        """Forget what was derived from beliefs or a ring that have changed since."""
        now = (self.ring.digest, self._members.version)
        if now != self._kept_for:
            self._kept_for = now
            self._targets.clear()
            self._readers.clear()

    def targets(self, partition: int) -> tuple[Target, ...]:
        """Whom a write goes to: every owner worth a try, and a fallback for each that is not."""
        self._freshen()
        kept = self._targets.get(partition)
        if kept is None:
            owners = self.ring.owners[partition]
            chosen = [Target(owner) for owner in owners if self._usable(owner)]
            absent = [owner for owner in owners if not self._usable(owner)]
            spare = iter(self.fallbacks(partition) if absent else ())
            chosen += [Target(node, owner) for owner, node in zip(absent, spare, strict=False)]
            kept = self._targets[partition] = tuple(chosen)
        return kept

    def fallbacks(self, partition: int) -> list[NodeId]:
        """Live members that own nothing of the partition, in the order in which they serve."""
        if not self.spares:
            return []
        ring = self.ring
        rest = ring.ranking(partition)[ring.replicas :]
        return [name for name in rest if self._members.alive(name)]

    def readers(self, partition: int) -> tuple[NodeId, ...]:
        """Whom a read asks, in order: this node first, live owners, suspects, then fallbacks."""
        self._freshen()
        kept = self._readers.get(partition)
        if kept is None:
            owners = self.ring.owners[partition]
            me = self._members.me
            live = [n for n in owners if n == me]
            live += [n for n in owners if n != me and self._members.alive(n)]
            live += [n for n in owners if self._members.state(n) is MemberState.SUSPECT]
            kept = self._readers[partition] = (*live, *self.fallbacks(partition))
        return kept
