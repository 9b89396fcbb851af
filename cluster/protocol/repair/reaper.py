"""Tombstones that nobody needs any more: who must agree, and how they go.

A tombstone is all that keeps an older value, on some disk or in some message, from coming back.
So time alone never reaps it (in Cassandra a node that was away longer than gc_grace resurrects
what was deleted). Once a key has been nothing but tombstones for `tombstone_grace_us`, an owner
proposes it to every member ever known that has not left with empty hands, alive, dead or removed.
Each confirms only if

- it holds exactly these versions of the key, or nothing,
- it keeps no hint for the key, and coordinates no operation on it,
- it knows no member that the proposer has not asked,

and it seals the key first (`seals`). A member that does not answer stops it, and the wait says who.
When all have confirmed, no disk holds an older value, and what is still under way meets a seal.
Then each drops the record, if it is still the one it confirmed; what was written meanwhile stays.

A lost commit leaves a tombstone somewhere: whoever holds it proposes again, the first owner after
one grace, the next after two, a holder that is no owner last. Rounds may overlap: each is safe by
itself. A member found with something older is given the tombstone, so that the next round passes.

Bounded: one round per node, `batch` keys of one partition, `scan_bytes` read per look.
"""

from __future__ import annotations

from msgspec import Struct, field

from cluster.config import ReapConfig
from cluster.model.facts import ReapingWaited, TombstonesReaped
from cluster.model.member import Claim, MemberState, NodeId
from cluster.model.versions import Record, Versions, size
from cluster.protocol.effects import DiskWrite, DropRecord, Records
from cluster.protocol.messages import Page, ReapAnswer, ReapAsk, ReapCommit, ReplicaWrite
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.repair.seals import Seals
from cluster.protocol.swim.membership import Membership

_ROW_BYTES = 64
"""What reading a record costs beside its key and values."""


class _Round(Struct):
    """One proposal of this node."""

    number: int
    partition: int
    rows: Page
    started: int
    waiting: list[NodeId]
    agreed: set[int] = field(default_factory=set[int])
    """Rows that everybody so far has confirmed."""


