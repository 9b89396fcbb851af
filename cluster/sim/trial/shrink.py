"""Shrinking: the shortest schedule found that still breaks the same promise.

Delta debugging (Zeller and Hildebrandt 2002) over the episodes, after shortening the time and
trying fewer nodes (which draws another world, so it comes first). Bounded by a number of runs: the
result is short, not minimal. Ignores why a run fails.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from cluster.config import SECOND
from cluster.sim.config import SIM
from cluster.sim.trial.trial import Result
from cluster.sim.trial.worker import Order

NODES_LEAST = 3

Run = Callable[[Order], Result]
Told = Callable[[int, Result], None]
"""(tries so far, the shortest failing run so far)."""


class Shrink:
    """One search for a shorter trace."""

    def __init__(
        self,
        order: Order,
        failed: Result,
        run: Run,
        told: Told,
        tries_max: int = SIM.shrink_tries_max,
    ) -> None:
        self.order = order
        self.best = failed
        self._run = run
        self._told = told
        self._left = tries_max
        self.tries = 0

    def search(self) -> tuple[Order, Result]:
        """The shortest order found, and what it comes to."""
        self._fewer_nodes()
        self._fewer_rooms()
        self._less_time()
        self._fewer_episodes()
        self._less_time()
        return self.order, self.best

    def _fails(self, order: Order) -> bool:
        """Try it; keep it if the same judge still finds a broken promise."""
        if self._left <= 0 or self.best.broken is None:
            return False
        self._left -= 1
        self.tries += 1
        result = self._run(order)
        same = result.broken is not None and result.broken.judge == self.best.broken.judge
        if same:
            self.order, self.best = order, result
        self._told(self.tries, self.best)
        return same

    def _fewer_nodes(self) -> None:
        for nodes in range(NODES_LEAST, self.best.options.nodes):
            if self._fails(replace(self.order, nodes=nodes)):
                return

    def _fewer_rooms(self) -> None:
        rooms = self.best.options.rooms.count
        while rooms:
            rooms //= 2
            if not self._fails(replace(self.order, rooms=rooms)):
                return

    def _less_time(self) -> None:
        broken = self.best.broken
        if broken is not None and broken.at_us < self.order.lasting_us:
            seconds = -(-broken.at_us // SECOND)
            self._fails(replace(self.order, lasting_us=seconds * SECOND))
        while self.order.lasting_us >= 2 * SECOND:
            shorter = self.order.lasting_us // 2 // SECOND * SECOND
            if not self._fails(replace(self.order, lasting_us=max(SECOND, shorter))):
                return

    def _fewer_episodes(self) -> None:
        kept = [episode.number for episode in self.best.episodes]
        if kept and self._fails(replace(self.order, only=())):
            return
        size = len(kept) // 2
        while size and self._left > 0:
            start = 0
            while start < len(kept):
                fewer = kept[:start] + kept[start + size :]
                if fewer and self._fails(replace(self.order, only=tuple(fewer))):
                    kept = fewer
                else:
                    start += size
            size //= 2
