"""Worker processes that play many worlds: an order each at a time, rows as they come.

Decides nothing but who plays what next. Equal orders give equal rows wherever they are played.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from selectors import EVENT_READ, DefaultSelector
from typing import Final

from cluster.sim.compare.play import Order
from cluster.sim.compare.record import Row
from cluster.sim.workers import Worker

MODULE: Final = "cluster.sim.compare.worker"
_Worker = Worker[Order, Row]


class Crew:
    """Several workers. Use as a context: they end with it."""

    def __init__(self, jobs: int) -> None:
        self._jobs = max(1, jobs)
        self._workers: list[_Worker] = []

    def __enter__(self) -> Crew:
        self._workers = [Worker(MODULE, Row) for _ in range(self._jobs)]
        return self

    def __exit__(self, *_exception: object) -> None:
        for worker in self._workers:
            worker.stop()

    def play(self, orders: Iterable[Order]) -> Iterator[tuple[Order, Row]]:
        """Rows as they come, in no order. Raises WorkerDiedError."""
        waiting = deque(orders)
        busy: dict[_Worker, Order] = {}
        with DefaultSelector() as selector:
            for worker in self._workers:
                selector.register(worker.answers, EVENT_READ, worker)
                worker.give_next(waiting, busy)
            while busy:
                for key, _ in selector.select():
                    worker: _Worker = key.data
                    order = busy.pop(worker)
                    row = worker.take()
                    worker.give_next(waiting, busy)
                    yield order, row
