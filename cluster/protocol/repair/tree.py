"""The hash trees of one node: what it holds of each partition, in a few kilobytes.

A leaf is the exclusive or of the fingerprints of its keys, the root that of the leaves (Riak's
Tictac trees): a write takes the old fingerprint out and puts the new one in, and nothing is read
back. Trees are built from the disk page by page after a boot, and built again on a timer: a leaf
that comes out different means that the disk no longer holds what was written (`mended`).

Ignores other nodes (`protocol.repair.exchange`).
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from cluster.config import RepairConfig
from cluster.model.facts import TreeRebuilt
from cluster.model.fingerprint import fingerprint, leaf_of, position
from cluster.model.versions import Record
from cluster.protocol.effects import Records
from cluster.protocol.outbox import Outbox

ROW_BYTES: Final = 64
"""What reading a row costs beside its values, as a page counts."""
HOT_MAX: Final = 4_096
"""Leaves remembered as just changed; past it those that have cooled are forgotten."""


class _Build(Struct):
    """A partition being read, leaf values so far. Keys up to `at` are in them."""

    partition: int
    leaves: array[int]
    after: bytes = b""
    at: bytes = b""
    """The position of `after`; empty before the first page."""


class _Pass(Struct):
    """What one run of builds came to, until nothing is queued."""

    partitions: int = 0
    keys: int = 0
    mended: int = 0


class Trees:
    """One tree per partition of which anything is held; the rest are empty, and equal to empty."""

    def __init__(
        self, out: Outbox, config: RepairConfig, records: Records, partitions: int
    ) -> None:
        self._out = out
        self._config = config
        self._records = records
        self._partitions = partitions
        self._empty: array[int] = array("Q", bytes(8 * config.tree_leaves))
        self._leaves: dict[int, array[int]] = {}
        self._roots: dict[int, int] = {}
        self._unknown: set[int] = set()
        """Partitions whose tree says nothing yet."""
        self._queue: deque[int] = deque()
        self._build: _Build | None = None
        self._pass = _Pass()
        self._rebuild_at = 0
        self._hot: dict[tuple[int, int], int] = {}
        """(partition, leaf) -> when it last changed, oldest first."""

    # --- what they say ------------------------------------------------------------------------

    def ready(self, partition: int) -> bool:
        """Whether the tree speaks for all that is on disk."""
        return partition not in self._unknown

    def root(self, partition: int) -> int:
        """64 bits for the whole partition; 0 for an empty one."""
        return self._roots.get(partition, 0)

    def leaves(self, partition: int) -> tuple[int, ...]:
        """The leaves of a partition, in order."""
        return tuple(self._leaves.get(partition, self._empty))

    def hot(self, partition: int, leaf: int) -> bool:
        """Whether a leaf changed a moment ago: the same write is on its way to the others."""
        at = self._hot.get((partition, leaf))
        return at is not None and self._out.now - at < self._config.quiet_us

    # --- following the writes -----------------------------------------------------------------

    def changed(self, partition: int, key: bytes, old: Record | None, new: Record | None) -> None:
        """A record was stored or dropped."""
        flip = fingerprint(key, old.versions) if old is not None else 0
        if new is not None:
            flip ^= fingerprint(key, new.versions)
        if not flip:
            return
        place = position(key)
        leaf = leaf_of(place, self._config.tree_leaves)
        self._hot.pop((partition, leaf), None)
        self._hot[partition, leaf] = self._out.now
        if len(self._hot) > HOT_MAX:
            self._cool()
        if partition not in self._unknown:
            held = self._leaves.get(partition)
            if held is None:
                held = self._leaves[partition] = self._empty[:]
            held[leaf] ^= flip
            self._roots[partition] = self._roots.get(partition, 0) ^ flip
        build = self._build
        if build is not None and build.partition == partition and place <= build.at:
            build.leaves[leaf] ^= flip

    def _cool(self) -> None:
        oldest = self._out.now - self._config.quiet_us
        self._hot = {leaf: at for leaf, at in self._hot.items() if at > oldest}

    # --- building -----------------------------------------------------------------------------

    def boot(self) -> None:
        """Everything on disk must be read before a tree speaks for it."""
        self._rebuild_at = self._out.now + self._config.rebuild_period_us
        self.doubt(p for p in range(self._partitions) if self._records.keys(p))
        self._arm()

    def doubt(self, partitions: Iterable[int]) -> None:
        """These trees may not say what is on disk: a write was undone, or a record rotted."""
        for partition in partitions:
            self._unknown.add(partition)
            if self._build is not None and self._build.partition == partition:
                self._build = None
            elif partition in self._queue:
                continue
            self._queue.append(partition)
        self._arm()

    def doubt_all(self) -> None:
        """A write was undone, and what came after it: any tree may be wrong."""
        self.doubt(range(self._partitions))

    def _arm(self) -> None:
        due = self._rebuild_at
        if self._queue or self._build is not None:
            due = min(due, self._out.now + self._config.build_pause_us)
        self._out.set_timer(("trees",), due)

    def tick(self) -> None:
        """Read the next page; begin a full rebuild when its time has come."""
        now = self._out.now
        if now >= self._rebuild_at:
            self._rebuild_at = now + self._config.rebuild_period_us
            held = (p for p in range(self._partitions) if self._records.keys(p) or self.root(p))
            queued = set(self._queue)
            self._queue.extend(p for p in held if p not in queued)
        room = self._config.page_bytes
        while room > 0 and (self._queue or self._build is not None):
            room -= self._page(room)
        if self._pass.partitions and not self._queue and self._build is None:
            done, self._pass = self._pass, _Pass()
            self._out.emit(TreeRebuilt(done.partitions, done.keys, done.mended))
        self._arm()

    def _page(self, room: int) -> int:
        """Read one page of the partition in hand; returns about how many bytes that was."""
        build = self._build
        if build is None:
            build = self._build = _Build(self._queue.popleft(), self._empty[:])
        rows = self._records.scan(build.partition, build.after, room)
        cost = ROW_BYTES
        for key, record in rows:
            place = position(key)
            leaf = leaf_of(place, self._config.tree_leaves)
            build.leaves[leaf] ^= fingerprint(key, record.versions)
            build.after, build.at = key, place
            cost += ROW_BYTES + sum(len(s.value or b"") for s in record.versions.siblings)
        self._pass.keys += len(rows)
        if not rows:
            self._finish(build)
        return cost

    def _finish(self, build: _Build) -> None:
        partition = build.partition
        self._build = None
        self._pass.partitions += 1
        if partition in self._unknown:
            self._unknown.discard(partition)
        else:
            held = self._leaves.get(partition, self._empty)
            self._pass.mended += sum(a != b for a, b in zip(held, build.leaves, strict=True))
        root = 0
        for leaf in build.leaves:
            root ^= leaf
        self._leaves[partition] = build.leaves
        self._roots[partition] = root
