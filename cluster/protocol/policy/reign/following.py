"""A follower's copy: equal to its master's, write by write, or copied whole when one was missed.

A master numbers its writes without gaps. A follower that misses one, or follows another master,
reads everything: each partition is replaced at once, and what the master does not have is thrown
away, also if it was acknowledged here in a reign of this node's own. That is what a copy of a master
is; whether it may happen is the affair of who becomes master.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.model.facts import WritesDiscarded
from cluster.model.member import NOBODY, NodeId
from cluster.model.versions import Record, Versions
from cluster.protocol.effects import DiskWrite, DropRecord, PutRecord, Records
from cluster.protocol.messages import Accept, SurveyPage
from cluster.protocol.outbox import OnDisk, Outbox
from cluster.protocol.policy.reign.pages import Copy, Reading, fits
from cluster.protocol.policy.reign.stamps import is_stamped, stamp_of
from cluster.protocol.swim.membership import Membership


class Following:
    """What one node has of the reign it lives under."""

    def __init__(self, out: Outbox, members: Membership, records: Records, *, alone: bool) -> None:
        self._out = out
        self._members = members
        self._records = records
        self._number = out.numbers
        self.master: NodeId = NOBODY
        self.term = 0
        self._had = -1
        """Up to which write everything was received; -1: not known, a whole copy has begun."""
        self.durable = 0
        """Up to which write everything is on disk here; 0: not yet, or nothing is known."""
        self._reading: Reading | None = None
        self._settled = True
        """Whether all that was read is on disk."""
        self._discarded = 0
        self._alone = alone
        """A master here acknowledges alone: what it has and its successor has not was promised."""

    def follow(self, master: NodeId, term: int) -> None:
        """Live under this master from now on: copy it."""
        self.master, self.term = master, term
        self._copy_all()

    def leave(self) -> None:
        """Live under nobody."""
        self.master, self._reading, self._had, self.durable = NOBODY, None, -1, 0

    def again(self) -> None:
        """This copy may lack what it had."""
        if self.master:
            self._copy_all()

    def _copy_all(self) -> None:
        self._had, self.durable, self._discarded = -1, 0, 0
        self._number += 1
        number = self._number
        self._reading = Reading(
            self._out,
            self._members,
            self.master,
            self.term,
            number,
            lambda partition, copy, seq: self._take(number, partition, copy, seq),
        )
        self._reading.ask()

    def heralded(self, seq: int) -> None:
        """The master has made so many writes, and all of them were sent before this was said."""
        if self._reading is not None:
            self._reading.look()
        elif self._had < seq:
            self._copy_all()

    def accept(self, body: Accept, extra: tuple[DiskWrite, ...], then: OnDisk) -> None:
        """Store a write of the master, together with what else must be on disk before the answer."""
        possible = fits(self._out.config, body.partition, body.key)
        if not possible or not is_stamped(body.versions):
            return  # nonsense is not answered
        held = self._records.load(body.partition, body.key)
        writes = extra
        if held is None or stamp_of(held.versions) < stamp_of(body.versions):
            writes = (PutRecord(body.partition, body.key, Record(body.versions)), *extra)
        if self._had >= 0 and body.seq > self._had:
            if body.seq > self._had + 1:
                self._copy_all()
            else:
                self._had = body.seq
        number, had = self._number, self._had

        def stored(refused: str) -> None:
            if not refused and number == self._number and self._reading is None:
                self.durable = max(self.durable, had)
            elif refused and number == self._number:
                self._copy_all()
            then(refused)

        self._out.persist(writes, stored)

    def page(self, page: SurveyPage, sender: NodeId) -> None:
        """A page of the copy came."""
        reading = self._reading
        if reading is not None and sender == reading.holder:
            if self._had < 0 and page.number == reading.number:
                self._had = page.seq  # every later write will be sent after this page
            reading.page(page)

    def _take(self, number: int, partition: int, copy: Copy, _seq: int) -> None:
        """Make a partition equal to the master's, and go on."""
        writes = tuple(self._changes(partition, copy))
        if number != self._number or self._reading is None:
            return
        last = self._reading.done
        if last:
            self._reading = None
            if self._discarded and self._alone:
                self._out.emit(WritesDiscarded(self._discarded, self.master))
            self._discarded = 0
        had = self._had

        def stored(refused: str) -> None:
            if number != self._number:
                return
            if refused:
                self._copy_all()
            elif last:
                self.durable = max(self.durable, had)

        self._out.persist(writes, stored)

    def _changes(self, partition: int, copy: Copy) -> Iterator[DiskWrite]:
        reign = (self.term, self.master)
        for key, held in self._held(partition):
            mine = stamp_of(held)
            theirs = stamp_of(copy[key]) if key in copy else None
            if (mine.term, mine.master) == reign and (theirs is None or theirs <= mine):
                copy.pop(key, None)  # it came while the copy was on its way
            elif theirs == mine:
                del copy[key]
            else:
                lost = theirs is None or theirs.term < mine.term
                self._discarded += lost and mine.master == self._out.name
                if theirs is None:
                    yield DropRecord(partition, key)
        for key, versions in copy.items():
            yield PutRecord(partition, key, Record(versions))

    def _held(self, partition: int) -> Iterator[tuple[bytes, Versions]]:
        size = self._out.config.architecture.survey_bytes
        rows = self._records.scan(partition, b"", size)
        while rows:
            for key, record in rows:
                yield key, record.versions
            rows = self._records.scan(partition, rows[-1][0], size)

    @property
    def copying(self) -> bool:
        """Whether this copy may still lack something."""
        return self._reading is not None
