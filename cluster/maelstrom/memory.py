"""A disk that is only memory: Maelstrom's processes are never restarted on what they had.

What is written is visible and counts as durable at once. Nothing here survives the process.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.model.fingerprint import leaf_range, position
from cluster.model.member import NodeId
from cluster.model.versions import Record
from cluster.protocol.effects import (
    DiskWrite,
    DropAll,
    DropHint,
    DropRecord,
    PutHint,
    PutMeta,
    PutRecord,
)


class Memory:
    """`Records` of one process."""

    def __init__(self) -> None:
        self._records: dict[int, dict[bytes, Record]] = {}
        self._hints: dict[tuple[NodeId, int, bytes], int] = {}
        self._metas: dict[str, bytes] = {}

    def apply(self, writes: tuple[DiskWrite, ...]) -> None:
        """Perform writes."""
        for write in writes:
            match write:
                case PutRecord(partition, key, record):
                    self._records.setdefault(partition, {})[key] = record
                case DropRecord(partition, key):
                    self._records.get(partition, {}).pop(key, None)
                case PutHint(target, partition, key, at):
                    self._hints[target, partition, key] = at
                case DropHint(target, partition, key):
                    self._hints.pop((target, partition, key), None)
                case PutMeta(name, blob):
                    self._metas[name] = blob
                case DropAll():
                    self._records.clear()
                    self._hints.clear()

    def load(self, partition: int, key: bytes) -> Record | None:
        """The record of a key."""
        return self._records.get(partition, {}).get(key)

    def scan(self, partition: int, after: bytes, bytes_max: int) -> list[tuple[bytes, Record]]:
        """Records after `after` by position, about `bytes_max` of them and at least one."""
        return self.leaf(partition, 0, 1, after, bytes_max)

    def leaf(
        self, partition: int, leaf: int, leaves: int, after: bytes, bytes_max: int
    ) -> list[tuple[bytes, Record]]:
        """The same for one leaf of a hash tree."""
        held = self._records.get(partition, {})
        first, end = leaf_range(leaf, leaves)
        begin = max(first, position(after)) if after else first
        order = sorted((place, key) for key in held if begin < (place := position(key)) < end)
        page: list[tuple[bytes, Record]] = []
        size = 0
        for _, key in order:
            if page and size >= bytes_max:
                break
            record = held[key]
            page.append((key, record))
            size += len(key) + sum(len(s.value or b"") for s in record.versions.siblings)
        return page

    def keys(self, partition: int) -> int:
        """How many keys are held of a partition."""
        return len(self._records.get(partition, ()))

    def hints(self) -> Iterator[tuple[NodeId, int, bytes, int]]:
        """All hints."""
        for (target, partition, key), at in list(self._hints.items()):
            yield target, partition, key, at

    def meta(self, name: str) -> bytes | None:
        """A stored blob."""
        return self._metas.get(name)
