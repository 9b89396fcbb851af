"""The figures of one run: availability, the longest outage, what was lost, stale, moved, and for
how long there were two masters.

A pure function of the evidence (`deeds.Evidence`), the same for every architecture, simulated or
real. What each figure means is said where it is computed: `running` (availability, outage), `losses`
(lost, stale, from nowhere), `reigns` (masters), `moves` (keys). Whether one order explains all that
was read is another question: `linear`.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from cluster.model.judging.bounds import JUDGE
from cluster.model.judging.deeds import NEVER, Deed, Evidence
from cluster.model.judging.losses import KeyBook, Loss, Nowhere, Stale, counts_missing
from cluster.model.judging.moves import Moved, moved
from cluster.model.judging.reigns import dual_master_us, shared_terms
from cluster.model.judging.running import NO_OUTAGE, Bucket, Outage, Running


class Measures(Struct, frozen=True):
    """What one run came to. Counts are exact; the examples are the first `JudgeConfig.named_max`."""

    began: int
    until: int
    total: Bucket
    """All operations."""
    buckets: tuple[Bucket, ...]
    """Availability over time: operations by when they began."""
    longest_outage: Outage = NO_OUTAGE
    acknowledged: int = 0
    """Writes and deletes of registers that were acknowledged: of so many, `lost_count` are lost."""
    unread: int = 0
    """Of these, those whose key nobody could read in the end. They are not counted as lost."""
    lost_count: int = 0
    lost: tuple[Loss, ...] = ()
    reads: int = 0
    """Answered reads of registers: of so many, `stale_count` are stale."""
    stale_count: int = 0
    stale: tuple[Stale, ...] = ()
    nowhere_count: int = 0
    """Values found that should not exist."""
    nowhere: tuple[Nowhere, ...] = ()
    counts_missing: int = 0
    """By how much all counters together are below what was acknowledged."""
    moved: Moved = Moved()
    dual_master_us: int = 0
    shared_terms: tuple[int, ...] = ()
    """Terms with more than one master: an election must never allow one."""

    @property
    def availability(self) -> float | None:
        """Of all operations, those that were done. None: nothing was tried."""
        return self.total.share


def measure(evidence: Evidence, bucket_us: int = JUDGE.bucket_us, within_us: int = 0) -> Measures:
    """Judge a run.

    `bucket_us`: the width of a span of availability. `within_us`: an answer that takes longer is no
    service (0: however long).
    """
    deeds = evidence.deeds
    began = evidence.began or min((deed.invoked for deed in deeds), default=0)
    last = max((max(deed.invoked, deed.ended) for deed in deeds), default=began)
    until = evidence.until or last
    running = Running(began, bucket_us, within_us)
    waiting = deque(sorted(deeds, key=lambda deed: (deed.invoked, deed.number)))
    over: set[int] = set()
    for deed in sorted(deeds, key=lambda deed: (deed.ended or NEVER, deed.number)):
        over.add(deed.number)
        while waiting and waiting[0].number in over:
            waiting.popleft()
        running.add(deed, waiting[0].invoked if waiting else None)
    outage = running.longest_outage(max(until, last))
    writes = _writes(evidence)
    return Measures(
        began=began,
        until=until,
        total=running.total,
        buckets=running.buckets(),
        longest_outage=outage,
        acknowledged=writes.acknowledged,
        unread=writes.unread,
        lost_count=len(writes.lost),
        lost=tuple(writes.lost[: JUDGE.named_max]),
        reads=writes.reads,
        stale_count=len(writes.stale),
        stale=tuple(writes.stale[: JUDGE.named_max]),
        nowhere_count=len(writes.nowhere),
        nowhere=tuple(writes.nowhere[: JUDGE.named_max]),
        counts_missing=writes.counts_missing,
        moved=moved(evidence.owners_before, evidence.owners_after),
        dual_master_us=dual_master_us(evidence.reigns, until),
        shared_terms=shared_terms(evidence.reigns),
    )


class _Writes(Struct):
    """What became of the writes of all keys."""

    lost: list[Loss] = []
    stale: list[Stale] = []
    nowhere: list[Nowhere] = []
    acknowledged: int = 0
    unread: int = 0
    reads: int = 0
    counts_missing: int = 0


def _writes(evidence: Evidence) -> _Writes:
    found = _Writes()
    for key, deeds in by_key(evidence.deeds).items():
        if any(deed.kind not in ("write", "read", "delete") for deed in deeds):
            if key in evidence.totals:
                found.counts_missing += counts_missing(deeds, evidence.totals[key])
            continue
        book = KeyBook(deeds, siblings=evidence.siblings, complete=evidence.complete)
        final = evidence.final.get(key)
        found.acknowledged += len(book.acknowledged)
        found.reads += len(book.reads)
        if final is None:
            found.unread += len(book.acknowledged)
        else:
            found.lost += book.lost(final)
        found.stale += book.stale()
        found.nowhere += book.nowhere(final)
    return found


def by_key(deeds: tuple[Deed, ...]) -> dict[str, list[Deed]]:
    """The deeds of each key, keys in the order in which they were first asked for."""
    keys: dict[str, list[Deed]] = {}
    for deed in deeds:
        keys.setdefault(deed.key, []).append(deed)
    return keys
