"""What a node has said lately, for any number of observers who each read at their own pace.

There is one bounded log and no queue per observer: an observer is a position in the log. One that
is too slow finds its position gone, learns how much it missed, and costs the node nothing.
Positions count what was added; they are the log's own, so that a reader needs no arithmetic on
the facts' numbers.
"""

from __future__ import annotations

import asyncio

from cluster.model.facts import Fact


class Hub:
    """The log and who waits for its next fact."""

    def __init__(self, facts_max: int) -> None:
        self._facts_max = facts_max
        self._ring: list[Fact] = []
        self._end = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.closed = False

    @property
    def end(self) -> int:
        """The position of the next fact."""
        return self._end

    @property
    def begin(self) -> int:
        """The position of the oldest fact kept."""
        return self._end - len(self._ring)

    def append(self, fact: Fact) -> None:
        """Keep a fact and wake who waits."""
        if len(self._ring) < self._facts_max:
            self._ring.append(fact)
        else:
            self._ring[self._end % self._facts_max] = fact
        self._end += 1
        if self._waiting:
            self._wake()

    def read(self, position: int, facts_max: int) -> list[Fact]:
        """Up to `facts_max` facts from a position that is still kept."""
        stop = min(self._end, position + facts_max)
        count = stop - position
        if count <= 0:
            return []
        first = position % self._facts_max
        facts = self._ring[first : first + count]
        return facts + self._ring[: count - len(facts)]

    def position_after(self, seq: int) -> int | None:
        """The position that follows fact `seq`, or None when something since is no longer kept."""
        if not self._ring:
            return self._end if seq == 0 else None
        low, high = self.begin, self._end
        while low < high:
            middle = (low + high) // 2
            if self._ring[middle % self._facts_max].seq <= seq:
                low = middle + 1
            else:
                high = middle
        if low == self.begin and self._ring[low % self._facts_max].seq > seq + 1:
            return None
        newest = self._ring[(self._end - 1) % self._facts_max].seq
        return low if seq <= newest else None

    async def wait_past(self, position: int) -> None:
        """Return when there is something at `position`, or when the hub has closed."""
        while self._end <= position and not self.closed:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)

    def close(self) -> None:
        """Nothing more will be said."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
