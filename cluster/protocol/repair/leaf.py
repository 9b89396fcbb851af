"""One leaf of a partition, key by key: what is held of it, and how that compares.

A page holds at most `keys_per_message` keys and about `page_bytes` of records, so no step of a
comparison takes long however full a leaf is. Ignores who compares with whom, and when.
"""

from __future__ import annotations

from cluster.config import RepairConfig
from cluster.model.fingerprint import fingerprint, position
from cluster.model.versions import Versions
from cluster.protocol.effects import Records
from cluster.protocol.repair.messages import LeafKeys, LeafRecords


class Leaves:
    """The leaves of one node's partitions."""

    def __init__(self, config: RepairConfig, records: Records) -> None:
        self._config = config
        self._records = records

    def page(
        self, partition: int, leaf: int, after: bytes
    ) -> tuple[list[tuple[bytes, Versions]], bytes]:
        """What is held after a key, and the last key it speaks for (empty: to the end)."""
        config = self._config
        leaves = config.tree_leaves
        rows = self._records.leaf(partition, leaf, leaves, after, config.page_bytes)
        del rows[config.keys_per_message :]
        more = bool(rows) and bool(self._records.leaf(partition, leaf, leaves, rows[-1][0], 1))
        upto = rows[-1][0] if more else b""
        return [(key, record.versions) for key, record in rows], upto

    def compare(self, keys: LeafKeys) -> LeafRecords:
        """What is held here that the asker does not hold so, and what only the asker holds."""
        rows, end = self.page(keys.partition, keys.leaf, keys.after)
        # Two pages of one leaf: the answer speaks for what both of them cover.
        ends = [position(e) for e in (end, keys.upto) if e]
        upto = min((e for e in (end, keys.upto) if e), key=position, default=b"")
        past = min(ends, default=None)
        theirs = dict(keys.keys)
        records: list[tuple[bytes, Versions]] = []
        for key, versions in rows:
            if past is not None and position(key) > past:
                break
            if theirs.pop(key, None) != fingerprint(key, versions):
                records.append((key, versions))
        wanted = tuple(key for key in theirs if past is None or position(key) <= past)
        return LeafRecords(keys.number, "", upto, tuple(records), wanted)
