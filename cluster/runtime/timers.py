"""A node's timers on one heap, with one wake-up of the event loop for the earliest.

Timers are set and cancelled thousands of times a second and rarely fire, so cancelling only
forgets the name; the heap drops what is stale when it surfaces, or when most of it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final

from cluster.protocol.inputs import TimerKey
from cluster.runtime import clock

STALE_SLACK: Final = 256


class Timers:
    """Set, cancelled, fired in order of their due times."""

    def __init__(self, fire: Callable[[TimerKey, int], None]) -> None:
        self._fire = fire
        self._loop = asyncio.get_running_loop()
        self._due: dict[TimerKey, int] = {}
        self._heap: list[tuple[int, TimerKey]] = []
        self._wake: asyncio.TimerHandle | None = None
        self._wake_at = 0

    @property
    def held(self) -> int:
        """How many entries are kept, stale ones included."""
        return len(self._heap)

    def set(self, timer: TimerKey, due: int) -> None:
        """Set or move a timer."""
        self._due[timer] = due
        heappush(self._heap, (due, timer))
        if self._wake is None or due < self._wake_at:
            self._arm(due)
        if len(self._heap) > 2 * len(self._due) + STALE_SLACK:
            self._heap = [(at, name) for name, at in self._due.items()]
            heapify(self._heap)

    def cancel(self, timer: TimerKey) -> None:
        """Forget a timer, if it is set."""
        self._due.pop(timer, None)

    def clear(self) -> None:
        """Forget all of them."""
        self._due.clear()
        self._heap.clear()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    def _arm(self, due: int) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake_at = due
        self._wake = self._loop.call_later(max(0, due - clock.now()) / 1e6, self._woken)

    def _woken(self) -> None:
        self._wake = None
        now = clock.now()
        while self._heap and self._heap[0][0] <= now:
            due, timer = heappop(self._heap)
            if self._due.get(timer) == due:
                del self._due[timer]
                self._fire(timer, due)
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        # A timer set while firing may have armed the loop already. uvloop counts milliseconds,
        # so a wake-up may also come a little early: then nothing was due and it is armed again.
        if self._heap and (self._wake is None or self._heap[0][0] < self._wake_at):
            self._arm(self._heap[0][0])
