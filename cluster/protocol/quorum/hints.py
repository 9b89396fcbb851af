"""Writes kept for absent owners, and their way home (hinted handoff, Dynamo 4.6).

A hint is a note "this owner has yet to get this key"; the value is the key's own record here, so
what is delivered is always all we know. One batch per target travels at a time; a hint is dropped
only after its target has said that it is on disk there. Hints for a member that left the ring go
to the partition's present owners instead. A hint that finds no way home within `hint_window_us` is
given up, loudly; its record stays until all owners have it (`protocol.repair.strays`). Bounded per
target: past `hints_max` a hint is refused, and the write that asked for it is not acknowledged.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Final

from msgspec import Struct

from cluster.config import DataConfig
from cluster.model.facts import HintsDelivered, HintsExpired, HintsHandedOver
from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.model.ring import Ring
from cluster.model.summary import Depth
from cluster.protocol.effects import DiskWrite, DropHint, PutHint, Records
from cluster.protocol.messages import ReplicaWrite
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.swim.membership import Membership

EXPIRIES_MAX: Final = 1_024
"""Hints given up in one go; the rest at the next retry."""
Place = tuple[int, bytes]
"""(partition, key)."""


class _Note(Struct, frozen=True):
    """Since when a place waits, and which of several writes to it was the last."""

    at: int
    stamp: int


class _Batch(Struct):
    """Hints on their way to one target: by message number, the place and the note as sent."""

    started: int
    waiting: dict[int, tuple[Place, _Note]]
    done: list[tuple[Place, _Note]]
    handed_over: bool
    """To other keepers, because the target is away."""
    refused: bool = False
    """Some of them were: the next batch waits for the retry."""


class Hints:
    """The hint store of one node: an index in memory, the notes themselves on disk."""

    def __init__(
        self,
        out: Outbox,
        config: DataConfig,
        members: Membership,
        placement: Placement,
        records: Records,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._records = records
        self._index: dict[NodeId, dict[Place, _Note]] = {}
        self._keepers: dict[Place, int] = {}
        self._batches: dict[NodeId, _Batch] = {}
        self._numbers: dict[int, NodeId] = {}
        self._next = out.numbers
        self._stamp = 0
        self.handing_over = False
        """This node gives up its places: what it cannot deliver, another shall keep."""

    def load(self) -> None:
        """Read the notes of an earlier life."""
        for target, partition, key, at in self._records.hints():
            self._note(target, (partition, key), at)
        for target in self._index:
            self._arm(target)

    def _note(self, target: NodeId, place: Place, at: int) -> None:
        held = self._index.setdefault(target, {})
        self._stamp += 1
        before = held.get(place)
        if before is None:
            self._keepers[place] = self._keepers.get(place, 0) + 1
        held[place] = _Note(before.at if before is not None else at, self._stamp)

    def _forget(self, target: NodeId, place: Place) -> list[DiskWrite]:
        """Drop a note; returns what that means for the disk."""
        held = self._index.get(target)
        if held is None or held.pop(place, None) is None:
            return []
        if not held:
            del self._index[target]
        partition, key = place
        writes: list[DiskWrite] = [DropHint(target, partition, key)]
        left = self._keepers[place] - 1
        if left:
            self._keepers[place] = left
        else:
            del self._keepers[place]
        return writes

    # --- asked by others ----------------------------------------------------------------------

    def has_room(self, target: NodeId, partition: int, key: bytes) -> bool:
        """Whether `keep` would take it."""
        held = self._index.get(target, {})
        return (partition, key) in held or len(held) < self._config.hints_max

    def keep(self, target: NodeId, partition: int, key: bytes) -> DiskWrite | None:
        """Note that `target` needs this key; None when as many are kept as may be."""
        if not self.has_room(target, partition, key):
            return None
        if target not in self._index:
            self._arm(target)
        self._note(target, (partition, key), self._out.now)
        return PutHint(target, partition, key, self._out.now)

    def waiting(self, partition: int, key: bytes) -> bool:
        """Whether any member has yet to get this key from here."""
        return (partition, key) in self._keepers

    def depth(self, target: NodeId) -> int:
        """How many hints wait for a member."""
        return len(self._index.get(target, ()))

    def depths(self) -> tuple[Depth, ...]:
        """All depths, by target."""
        return tuple(
            Depth(target, len(held), next(iter(held.values())).at)
            for target, held in sorted(self._index.items())
            if held
        )

    # --- the way home -------------------------------------------------------------------------

    def _arm(self, target: NodeId) -> None:
        self._out.set_timer(("hints", target), self._out.now + self._config.hint_retry_us)

    def retry(self, target: NodeId) -> None:
        """The retry timer: give up an unanswered batch and try again."""
        batch = self._batches.get(target)
        if batch is not None and self._out.now - batch.started >= self._config.hint_retry_us:
            self._end(target)
        self._expire(target)
        if self._members.state(target) in (MemberState.REMOVED, MemberState.LEFT):
            # A write under an older ring was kept for it after the ring had gone on.
            self._rehome(target, self._placement.ring)
        self.deliver(target)
        if self.depth(target):
            self._arm(target)

    def _expire(self, target: NodeId) -> None:
        """Give up notes older than the window, and say so. The records stay: trees carry them."""
        oldest = self._out.now - self._config.hint_window_us
        held = self._index.get(target, {})
        old = list(takewhile(lambda place: held[place].at <= oldest, held))[:EXPIRIES_MAX]
        if not old:
            return
        since = held[old[0]].at
        writes: list[DiskWrite] = []
        for place in old:
            writes += self._forget(target, place)
        self._out.persist(tuple(writes))
        self._out.emit(HintsExpired(target, len(old), since))

    def deliver(self, target: NodeId) -> None:
        """Send the next batch, if the target is alive (or another shall keep it) and none is on
        its way."""
        held = self._index.get(target)
        away = not self._members.alive(target)
        if not held or target in self._batches or (away and not self.handing_over):
            return
        batch = _Batch(self._out.now, {}, [], away)
        places = list(held)[: self._config.hint_batch]
        gone: list[DiskWrite] = []
        traced = self._out.may_trace(4)
        for place in places:
            partition, key = place
            record = self._records.load(partition, key)
            if record is None:
                gone += self._forget(target, place)
                continue
            to = self._keeper(partition, target) if away else target
            if to is None:
                continue
            self._next += 1
            number = -self._next  # negative: a coordinator's write numbers are positive
            batch.waiting[number] = (place, held[place])
            self._numbers[number] = target
            hint_for = target if away else NOBODY
            write = ReplicaWrite(number, partition, key, record.versions, hint_for)
            address = self._members.address(to)
            self._out.send(to, address, "stream", write, traced=traced, key=key)
            traced = False
        if gone:
            self._persist(gone)
        if batch.waiting:
            self._batches[target] = batch

    def _keeper(self, partition: int, target: NodeId) -> NodeId | None:
        """Who else could keep a hint: live owners first, then the fallbacks."""
        for name in self._placement.ring.ranking(partition):
            if name not in (target, self._out.name) and self._members.alive(name):
                return name
        return None

    def written(self, number: int, refused: str) -> None:
        """The target answered one hint."""
        target = self._numbers.pop(number, None)
        batch = self._batches.get(target) if target is not None else None
        if target is None or batch is None or number not in batch.waiting:
            return
        sent = batch.waiting.pop(number)
        if refused:
            batch.refused = True
        else:
            batch.done.append(sent)
        if not batch.waiting:
            self._end(target)
            # A full disk would refuse the same hints again at once, thousands of times a second.
            if not batch.refused:
                self.deliver(target)

    def _end(self, target: NodeId) -> None:
        batch = self._batches.pop(target)
        for number in batch.waiting:
            self._numbers.pop(number, None)
        writes: list[DiskWrite] = []
        for place, note in batch.done:
            if self._index.get(target, {}).get(place) != note:
                continue  # written again meanwhile: the target has yet to get the newer one
            # The record stays until every owner has it (`protocol.repair.strays`): ours may be one
            # of the copies by which its write was acknowledged.
            writes += self._forget(target, place)
        if writes:
            self._persist(writes)
            told = HintsHandedOver if batch.handed_over else HintsDelivered
            self._out.emit(told(target, len(batch.done), self.depth(target)))

    def _persist(self, writes: list[DiskWrite]) -> None:
        done = tuple(writes)
        self._out.persist(done, lambda refused: self._undo(done) if refused else None)

    def _undo(self, writes: tuple[DiskWrite, ...]) -> None:
        """The disk kept the notes we dropped: keep them too, else they come back at the next boot."""
        for write in writes:
            if isinstance(write, DropHint):
                if write.target not in self._index:
                    self._arm(write.target)
                self._note(write.target, (write.partition, write.key), self._out.now)

    def peer_lost(self, name: NodeId) -> None:
        """The link to a target broke: what was on its way will be sent again."""
        if name in self._batches:
            self._end(name)

    def ring_changed(self, new: Ring) -> None:
        """Hints for a member that is no longer on the ring belong to the owners of today."""
        present = set(new.members)
        for target in [t for t in self._index if t not in present]:
            self._rehome(target, new)
        for target in list(self._index):
            self.deliver(target)

    def _rehome(self, target: NodeId, ring: Ring) -> None:
        """Owe the present owners what was kept for a member that is off the ring."""
        if target in self._batches:
            self._end(target)
        writes: list[DiskWrite] = []
        for place in list(self._index.get(target, ())):
            partition, key = place
            for owner in ring.owners[partition]:
                if owner != self._out.name:
                    kept = self.keep(owner, partition, key)
                    writes += [kept] if kept is not None else []
            writes += self._forget(target, place)
        if writes:
            self._persist(writes)
