"""What this node lacks nothing of, and for whom it may say so; the pages it gives to others.

A new owner must merge from N-W+1 holders that lack nothing (DESIGN 4), for these meet every write
quorum of the ring before. A present owner says it of itself once it is filled. A *former* owner may
say it only to its heirs, the owners from the very moment at which it ceased to be one: whoever
became an owner later also needs the writes of the ring between, and the former owner never saw
those: tests/protocol/transfer/test_rings.py.

A source serves a page only under the same ring: from then on it treats a late write of an older
ring as a hint for the new owners, so no write falls between the page and the change. Nothing is
deleted at the source.
"""

from __future__ import annotations

from cluster.config import DataConfig
from cluster.model.member import NodeId
from cluster.model.ring import Ring
from cluster.model.versions import Record
from cluster.protocol.effects import Records
from cluster.protocol.messages import Fetch, FetchPage
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.swim.membership import Membership


class Holdings:
    """The source side of transfers on one node."""

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
        self.complete: set[int] = set(range(placement.ring.partitions))
        """Partitions that this node owns and lacks nothing of."""
        self._heirs: dict[int, set[NodeId]] = {}
        """Partitions it lacked nothing of when it ceased to own them: who has owned them since."""

    def restore(self, complete: tuple[int, ...]) -> None:
        """Start from what an earlier life knew of itself."""
        self.complete = set(complete) & set(self._placement.owned())

    def doubt_all(self) -> None:
        """This node may have missed anything."""
        self.complete.clear()
        self._heirs.clear()

    def ring_changed(self, old: Ring, new: Ring) -> None:
        """Places came and went."""
        me = self._out.name
        for partition, owners in enumerate(new.owners):
            if me in owners:
                self._heirs.pop(partition, None)
                if me not in old.owners[partition]:
                    self.complete.discard(partition)
            elif partition in self.complete:
                self.complete.discard(partition)
                self._heirs[partition] = set(owners)
            elif partition in self._heirs:
                self._heirs[partition] &= set(owners)

    def dropping(self, partition: int) -> None:
        """Its copies go, because its owners have them: nobody is to be filled from here."""
        self._heirs.pop(partition, None)

    def whole_for(self, partition: int, asker: NodeId) -> bool:
        """Whether this node lacks nothing that `asker` needs of a partition."""
        return partition in self.complete or asker in self._heirs.get(partition, ())

    def serve(self, fetch: Fetch, asker: NodeId) -> None:
        """Give another node one page of a partition."""
        ring = self._placement.ring
        if asker not in self._members.claims:
            return
        partition = fetch.partition
        refused = ""
        whole = self.whole_for(partition, asker)
        rows: list[tuple[bytes, Record]] = []
        last, total = True, 0
        if fetch.digest != ring.digest:
            refused = f"{self._out.name} to follow the same ring"
        elif partition < ring.partitions and (whole or not fetch.only_if_whole):
            total = self._records.keys(partition)
            if total:
                limit = self._config.transfer_page_bytes
                rows = self._records.scan(partition, fetch.after, limit)
            # Most partitions fit one page: only a page in the middle costs a second look.
            if rows and (fetch.after or len(rows) < total):
                last = not self._records.scan(partition, rows[-1][0], 1)
        self._out.send(
            asker,
            self._members.address(asker),
            "stream",
            FetchPage(
                fetch.number,
                partition,
                tuple((key, record.versions) for key, record in rows),
                last,
                whole,
                refused,
                total,
            ),
        )
