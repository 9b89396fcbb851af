"""A disk that can lose: what a simulated node has written, and how much of it survives.

Like the real store (`cluster.runtime.disk.store`) it shows every write at once and makes it
durable by group commit: one commit at a time, and what queues up meanwhile is the next. A crash
keeps what was committed; the commit under way is kept or lost as a whole, as a transaction is.
A full disk refuses the commit and everything queued behind it, and undoes them.

Rot is a record whose checksum no longer fits: it reads as absent until it is written again.
Ignores when things happen: the world calls `begin` and `end` of each commit.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from cluster.model import fingerprint
from cluster.model.fingerprint import leaf_range
from cluster.model.member import NodeId
from cluster.model.versions import Record
from cluster.protocol.effects import (
    DiskWrite,
    DropAll,
    DropHint,
    DropRecord,
    Persist,
    PutHint,
    PutMeta,
    PutRecord,
)

SYNC_US: Final = (200, 2_000)
"""How long a commit takes, least and most: a disk with a cache that survives power loss."""
ROW_BYTES: Final = 64
"""What a record costs beside its key and values, for the size of pages."""

position = lru_cache(maxsize=65_536)(fingerprint.position)
"""Looked up again and again by the searches below."""


class Tables:
    """Records, hints and blobs in dictionaries: one state of a disk."""

    def __init__(self) -> None:
        self.records: dict[int, dict[bytes, Record]] = {}
        self.hints: dict[tuple[NodeId, int, bytes], int] = {}
        self.metas: dict[str, bytes] = {}
        self._order: dict[int, list[bytes]] = {}

    def copy(self) -> Tables:
        """The same state, to be changed apart."""
        twin = Tables()
        twin.records = {p: dict(held) for p, held in self.records.items()}
        twin.hints = dict(self.hints)
        twin.metas = dict(self.metas)
        return twin

    def apply(self, writes: tuple[DiskWrite, ...]) -> None:
        """Perform writes."""
        for write in writes:
            match write:
                case PutRecord():
                    held = self.records.setdefault(write.partition, {})
                    if write.key not in held and write.partition in self._order:
                        insort(self._order[write.partition], write.key, key=position)
                    held[write.key] = write.record
                case DropRecord(partition, key):
                    if self.records.get(partition, {}).pop(key, None) is not None:
                        self._order.pop(partition, None)
                case PutHint(target, partition, key, at):
                    self.hints[target, partition, key] = at
                case DropHint(target, partition, key):
                    self.hints.pop((target, partition, key), None)
                case PutMeta(name, blob):
                    self.metas[name] = blob
                case DropAll():
                    self.records.clear()
                    self.hints.clear()
                    self._order.clear()

    def ordered(self, partition: int) -> list[bytes]:
        """The keys of a partition, by position. Not to be changed."""
        order = self._order.get(partition)
        if order is None:
            order = self._order[partition] = sorted(self.records.get(partition, ()), key=position)
        return order


class Disk:
    """One machine's disk: `cluster.protocol.effects.Records` for the node that runs on it."""

    def __init__(self) -> None:
        self.epoch = 0
        """The last boot that used it; 0 when it is new."""
        self.full = False
        self.sync_us: tuple[int, int] = SYNC_US
        self.durable = Tables()
        self._seen = self.durable
        """What the running node sees: durable, and everything it has asked for since."""
        self._queued: list[Persist] = []
        self._committing: list[Persist] = []
        self._rotten: set[tuple[int, bytes]] = set()
        self.found: list[int] = []
        """Partitions of which a damaged record was read and not yet told: the world tells."""
        self._told: set[tuple[int, bytes]] = set()

    # --- what a god does -----------------------------------------------------------------------

    def open(self) -> None:
        """A node starts on it."""
        self._queued, self._committing = [], []
        self._seen = self.durable.copy()
        self.found.clear()
        self._told.clear()

    def crash(self, *, committed: bool) -> None:
        """The node died; `committed` says whether the commit under way had come through."""
        if committed and not self.full:
            for persist in self._committing:
                self._make_durable(persist)
        self._queued, self._committing = [], []
        self._seen = self.durable

    def wipe(self) -> None:
        """Everything on it is gone, also which boot was the last."""
        self.epoch = 0
        self.durable = self._seen = Tables()
        self._rotten.clear()

    def rot(self, partition: int, key: bytes) -> bool:
        """Damage one durable record; False if there is no such record."""
        if key not in self.durable.records.get(partition, {}):
            return False
        self._rotten.add((partition, key))
        self._told.discard((partition, key))
        return True

    def places(self) -> list[tuple[int, bytes]]:
        """All durable records as (partition, key), sorted."""
        return [(p, k) for p in sorted(self.durable.records) for k in self.durable.ordered(p)]

    def rotten(self) -> list[tuple[int, bytes]]:
        """All damaged records, sorted."""
        return sorted(self._rotten)

    def record(self, partition: int, key: bytes) -> Record | None:
        """A durable and undamaged record, or None."""
        if (partition, key) in self._rotten:
            return None
        return self.durable.records.get(partition, {}).get(key)

    # --- commits -------------------------------------------------------------------------------

    def persist(self, persist: Persist) -> bool:
        """Queue writes; they are seen at once. True when a commit must begin now."""
        self._seen.apply(persist.writes)
        self._queued.append(persist)
        return not self._committing and len(self._queued) == 1

    def begin(self) -> bool:
        """Begin a commit of all that is queued; False when nothing is."""
        self._committing, self._queued = self._queued, []
        return bool(self._committing)

    def end(self) -> tuple[int, list[int]]:
        """The commit is through: the highest token on disk, or the tokens that were refused."""
        batch, self._committing = self._committing, []
        if not self.full:
            for persist in batch:
                self._make_durable(persist)
            return batch[-1].token, []
        lost = [persist.token for persist in (*batch, *self._queued)]
        self._queued = []
        self._seen = self.durable.copy()
        return 0, lost

    @property
    def waiting(self) -> bool:
        """Whether writes are queued behind the commit that just ended."""
        return bool(self._queued)

    def _make_durable(self, persist: Persist) -> None:
        self.durable.apply(persist.writes)
        if self._rotten:
            for write in persist.writes:
                if isinstance(write, PutRecord | DropRecord):
                    self._rotten.discard((write.partition, write.key))

    # --- reading (`protocol.effects.Records`) --------------------------------------------------

    def load(self, partition: int, key: bytes) -> Record | None:
        """The record of a key, or None."""
        held = self._seen.records.get(partition)
        if held is None or (self._rotten and self._is_rotten(partition, key)):
            return None
        return held.get(key)

    def _is_rotten(self, partition: int, key: bytes) -> bool:
        """Damaged on disk, and not written again since."""
        if (partition, key) not in self._rotten:
            return False
        seen = self._seen.records.get(partition, {}).get(key)
        damaged = seen is self.durable.records.get(partition, {}).get(key)
        if damaged and (partition, key) not in self._told:
            self._told.add((partition, key))
            self.found.append(partition)
        return damaged

    def scan(self, partition: int, after: bytes, bytes_max: int) -> list[tuple[bytes, Record]]:
        """Records of a partition after `after`, by position, about `bytes_max` of them."""
        return self.leaf(partition, 0, 1, after, bytes_max)

    def leaf(
        self, partition: int, leaf: int, leaves: int, after: bytes, bytes_max: int
    ) -> list[tuple[bytes, Record]]:
        """The same for the keys of one leaf of a hash tree: one range of positions."""
        found: list[tuple[bytes, Record]] = []
        size = 0
        order = self._seen.ordered(partition)
        first, end = leaf_range(leaf, leaves)
        begin = max(first, position(after)) if after else first
        start = bisect_right(order, begin, key=position) if begin else 0
        for index in range(start, len(order)):
            key = order[index]
            if size >= bytes_max or (leaves > 1 and position(key) >= end):
                break
            record = self.load(partition, key)
            if record is not None:
                found.append((key, record))
                values = sum(len(s.value or b"") for s in record.versions.siblings)
                size += len(key) + values + ROW_BYTES
        return found

    def keys(self, partition: int) -> int:
        """How many keys are held of a partition."""
        held = self._seen.records.get(partition)
        return len(held) if held else 0

    def hints(self) -> Iterator[tuple[NodeId, int, bytes, int]]:
        """All hints as (target, partition, key, at)."""
        for (target, partition, key), at in list(self._seen.hints.items()):
            yield target, partition, key, at

    def meta(self, name: str) -> bytes | None:
        """A blob stored with `PutMeta`, or None."""
        return self._seen.metas.get(name)
