"""Worker processes that play many worlds: an order each at a time, rows as they come.

Decides nothing but who plays what next. Equal orders give equal rows wherever they are played.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Final

import msgspec

from cluster.sim.compare.play import Order
from cluster.sim.compare.record import Row

ROOT: Final = Path(__file__).resolve().parents[3]
ENDS_WITHIN_S: Final = 5.0


class WorkerDiedError(Exception):
    """A worker ended before it answered: its own message is on standard error."""


class _Worker:
    """One process that plays one order at a time."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cluster.sim.compare.worker"],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us: a worker ends when its orders do
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders = self._process.stdin
        self.rows = self._process.stdout

    def give(self, order: Order) -> None:
        self._orders.write(msgspec.json.encode(order) + b"\n")
        self._orders.flush()

    def take(self) -> Row:
        line = self.rows.readline()
        if not line:
            raise WorkerDiedError
        return msgspec.json.decode(line, type=Row)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(ENDS_WITHIN_S)
        self._orders.close()
        self.rows.close()


class Crew:
    """Several workers. Use as a context: they end with it."""

    def __init__(self, jobs: int) -> None:
        self._jobs = max(1, jobs)
        self._workers: list[_Worker] = []

    def __enter__(self) -> Crew:
        self._workers = [_Worker() for _ in range(self._jobs)]
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
                selector.register(worker.rows, EVENT_READ, worker)
                self._next(worker, waiting, busy)
            while busy:
                for key, _ in selector.select():
                    worker: _Worker = key.data
                    order = busy.pop(worker)
                    row = worker.take()
                    self._next(worker, waiting, busy)
                    yield order, row

    def _next(self, worker: _Worker, waiting: deque[Order], busy: dict[_Worker, Order]) -> None:
        if waiting:
            busy[worker] = waiting.popleft()
            worker.give(busy[worker])