class Reaper:
    """The tombstones of one node."""

    def __init__(
        self,
        out: Outbox,
        config: ReapConfig,
        members: Membership,
        placement: Placement,
        records: Records,
        hints: Hints,
        book: Book,
        seals: Seals,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._records = records
        self._hints = hints
        self._book = book
        self._seals = seals
        self._round: _Round | None = None
        self._number = out.numbers
        self._partition = 0
        self._after = b""
        self._waiting_on = ""
        self._clean: set[int] = set()
        """Partitions read from end to end without a tombstone, and none was written since."""
        self._met = False
        """Whether the partition being read has shown a tombstone so far."""

    def changed(self, partition: int, new: Record | None) -> None:
        """A record was stored or dropped."""
        if new is not None and any(sibling.value is None for sibling in new.versions.siblings):
            self._clean.discard(partition)
            self._met = True

    def doubt_all(self) -> None:
        """Writes were undone: what is on disk now was not told."""
        self._clean.clear()
        self._met = True

    # --- proposing ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Look for tombstones whose time has come, and propose some."""
        self._out.set_timer(("reap",), self._out.now + self._config.period_us)
        self._seals.expire()
        round_ = self._round
        if round_ is not None:
            if self._out.now - round_.started < self._config.round_timeout_us:
                return
            self._round = None
            self._waits(round_.partition, len(round_.rows), f"{round_.waiting[0]} to answer")
        partition, rows = self._look()
        if not rows:
            return
        blocker = self._blocker()
        if blocker:
            self._waits(partition, len(rows), blocker)
            return
        self._propose(partition, rows)

    def _look(self) -> tuple[int, Page]:
        """The next tombstones due, all of one partition; reads a bounded amount."""
        partitions = self._placement.ring.partitions
        left = self._config.scan_bytes
        for _ in range(2 * partitions):
            partition = self._partition = self._partition % partitions
            rows: list[tuple[bytes, Record]] = []
            if partition not in self._clean and self._records.keys(partition):
                rows = self._records.scan(partition, self._after, left)
            if not rows:
                if self._after and not self._met:
                    self._clean.add(partition)
                self._partition += 1
                self._after, self._met = b"", False
                continue
            due: list[tuple[bytes, Versions]] = []
            for key, record in rows:
                self._after = key
                left -= _ROW_BYTES + len(key) + size(record.versions)
                self._met = self._met or any(s.value is None for s in record.versions.siblings)
                if self._due(partition, record.versions):
                    due.append((key, record.versions))
                    if len(due) == self._config.batch:
                        break
            if due or left <= 0:
                return partition, tuple(due)
        return 0, ()

    def _due(self, partition: int, versions: Versions) -> bool:
        """Whether it is nothing but tombstones, old enough for this node to propose it."""
        if any(sibling.value is not None for sibling in versions.siblings):
            return False
        owners = self._placement.ring.owners[partition]
        rank = owners.index(self._out.name) if self._out.name in owners else len(owners)
        newest = max((sibling.written_at for sibling in versions.siblings), default=0)
        return newest + (1 + rank) * self._config.tombstone_grace_us <= self._out.now

    def _everybody(self) -> tuple[NodeId, ...]:
        """Every member ever known whose disk may still hold something, this node included."""
        return tuple(n for n, claim in sorted(self._members.claims.items()) if may_hold(claim))

    def _blocker(self) -> str:
        for name in self._everybody():
            if name != self._out.name and not self._members.alive(name):
                return f"{name} to come back"
        return ""

    def _propose(self, partition: int, rows: Page) -> None:
        self._number += 1
        everybody = self._everybody()
        waiting = list(everybody) if self._out.name in everybody else [self._out.name, *everybody]
        round_ = _Round(self._number, partition, rows, self._out.now, waiting)
        round_.agreed = set(range(len(rows)))
        self._round = round_
        ask = ReapAsk(self._number, partition, everybody, rows)
        for name in everybody:
            if name != self._out.name:
                self._out.send(name, self._members.address(name), "stream", ask)
        self._confirm(ask, self._out.name)

    def _waits(self, partition: int, keys: int, why: str) -> None:
        if why != self._waiting_on:
            self._waiting_on = why
            self._out.emit(ReapingWaited(partition, keys, why))

    def answered(self, answer: ReapAnswer, sender: NodeId) -> None:
        """A member (or this node) has looked at what was proposed."""
        round_ = self._round
        if round_ is None or round_.number != answer.number or sender not in round_.waiting:
            return
        round_.waiting.remove(sender)
        round_.agreed &= set(answer.agreed)
        for index in answer.unlike:
            if sender != self._out.name and 0 <= index < len(round_.rows):
                key, versions = round_.rows[index]
                write = ReplicaWrite(0, round_.partition, key, versions)
                self._out.send(sender, self._members.address(sender), "stream", write, key=key)
        if not round_.agreed:
            self._round = None
            self._waits(round_.partition, len(round_.rows), f"{sender} to hold nothing else")
        elif not round_.waiting:
            self._round = None
            self._commit(round_)

    def _commit(self, round_: _Round) -> None:
        rows = tuple(round_.rows[index] for index in sorted(round_.agreed))
        commit = ReapCommit(round_.partition, rows)
        for name in self._everybody():
            if name != self._out.name:
                self._out.send(name, self._members.address(name), "stream", commit)
        self.bury(commit)
        self._waiting_on = ""
        self._out.emit(TombstonesReaped(round_.partition, len(rows)))

    # --- confirming ---------------------------------------------------------------------------

    def asked(self, ask: ReapAsk, sender: NodeId) -> None:
        """Another node proposes."""
        sane = ask.partition < self._placement.ring.partitions
        if sane and sender in self._members.claims and len(ask.rows) <= self._config.batch:
            self._confirm(ask, sender)

    def _confirm(self, ask: ReapAsk, proposer: NodeId) -> None:
        agreed: list[int] = []
        unlike: list[int] = []
        if set(self._everybody()) <= {*ask.members, self._out.name}:
            busy = {op.request.key for op in self._book.open.values()}
            for index, (key, versions) in enumerate(ask.rows):
                record = self._records.load(ask.partition, key)
                if record is not None and record.versions != versions:
                    unlike.append(index)
                elif (
                    key not in busy
                    and not self._hints.waiting(ask.partition, key)
                    and self._seals.room() > 0
                ):
                    self._seals.put(ask.partition, key, versions.context)
                    agreed.append(index)
        answer = ReapAnswer(ask.number, tuple(agreed), tuple(unlike))
        if not agreed:
            self._answer(proposer, answer)
            return
        # The seal is on disk before anybody counts on it.
        self._out.persist(
            (self._seals.blob(),),
            lambda refused: None if refused else self._answer(proposer, answer),
        )

    def _answer(self, proposer: NodeId, answer: ReapAnswer) -> None:
        if proposer == self._out.name:
            self.answered(answer, proposer)
        else:
            self._out.send(proposer, self._members.address(proposer), "stream", answer)

    def committed(self, commit: ReapCommit, sender: NodeId) -> None:
        """Everybody has confirmed."""
        sane = commit.partition < self._placement.ring.partitions
        if sane and sender in self._members.claims and len(commit.rows) <= self._config.batch:
            self.bury(commit)

    def bury(self, commit: ReapCommit) -> None:
        """Drop what is still as it was confirmed, and still sealed."""
        writes: list[DiskWrite] = []
        for key, versions in commit.rows:
            sealed = self._seals.context(commit.partition, key) == versions.context
            record = self._records.load(commit.partition, key)
            same = record is not None and record.versions == versions
            if sealed and same and not self._hints.waiting(commit.partition, key):
                writes.append(DropRecord(commit.partition, key))
        if writes:
            self._out.persist(tuple(writes))


def may_hold(claim: Claim) -> bool:
    """Whether a member's disk may hold, or bring back, something of the cluster's.

    A dead or removed member may return with all it had, and so may one that left undrained.
    """
    return claim.state is not MemberState.LEFT or not claim.draining
