"""How a new owner gets the past: pulling partitions from those who hold them.

Promise (DESIGN 4): a new owner is not readable until it has merged from N-W+1 holders that lack
nothing themselves; any such set meets every write quorum of the ring before. It asks the owners
first, then every other live member (a former owner is often the one that has it). If nobody is
complete (a cluster that is just forming), having merged from every other owner and asked every
live member is all there is to know. Nothing is deleted at the source.

A source serves a page only under the same ring: from then on it treats a late write of an older
ring as a hint for the new owners, so no write falls between the page and the change.

Bounded: `transfers_parallel` partitions at once, one page each in flight.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.config import DataConfig
from cluster.model.facts import (
    PartitionFilled,
    TransferFinished,
    TransferStarted,
    TransferWaited,
)
from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.model.ring import Ring
from cluster.model.versions import Record
from cluster.protocol.effects import Records
from cluster.protocol.messages import Fetch, FetchPage
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.swim.membership import Membership


class _Filling(Struct):
    """One partition being filled."""

    partition: int
    merged: set[NodeId]
    """Complete holders whose pages are all on disk here."""
    asked: set[NodeId]
    """Members that gave all they had, complete or not."""
    source: NodeId = NOBODY
    number: int = 0
    """Of the page in flight; 0 when none is."""
    after: bytes = b""
    started: int = 0
    asked_at: int = 0
    keys: int = 0
    size: int = 0
    incomplete: bool = False
    """The present source lacks something itself."""
    waiting_on: str = ""
    waited: int = 0
    """How often in a row it found itself waiting for that."""
    retry_at: int = 0
    """Not asked again before."""


RETRIES_MAX = 10
"""A wait is looked at again after one retry period more each time, up to this many."""
WAITS_UNTOLD = 3
"""A wait is told when it lasts: nodes follow a new ring within moments of each other."""


class Transfers:
    """All partitions this node has yet to fill, and the pages it serves to others."""

    def __init__(
        self,
        out: Outbox,
        config: DataConfig,
        members: Membership,
        placement: Placement,
        records: Records,
        replica: Replica,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._records = records
        self._replica = replica
        self.complete: set[int] = set(range(placement.ring.partitions))
        """Partitions of which this node lacks nothing, owned now or formerly."""
        self._filling: dict[int, _Filling] = {}
        self._by_number: dict[int, int] = {}
        self._number = 0
        self._alone = False
        """This node wants to join and has met nobody yet: there is nobody to fill it."""
        self.filling: set[int] = set()
        """Owned but not readable yet; shared with the coordinator."""

    # --- what must be filled ------------------------------------------------------------------

    def doubt_all(self) -> None:
        """This node may have missed anything: it joins, or the ring went on without it."""
        self._alone = len(self._placement.ring.members) == 1
        self.complete.clear()
        self.refresh()

    def ring_changed(self, old: Ring, new: Ring) -> None:
        """Fill what this node owns now and did not own before."""
        self._alone = False
        me = self._out.name
        for partition, owners in enumerate(new.owners):
            if me in owners and me not in old.owners[partition]:
                self.complete.discard(partition)
        for filling in self._filling.values():
            self._drop_page(filling)
            filling.source = NOBODY
            filling.retry_at = filling.waited = 0
        self.refresh()

    def refresh(self) -> None:
        """Look again at what this node owns and lacks."""
        wanted = {p for p in self._placement.owned() if p not in self.complete}
        for partition in [p for p in self._filling if p not in wanted]:
            self._drop_page(self._filling.pop(partition))
        for partition in sorted(wanted - self._filling.keys()):
            self._filling[partition] = _Filling(partition, set(), set())
        self.filling.clear()
        self.filling.update(wanted)
        self.pump()

    def waiting(self) -> tuple[int, ...]:
        """Partitions still being filled, sorted."""
        return tuple(sorted(self.filling))

    # --- pulling ------------------------------------------------------------------------------

    def pump(self) -> None:
        """Keep as many transfers going as may be, and come back for those that must wait."""
        if not self._filling or self._alone:
            return
        retry = self._config.transfer_retry_us
        running = 0
        for filling in list(self._filling.values()):
            if running >= self._config.transfers_parallel:
                break
            if filling.number and self._out.now - filling.asked_at >= 4 * retry:
                self._drop_page(filling)
                filling.source = NOBODY
            if not filling.number and self._out.now >= filling.retry_at:
                self._advance(filling)
            running += 1 if filling.number else 0
        self._out.set_timer(("transfers",), self._out.now + retry)

    def _drop_page(self, filling: _Filling) -> None:
        self._by_number.pop(filling.number, None)
        filling.number = 0

    def _enough(self, filling: _Filling) -> bool:
        config = self._config
        ring = self._placement.ring
        needed = max(1, ring.replicas - config.write_quorum + 1)
        if len(filling.merged) >= needed:
            return True
        owners = set(ring.owners[filling.partition]) - {self._out.name}
        everybody = set(self._members.others(MemberState.ALIVE))
        heard = filling.asked | filling.merged
        return owners <= heard and everybody <= heard

    def _advance(self, filling: _Filling) -> None:
        if self._enough(filling):
            self._done(filling)
            return
        if not filling.source:
            source = self._next_source(filling)
            if source is None:
                self._wait(filling)
                return
            filling.source = source
            filling.after = b""
            filling.started = self._out.now
            filling.keys = filling.size = 0
            filling.incomplete = False
            self._out.emit(TransferStarted(filling.partition, source))
        self._ask(filling)

    def _next_source(self, filling: _Filling) -> NodeId | None:
        ranked = self._placement.ring.ranking(filling.partition)
        for name in ranked:
            fresh = name not in filling.asked and name not in filling.merged
            if name != self._out.name and fresh and self._members.alive(name):
                return name
        return None

    def _wait(self, filling: _Filling) -> None:
        """Everybody alive was asked and it is not enough: say for whom it waits, ask all again."""
        owners = self._placement.ring.owners[filling.partition]
        absent = [n for n in owners if n != self._out.name and not self._members.alive(n)]
        unfilled = [n for n in owners if n in filling.asked]
        if absent:
            why = f"{absent[0]} to come back"
        elif unfilled:
            why = f"{unfilled[0]} to be filled itself"
        else:
            why = "another holder"
        self._waits_for(filling, why)
        filling.asked.clear()

    def _waits_for(self, filling: _Filling, why: str) -> None:
        if why != filling.waiting_on:
            filling.waiting_on = why
            filling.waited = 0
        filling.waited += 1
        patience = min(filling.waited, RETRIES_MAX) * self._config.transfer_retry_us
        filling.retry_at = self._out.now + patience
        if filling.waited == WAITS_UNTOLD:
            self._out.emit(TransferWaited(filling.partition, why))

    def _ask(self, filling: _Filling) -> None:
        self._number += 1
        filling.number = self._number
        filling.asked_at = self._out.now
        self._by_number[self._number] = filling.partition
        self._out.send(
            filling.source,
            self._members.address(filling.source),
            "stream",
            Fetch(self._number, filling.partition, self._placement.ring.digest, filling.after),
        )

    def page(self, page: FetchPage, sender: NodeId) -> None:
        """A source answered: merge, then ask for what follows."""
        partition = self._by_number.pop(page.number, None)
        filling = self._filling.get(partition) if partition is not None else None
        if filling is None or filling.number != page.number or filling.source != sender:
            return
        if page.refused:
            filling.number = 0
            filling.source = NOBODY
            self._waits_for(filling, page.refused)
            return  # the retry timer asks again
        filling.incomplete = filling.incomplete or not page.complete
        filling.keys += len(page.records)
        for key, versions in page.records:
            filling.size += len(key) + sum(len(s.value or b"") for s in versions.siblings)
            self._replica.write(filling.partition, key, versions, NOBODY, _ignore)
        filling.after = page.records[-1][0] if page.records else filling.after
        number = filling.number
        # The barrier: what was merged is on disk before it counts or more is asked for.
        self._out.persist((), lambda refused: self._merged(filling, number, page.last, refused))

    def _merged(self, filling: _Filling, number: int, last: bool, refused: str) -> None:
        if filling.number != number or self._filling.get(filling.partition) is not filling:
            return
        filling.number = 0
        if refused:
            filling.source = NOBODY
            return
        if not last:
            self._ask(filling)
            return
        source = filling.source
        filling.source = NOBODY
        filling.asked.add(source)
        if not filling.incomplete:
            filling.merged.add(source)
        took = self._out.now - filling.started
        self._out.emit(
            TransferFinished(filling.partition, source, filling.keys, filling.size, took)
        )
        self._advance(filling)
        self.pump()

    def _done(self, filling: _Filling) -> None:
        del self._filling[filling.partition]
        self.filling.discard(filling.partition)
        self.complete.add(filling.partition)
        self._out.emit(PartitionFilled(filling.partition, len(self.filling)))
        self._out.set_timer(("remember",), self._out.now + self._config.transfer_retry_us)

    def peer_lost(self, name: NodeId) -> None:
        """The link to a source broke: ask again a little later, by then perhaps another."""
        for filling in list(self._filling.values()):
            if filling.source == name and filling.number:
                self._drop_page(filling)
                filling.source = NOBODY
                filling.retry_at = self._out.now + self._config.transfer_retry_us
        self.pump()

    # --- serving ------------------------------------------------------------------------------

    def serve(self, fetch: Fetch, sender: NodeId) -> None:
        """Give another node one page of a partition."""
        ring = self._placement.ring
        if sender not in self._members.claims:
            return
        refused = ""
        rows: list[tuple[bytes, Record]] = []
        if fetch.digest != ring.digest:
            refused = f"{self._out.name} to follow the same ring"
        elif fetch.partition < ring.partitions:
            limit = self._config.transfer_page_bytes
            rows = self._records.scan(fetch.partition, fetch.after, limit)
        self._out.send(
            sender,
            self._members.address(sender),
            "stream",
            FetchPage(
                fetch.number,
                fetch.partition,
                tuple((key, record.versions) for key, record in rows),
                last=not rows or not self._records.scan(fetch.partition, rows[-1][0], 1),
                complete=fetch.partition in self.complete,
                refused=refused,
            ),
        )


def _ignore(_refused: str) -> None:
    """The barrier after the page says it for all of its writes."""
