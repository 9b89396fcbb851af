"""Worker processes, and the proof of determinism: every seed twice, under different hash seeds.

Decides who plays what; what a seed means is decided in the worker. Two runs of one seed go to
processes that differ in `PYTHONHASHSEED`; different digests are a failure that names the first
input at which the two runs parted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from selectors import EVENT_READ, DefaultSelector
from typing import Final

import msgspec

from cluster.sim.trial.worker import Answer, Order
from cluster.sim.workers import Worker

MODULE: Final = "cluster.sim.trial.worker"
HASH_SEEDS: Final = ("1", "20231")
TrialWorker = Worker[Order, Answer]


def hired(hash_seed: str) -> TrialWorker:
    """A worker under this hash seed."""
    return Worker(MODULE, Answer, {"PYTHONHASHSEED": hash_seed})


class Parted(msgspec.Struct, frozen=True):
    """Two runs of one seed that differ."""

    digests: tuple[str, str]
    index: int
    """The number of the first input that differs."""
    lines: tuple[str, str]


Play = Callable[[Order], Answer]


def parted(order: Order, first: Answer, second: Answer, again: tuple[Play, Play]) -> Parted | None:
    """Where two answers to one order differ; plays both again to find the very input."""
    if first.result.digest == second.result.digest and first.marks == second.marks:
        return None
    pairs = enumerate(zip(first.marks, second.marks, strict=False))
    block = next((i for i, (a, b) in pairs if a != b), min(len(first.marks), len(second.marks)))
    window = msgspec.structs.replace(order, between=(block * 1_000, (block + 1) * 1_000))
    told = (again[0](window).journal, again[1](window).journal)
    for offset, (a, b) in enumerate(zip(*told, strict=False)):
        if a != b:
            return Parted(
                (first.result.digest, second.result.digest), block * 1_000 + offset + 1, (a, b)
            )
    nothing = "the same inputs, and other effects or another disk"
    digests = (first.result.digest, second.result.digest)
    return Parted(digests, (block + 1) * 1_000, (nothing, nothing))


class Sweep:
    """Many orders over several workers. Use as a context: the workers end with it."""

    def __init__(self, jobs: int, *, twice: bool) -> None:
        self._twice = twice
        self._jobs = jobs
        self._workers: list[TrialWorker] = []

    def __enter__(self) -> Sweep:
        runs = 2 if self._twice else 1
        count = max(runs, self._jobs)
        self._workers = [hired(HASH_SEEDS[index % 2]) for index in range(count)]
        return self

    def __exit__(self, *_exception: object) -> None:
        for worker in self._workers:
            worker.stop()

    def play(self, orders: list[Order]) -> Iterator[tuple[Order, Answer, Parted | None]]:
        """Answers as they come; each order twice if asked for, compared."""
        runs = 2 if self._twice else 1
        queues = [deque(orders) for _ in range(runs)]
        mine = {worker: queues[index % runs] for index, worker in enumerate(self._workers)}
        busy: dict[TrialWorker, Order] = {}
        first: dict[int, Answer] = {}
        with DefaultSelector() as selector:
            for worker in self._workers:
                selector.register(worker.answers, EVENT_READ, worker)
                worker.give_next(mine[worker], busy)
            while busy:
                for key, _ in selector.select():
                    worker: TrialWorker = key.data
                    order, answer = busy.pop(worker), worker.take()
                    worker.give_next(mine[worker], busy)
                    if runs == 1:
                        yield order, answer, None
                    elif order.seed not in first:
                        first[order.seed] = answer
                    else:
                        other = first.pop(order.seed)
                        yield order, answer, self._compare(order, answer, other)

    def _compare(self, order: Order, a: Answer, b: Answer) -> Parted | None:
        if a.result.digest == b.result.digest and a.marks == b.marks:
            return None
        pair = [hired(seed) for seed in HASH_SEEDS]

        def with_worker(worker: TrialWorker) -> Play:
            def again(order: Order) -> Answer:
                worker.give(order)
                return worker.take()

            return again

        try:
            return parted(order, a, b, (with_worker(pair[0]), with_worker(pair[1])))
        finally:
            for worker in pair:
                worker.stop()
