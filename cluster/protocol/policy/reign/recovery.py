"""What a master must know before it serves: all that a majority holds.

A write that was acknowledged is on a majority of the voters' disks, so every majority has it. Who
has been elected reads the copies of those that voted for it; they take nothing of an older term
any more. Of each key the write with the highest stamp is taken over. If not all of a majority hold
it, nobody knows whether it was acknowledged: it gets a stamp of the new term, as if written now
(the second phase of Paxos: Lamport 2001, section 2.2), and the master serves when a majority has
that too.
"""

from __future__ import annotations

from cluster.model.member import NodeId
from cluster.model.versions import EMPTY, Record, Versions
from cluster.protocol.effects import PutRecord, Records
from cluster.protocol.messages import SurveyPage
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.reign.pages import Copy, Reading
from cluster.protocol.policy.reign.stamps import Stamp, again, stamp_of
from cluster.protocol.swim.membership import Membership


class Recovery:
    """One election's survey."""

    def __init__(
        self, out: Outbox, members: Membership, records: Records, term: int, needed: int
    ) -> None:
        self._out = out
        self._members = members
        self._records = records
        self._term = term
        self._needed = needed
        """How many disks are a majority, this node's own among them."""
        self._readings: dict[NodeId, Reading] = {}
        self._copies: dict[NodeId, dict[int, Copy]] = {}
        self._own: list[Copy] = []
        self.began = out.now

    def ask(self, voter: NodeId) -> None:
        """Read what a voter holds, too."""
        copy = self._copies.setdefault(voter, {})

        def taken(partition: int, rows: Copy, _seq: int) -> None:
            copy[partition] = rows

        reading = Reading(self._out, self._members, voter, self._term, self._term, taken)
        self._readings[voter] = reading
        reading.ask()

    def look(self) -> None:
        """Ask again for what did not come."""
        for reading in self._readings.values():
            reading.look()

    def page(self, page: SurveyPage, sender: NodeId) -> None:
        """A page came."""
        reading = self._readings.get(sender)
        if reading is not None:
            reading.page(page)

    @property
    def enough(self) -> bool:
        """Whether a majority has been read."""
        done = sum(reading.done for reading in self._readings.values())
        return done + 1 >= self._needed

    def read_own(self) -> None:
        """Read the own copy. Damage is told after this input: look for it before `outcome`."""
        self._own = [dict(self._held(p)) for p in range(self._out.config.ring.partitions)]

    def outcome(self) -> tuple[tuple[PutRecord, ...], int]:
        """What to store here, and how many numbers of the new reign that takes (from 1 on)."""
        copies = [self._copies[n] for n, reading in self._readings.items() if reading.done]
        writes: list[PutRecord] = []
        seq = 1
        for partition in range(self._out.config.ring.partitions):
            held = self._own[partition]
            theirs = [copy.get(partition, {}) for copy in copies]
            for key in sorted({*held, *(key for copy in theirs for key in copy)}):
                all_held = [held.get(key, EMPTY), *(copy.get(key, EMPTY) for copy in theirs)]
                best = max(all_held, key=stamp_of)
                agreed = sum(stamp_of(each) == stamp_of(best) for each in all_held)
                if agreed < self._needed:
                    seq += 1
                    stamp = Stamp(self._term, seq, self._out.name)
                    writes.append(PutRecord(partition, key, Record(again(stamp, best))))
                elif all_held[0] is not best:
                    writes.append(PutRecord(partition, key, Record(best)))
        return tuple(writes), seq

    def _held(self, partition: int) -> list[tuple[bytes, Versions]]:
        size = self._out.config.architecture.survey_bytes
        found: list[tuple[bytes, Versions]] = []
        rows = self._records.scan(partition, b"", size)
        while rows:
            found += [(key, record.versions) for key, record in rows]
            rows = self._records.scan(partition, rows[-1][0], size)
        return found
