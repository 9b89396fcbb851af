"""How a new owner gets the past: pulling partitions from those who hold them.

Promise (DESIGN 4): a new owner is not readable until it has merged from N-W+1 holders that lack
nothing themselves (`protocol.transfer.holdings` says who may claim that). It asks the owners
first, then every other live member. If there are not enough such holders (a cluster that is just
forming, two of three owners replaced at once under different views), having merged from every
other owner and asked every live member is all there is to know.

A transfer is queued until one of `transfers_parallel` places is free, goes page by page within
`transfer_bytes_per_s`, and says what it waits for. A source that fails is gone on with later from
its last durable key. The operator may cancel one partition; the others go on.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cluster.config import DataConfig
from cluster.model.facts import (
    PartitionFilled,
    TransferCancelled,
    TransferFinished,
    TransferProgressed,
    TransferResumed,
    TransfersQueued,
    TransferStalled,
    TransferStarted,
    TransferWaited,
)
from cluster.model.member import NOBODY, NodeId
from cluster.model.ring import Ring
from cluster.model.summary import TransferRow
from cluster.protocol.effects import PutMeta, Records
from cluster.protocol.inputs import RequestId, TransferCommand
from cluster.protocol.messages import Fetch, FetchPage, Refusal
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.swim.membership import Membership
from cluster.protocol.transfer.choice import Choice
from cluster.protocol.transfer.filling import Filling, Kept, Progress, Throttle
from cluster.protocol.transfer.holdings import Holdings

RETRIES_MAX: Final = 10
"""A wait is looked at again after one retry period more each time, up to this many."""
WAITS_UNTOLD: Final = 3
"""A wait is told when it lasts: nodes follow a new ring within moments of each other."""
CANCELLED: Final = "cancelled by the operator"


class Transfers:
    """All partitions this node has yet to fill."""

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
        self.holdings = Holdings(out, config, members, placement, records)
        self._filling: dict[int, Filling] = {}
        self._cancelled: set[int] = set()
        self._stored: set[int] = set()
        """Partitions whose progress is on disk."""
        self._choice = Choice(out, config, members, placement)
        self._by_number: dict[int, int] = {}
        self._number = out.numbers
        self._throttle = Throttle(config.transfer_bytes_per_s)
        self._alone = False
        """This node wants to join and has met nobody yet: there is nobody to fill it."""
        self.filling: set[int] = set()
        """Owned but not readable yet; shared with the coordinator."""

    # --- what must be filled ------------------------------------------------------------------

    def restore(self, complete: tuple[int, ...]) -> None:
        """Go on where an earlier life ended, on the ring that it used."""
        self.holdings.restore(complete)
        blob = self._records.meta("cancelled")
        if blob:
            self._cancelled = set(msgspec.msgpack.decode(blob, type=tuple[int, ...]))
        self.refresh(restored=True)

    def _kept_of(self, partition: int) -> Kept | None:
        """What an earlier life stored of a transfer, if it was under this ring."""
        blob = self._records.meta(_progress_name(partition))
        if not blob:
            return None
        self._stored.add(partition)
        kept = msgspec.msgpack.decode(blob, type=Kept)
        return kept if kept.digest == self._placement.ring.digest else None

    def doubt_all(self) -> None:
        """This node may have missed anything: it joins, or the ring went on without it."""
        self._alone = len(self._placement.ring.members) == 1
        self.holdings.doubt_all()
        for partition in list(self._filling):
            self._forget(partition)
        self.refresh()

    def ring_changed(self, old: Ring, new: Ring) -> None:
        """Fill what this node owns now and did not own before."""
        self._alone = False
        self.holdings.ring_changed(old, new)
        self._choice.ring_changed(new)
        for filling in list(self._filling.values()):
            self._let_go(filling)
            filling.retry_at = filling.waited = 0
            # Who has just lost its places may have taken a write behind the page it gave last.
            for name in filling.progress.keys() - set(new.members):
                del filling.progress[name]
            if filling.extra:
                self._forget(filling.partition)  # who drains will ask again
        self.refresh()

    def refresh(self, *, restored: bool = False) -> None:
        """Look again at what this node owns and lacks."""
        complete = self.holdings.complete
        wanted = {p for p in self._placement.owned() if p not in complete}
        for partition, filling in list(self._filling.items()):
            if filling.extra == (partition in wanted):
                self._forget(partition)
        fresh = sorted(wanted - self._filling.keys())
        for partition in fresh:
            filling = self._filling[partition] = Filling(partition)
            if partition in self._cancelled:
                filling.cancelled = True
                filling.waiting_on = CANCELLED
            if restored and (kept := self._kept_of(partition)) is not None:
                filling.merged = set(kept.merged)
                filling.progress = kept.progress
        self.filling.clear()
        self.filling.update(wanted)
        if gone := self._cancelled - wanted:
            self._cancelled -= gone
            self._store_cancelled()
        if fresh:
            self._out.emit(TransfersQueued(tuple(fresh), self._config.transfers_parallel))
        self.pump()

    def waiting(self) -> tuple[int, ...]:
        """Partitions still being filled, sorted."""
        return tuple(sorted(self.filling))

    def rows(self) -> tuple[TransferRow, ...]:
        """Every transfer as it stands, by partition."""
        now, needed = self._out.now, self._choice.needed()
        return tuple(self._filling[p].row(now, needed) for p in sorted(self._filling))

    def _forget(self, partition: int) -> None:
        """No longer (or no longer so) to be filled."""
        self._let_go(self._filling.pop(partition))
        if partition in self._stored:
            self._stored.discard(partition)
            self._out.persist((PutMeta(_progress_name(partition), b""),))

    def owe(self, leaver: NodeId, partitions: tuple[int, ...]) -> tuple[int, ...]:
        """Those of these partitions that this node has yet to take from a member that drains.

        It begins to, if it owns them: beside filling them, or only for that.
        """
        owed = tuple(p for p in partitions if not self._choice.took(leaver, p))
        for partition in owed:
            if partition >= self._placement.ring.partitions or not self._placement.owns(partition):
                continue
            filling = self._filling.get(partition)
            if filling is None:
                filling = self._filling[partition] = Filling(partition, extra=True)
            filling.must.add(leaver)
        if owed:
            self.pump()
        return owed

    # --- what the operator wants --------------------------------------------------------------

    def command(self, request: RequestId, order: TransferCommand) -> None:
        """Cancel one transfer, or let it go on; answered when that is on disk."""
        partition = order.partition
        filling = self._filling.get(partition)
        if filling is None or filling.extra or (order.act == "resume" and not filling.cancelled):
            what = "being filled by" if order.act == "cancel" else "cancelled at"
            detail = f"partition {partition} is not {what} {self._out.name}"
            self._out.reply(request, Refusal(409, "no such transfer", detail))
            return
        if order.act == "cancel" and not filling.cancelled:
            self._let_go(filling)
            filling.cancelled = True
            filling.waiting_on = CANCELLED
            self._cancelled.add(partition)
            self._out.emit(TransferCancelled(partition))
        elif order.act == "resume":
            filling.cancelled = False
            filling.waiting_on = ""
            filling.retry_at = filling.waited = 0
            self._cancelled.discard(partition)
            self._out.emit(TransferResumed(partition))
        self._store_cancelled(request)
        self.pump()

    def _store_cancelled(self, request: RequestId | None = None) -> None:
        def stored(refused: str) -> None:
            if request is not None:
                wrong = Refusal(503, "not stored", f"a restart would forget it: {refused}")
                self._out.reply(request, wrong if refused else None)

        blob = msgspec.msgpack.encode(tuple(sorted(self._cancelled)))
        self._out.persist((PutMeta("cancelled", blob),), stored)

    # --- pulling ------------------------------------------------------------------------------

    def pump(self) -> None:
        """Keep as many transfers going as may be, and come back for those that must wait."""
        active = [f for f in self._filling.values() if not f.cancelled]
        if not active or self._alone:
            return
        now = self._out.now
        for filling in active:
            quiet = now - filling.asked_at
            if filling.number and quiet >= self._config.transfer_timeout_us:
                self._stall(filling, f"{filling.source} has been silent for {quiet // 1_000} ms")
        running = 0
        for filling in [*(f for f in active if f.source), *(f for f in active if not f.source)]:
            if running >= self._config.transfers_parallel:
                break
            if not filling.number and now >= filling.retry_at:
                self._advance(filling)
            running += 1 if filling.source else 0
        if self._filling:
            wait = self._throttle.wait_us(now)
            self._out.set_timer(("transfers",), now + (wait or self._config.transfer_retry_us))

    def _let_go(self, filling: Filling) -> None:
        """Stop with the present source; what it gave stays."""
        self._by_number.pop(filling.number, None)
        filling.number = 0
        filling.source = NOBODY

    def _stall(self, filling: Filling, why: str) -> None:
        """The source failed: another is tried, and this one later from where it stopped."""
        self._out.emit(TransferStalled(filling.partition, filling.source, why))
        filling.silent.add(filling.source)
        self._let_go(filling)

    def _advance(self, filling: Filling) -> None:
        if self._choice.enough(filling):
            self._done(filling)
            return
        if not filling.source:
            source = self._choice.next_source(filling)
            if source is None:
                self._wait(filling)
                return
            filling.source = source
            filling.started = self._out.now
            filling.started_size = filling.present.size
            if not self._choice.only_looks(filling):
                keys = filling.present.keys
                self._out.emit(TransferStarted(filling.partition, source, keys))
        if not self._throttle.wait_us(self._out.now):
            self._ask(filling)

    def _wait(self, filling: Filling) -> None:
        """Everybody alive was asked and it is not enough: say for whom it waits, ask all again."""
        self._waits_for(filling, self._choice.lacking(filling))
        filling.asked.clear()
        filling.silent.clear()

    def _waits_for(self, filling: Filling, why: str) -> None:
        if why != filling.waiting_on:
            filling.waiting_on = why
            filling.waited = 0
        filling.waited += 1
        patience = min(filling.waited, RETRIES_MAX) * self._config.transfer_retry_us
        filling.retry_at = self._out.now + patience
        if filling.waited == WAITS_UNTOLD:
            self._out.emit(TransferWaited(filling.partition, why))

    def _ask(self, filling: Filling) -> None:
        self._number += 1
        filling.number = self._number
        filling.asked_at = self._out.now
        self._by_number[self._number] = filling.partition
        fetch = Fetch(
            self._number,
            filling.partition,
            self._placement.ring.digest,
            filling.present.after,
            only_if_whole=self._choice.only_looks(filling),
        )
        address = self._members.address(filling.source)
        self._out.send(filling.source, address, "stream", fetch)

    # --- what comes back ----------------------------------------------------------------------

    def page(self, page: FetchPage, sender: NodeId) -> None:
        """A source answered: merge, then ask for what follows."""
        partition = self._by_number.pop(page.number, None)
        filling = self._filling.get(partition) if partition is not None else None
        if filling is None or filling.number != page.number or filling.source != sender:
            return
        if page.refused:
            self._let_go(filling)
            self._waits_for(filling, page.refused)
            return  # the retry timer asks again
        if sender not in filling.given or page.complete:
            filling.waiting_on = ""
            filling.waited = 0
        before = filling.present
        size = 0
        for key, versions in page.records:
            size += len(key) + sum(len(s.value or b"") for s in versions.siblings)
            self._replica.write(filling.partition, key, versions, NOBODY, _ignore)
        self._throttle.spend(size)
        ahead = Progress(
            after=page.records[-1][0] if page.records else before.after,
            keys=before.keys + len(page.records),
            size=before.size + size,
            total=page.total,
            incomplete=before.incomplete or not page.complete,
        )
        number = filling.number
        # The barrier: what was merged is on disk before it counts or more is asked for.
        self._out.persist(
            self._kept(filling, ahead, last=page.last),
            lambda refused: self._merged(filling, number, ahead, page.last, refused),
        )

    def _kept(self, filling: Filling, ahead: Progress, *, last: bool) -> tuple[PutMeta, ...]:
        """What to store beside a page; nothing for a partition that fits one."""
        partition = filling.partition
        if last and partition not in self._stored:
            return ()
        self._stored.add(partition)
        progress = {**filling.progress, filling.source: ahead}
        merged = tuple(sorted(filling.merged))
        if last:
            del progress[filling.source]
            merged += () if ahead.incomplete else (filling.source,)
        kept = Kept(self._placement.ring.digest, merged, progress)
        return (PutMeta(_progress_name(partition), msgspec.msgpack.encode(kept)),)

    def _merged(
        self, filling: Filling, number: int, ahead: Progress, last: bool, refused: str
    ) -> None:
        if filling.number != number or self._filling.get(filling.partition) is not filling:
            return
        filling.number = 0
        if refused:
            self._let_go(filling)
            self._waits_for(filling, "the disk to take what was fetched")
            return
        filling.keys += ahead.keys - filling.present.keys
        filling.size += ahead.size - filling.present.size
        filling.progress[filling.source] = ahead
        if not last:
            self._tell(filling)
            if not self._throttle.wait_us(self._out.now):
                self._ask(filling)
            else:
                self.pump()  # the timer comes back when the budget has grown
            return
        self._source_done(filling, ahead)
        self._advance(filling)
        self.pump()

    def _source_done(self, filling: Filling, ahead: Progress) -> None:
        source = filling.source
        looked_only = self._choice.only_looks(filling) and ahead.incomplete
        took = self._out.now - filling.started
        self._let_go(filling)
        del filling.progress[source]
        filling.silent.discard(source)
        filling.asked.add(source)
        if ahead.incomplete:
            filling.given.add(source)
        else:
            filling.merged.add(source)
        if not looked_only:
            self._choice.gave(source, filling.partition)
            self._out.emit(
                TransferFinished(filling.partition, source, ahead.keys, ahead.size, took)
            )

    def _tell(self, filling: Filling) -> None:
        now = self._out.now
        if now - max(filling.told, filling.started) < self._config.transfer_told_us:
            return
        filling.told = now
        progress = filling.present
        self._out.emit(
            TransferProgressed(
                filling.partition,
                filling.source,
                progress.keys,
                progress.size,
                progress.total,
                filling.rate(now),
                filling.eta_us(now),
            )
        )

    def _done(self, filling: Filling) -> None:
        self._forget(filling.partition)
        if filling.extra:
            return
        self.filling.discard(filling.partition)
        self.holdings.complete.add(filling.partition)
        self._out.emit(PartitionFilled(filling.partition, len(self.filling)))
        self._out.set_timer(("remember",), self._out.now + self._config.transfer_retry_us)

    def peer_lost(self, name: NodeId) -> None:
        """The link to a source broke: ask again a little later, by then perhaps another."""
        for filling in list(self._filling.values()):
            if filling.source == name and filling.number:
                self._stall(filling, f"the link to {name} broke")
                filling.retry_at = self._out.now + self._config.transfer_retry_us
        self.pump()


def _progress_name(partition: int) -> str:
    return f"filling/{partition}"


def _ignore(_refused: str) -> None:
    """The barrier after the page says it for all of its writes."""
