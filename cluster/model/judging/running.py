"""The figures that a screen shows while things happen: availability and the longest outage.

Folds one operation at a time, in the order in which they end, in bounded memory; `measures` judges
a finished history with the same fold, so that the live figure and the final one cannot differ.

An outage is a time in which somebody waited and nobody was served: it begins with the first
invocation since the last success, or with that success if something was already under way, and ends
with the next success. It is known when something ends, so a screen tells `outage_us` since when
the oldest waiting client waits.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

from msgspec import Struct

from cluster.model.judging.bounds import JUDGE
from cluster.model.judging.deeds import Deed


class Bucket(Struct, frozen=True):
    """How the operations ended that began in one span of time."""

    began: int
    ok: int = 0
    failed: int = 0
    """Certainly not done."""
    maybe: int = 0
    """Nobody knows."""
    late: int = 0
    """Done, but later than a client waits."""

    @property
    def tried(self) -> int:
        """All of them."""
        return self.ok + self.failed + self.maybe + self.late

    @property
    def share(self) -> float | None:
        """Of all that was tried, what was done. None: nothing was tried."""
        return self.ok / self.tried if self.tried else None


class Outage(Struct, frozen=True):
    """A time in which somebody waited and nobody was served."""

    began: int
    ended: int

    @property
    def us(self) -> int:
        """How long it was, in microseconds."""
        return self.ended - self.began


_Ending = Literal["ok", "failed", "maybe", "late"]
NO_OUTAGE: Final = Outage(0, 0)


class Running:
    """Availability so far.

    `bucket_us` is the width of a bucket; `within_us` (0: no bound) is how long an answer may take
    to count as service; at most `buckets_max` buckets are kept, the oldest go first.
    """

    def __init__(
        self,
        began: int,
        bucket_us: int = JUDGE.bucket_us,
        within_us: int = 0,
        buckets_max: int = JUDGE.buckets_max,
    ) -> None:
        self._bucket_us = bucket_us
        self._within_us = within_us
        self._buckets: deque[Bucket] = deque([Bucket(began)])
        self._buckets_max = buckets_max
        self.total = Bucket(began)
        """All operations since the beginning."""
        self.longest = NO_OUTAGE
        self._served_at = began
        self._waiting_since: int | None = None
        """The earliest invocation of what ended unserved since the last success."""

    def add(self, deed: Deed, waiting_since: int | None = None) -> None:
        """One more operation ended, not before the last one did. `waiting_since`: when the oldest
        began of those still under way: it waits, also if its end is told later."""
        ending = self._ending(deed)
        self.total = _counted(self.total, ending)
        index = self._index(deed.invoked)
        if index >= 0:
            self._buckets[index] = _counted(self._buckets[index], ending)
        since = deed.invoked if self._waiting_since is None else self._waiting_since
        self._waiting_since = min(since, deed.invoked)
        if ending == "ok":
            self.longest = _longer(self.longest, self.outage(deed.ended, waiting_since))
            self._served_at, self._waiting_since = deed.ended, None

    def buckets(self) -> tuple[Bucket, ...]:
        """The kept buckets, oldest first, without gaps: one in which nothing began is empty."""
        return tuple(self._buckets)

    def outage(self, now: int, waiting_since: int | None = None) -> Outage:
        """The one under way (0 us: none). `waiting_since`: when the oldest operation began that has
        not ended yet."""
        since = [at for at in (self._waiting_since, waiting_since) if at is not None]
        return Outage(max(self._served_at, min(since)), now) if since else Outage(now, now)

    def longest_outage(self, now: int, waiting_since: int | None = None) -> Outage:
        """The longest so far, the one under way included."""
        return _longer(self.longest, self.outage(now, waiting_since))

    def _ending(self, deed: Deed) -> _Ending:
        if deed.outcome == "ok" and 0 < self._within_us < deed.ended - deed.invoked:
            return "late"
        return deed.outcome

    def _index(self, at: int) -> int:
        """The place of the bucket of a moment, made if need be; -1 if it is no longer kept."""
        buckets, width = self._buckets, self._bucket_us
        index = (at - buckets[0].began) // width
        if index >= len(buckets) + self._buckets_max:  # none of those that are kept would remain
            first = buckets[0].began + (index - self._buckets_max + 1) * width
            buckets.clear()
            buckets.append(Bucket(first))
            index = self._buckets_max - 1
        while index >= len(buckets):
            buckets.append(Bucket(buckets[-1].began + width))
            if len(buckets) > self._buckets_max:
                buckets.popleft()
                index -= 1
        return max(index, -1)


def _longer(a: Outage, b: Outage) -> Outage:
    return b if b.us > a.us else a


def _counted(bucket: Bucket, ending: _Ending) -> Bucket:
    began, ok, failed, maybe, late = (
        bucket.began,
        bucket.ok,
        bucket.failed,
        bucket.maybe,
        bucket.late,
    )
    match ending:
        case "ok":
            return Bucket(began, ok + 1, failed, maybe, late)
        case "failed":
            return Bucket(began, ok, failed + 1, maybe, late)
        case "maybe":
            return Bucket(began, ok, failed, maybe + 1, late)
        case "late":
            return Bucket(began, ok, failed, maybe, late + 1)
