"""A node's records as of this very moment, and who is told when one changes.

Effects are performed after the input that asked for them, so during an input the disk still shows
what was before: the shelf remembers what this input has read and written, and nobody builds on a
record that is already out of date. Because every write passes here with the record it replaces,
hash trees follow without reading anything back. Ignores what the records mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cluster.model.member import NodeId
from cluster.model.versions import Record
from cluster.protocol.effects import DiskWrite, DropRecord, PutRecord, Records

OnChange = Callable[[int, bytes, Record | None, Record | None], None]
"""Called with partition, key, what was held and what is held now."""


class Shelf:
    """`Records` with this input's own writes on top. Pages (`scan`, `leaf`) show the disk's."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._held: dict[tuple[int, bytes], Record | None] = {}
        self.keys: Callable[[int], int] = records.keys
        """How many keys are held of a partition."""
        self.on_change: OnChange = lambda _partition, _key, _old, _new: None

    def begin(self) -> None:
        """A new input: what the last one wrote is on its way, and readable below."""
        if self._held:
            self._held.clear()

    def wrote(self, writes: tuple[DiskWrite, ...]) -> None:
        """These writes were asked for."""
        for write in writes:
            if isinstance(write, PutRecord):
                self._change(write.partition, write.key, write.record)
            elif isinstance(write, DropRecord):
                self._change(write.partition, write.key, None)

    def _change(self, partition: int, key: bytes, record: Record | None) -> None:
        old = self.load(partition, key)
        self._held[partition, key] = record
        self.on_change(partition, key, old, record)

    def load(self, partition: int, key: bytes) -> Record | None:
        """The record of a key, or None."""
        place = (partition, key)
        if place in self._held:
            return self._held[place]
        record = self._held[place] = self._records.load(partition, key)
        return record

    def scan(self, partition: int, after: bytes, bytes_max: int) -> list[tuple[bytes, Record]]:
        """A page of a partition."""
        return self._records.scan(partition, after, bytes_max)

    def leaf(
        self, partition: int, leaf: int, leaves: int, after: bytes, bytes_max: int
    ) -> list[tuple[bytes, Record]]:
        """A page of one leaf of a partition."""
        return self._records.leaf(partition, leaf, leaves, after, bytes_max)

    def hints(self) -> Iterator[tuple[NodeId, int, bytes, int]]:
        """All hints, read once at boot."""
        return self._records.hints()

    def meta(self, name: str) -> bytes | None:
        """A blob of the node's own."""
        return self._records.meta(name)
