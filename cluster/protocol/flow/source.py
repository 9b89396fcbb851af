"""What arrives at a producer from outside, and how fast something may go on: two small clocks.

A source is the world's demand: items arrive at an even rate whether or not anybody takes them, also
while the producer's process stands still. What was not taken is a number and no list, because the
n-th item is known by when it came; so a backlog of any length costs nothing here. A bucket is what
limits a rate. Both count in whole microseconds, so that equal runs give equal items.
"""

from __future__ import annotations

from cluster.bounds.flow import FlowConfig
from cluster.config import SECOND


class Source:
    """Arrivals at one producer, since `began`."""

    def __init__(self, rate_per_s: int, began: int, lasting_us: int) -> None:
        self._rate = rate_per_s
        self._began = began
        self._lasting = lasting_us
        self.taken = 0

    def arrived(self, now: int) -> int:
        """How many have arrived by `now`."""
        span = max(0, now - self._began)
        if self._lasting:
            span = min(span, self._lasting)
        return span * self._rate // SECOND

    def came_at(self, number: int) -> int:
        """When the item of this number, from 1, arrived."""
        return self._began - (-number * SECOND // self._rate)

    def waiting(self, now: int) -> int:
        """How many of them were not taken."""
        return self.arrived(now) - self.taken

    def waited_us(self, now: int) -> int:
        """How long the first of these waits; 0 when none does."""
        return now - self.came_at(self.taken + 1) if self.waiting(now) else 0

    def next_at(self) -> int | None:
        """When the next item that was not taken arrives, or has arrived; None: there is no more."""
        at = self.came_at(self.taken + 1)
        over = self._lasting and at - self._began > self._lasting
        return None if over else at


class Bucket:
    """A token bucket: `rate_per_s` items a second, some at once after a rest. Rate 0 is no limit."""

    def __init__(self, rate_per_s: int, config: FlowConfig, now: int) -> None:
        self._rate = rate_per_s
        self._most = max(SECOND, rate_per_s * config.burst_us)
        """In millionths of an item."""
        self._held: int = self._most
        self._at: int = now

    def ready_at(self) -> int:
        """From when on the next item may be taken."""
        if not self._rate or self._held >= SECOND:
            return self._at
        return self._at - ((self._held - SECOND) // self._rate)

    def take(self, at: int) -> None:
        """Take one item at `at`, which is not before `ready_at`."""
        if self._rate:
            at = max(at, self._at)
            self._held = min(self._most, self._held + (at - self._at) * self._rate) - SECOND
            self._at = at
