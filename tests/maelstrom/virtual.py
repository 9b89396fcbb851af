"""A Maelstrom test on virtual time: the very adapter that serves a process, on a heap."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import Random

from cluster.config import SECOND
from cluster.maelstrom.adapter import Adapter, Workload
from cluster.model.facts import Fact
from tests.maelstrom.runner import Options, Runner

START_US = 1_000_000_000_000_000


class VirtualClock:
    """A heap of what is to happen."""

    def __init__(self) -> None:
        self._now = START_US
        self._order = count()
        self._heap: list[tuple[int, int, Callable[[], None]]] = []

    def now(self) -> int:
        return self._now

    def later(self, delay_us: int, action: Callable[[], None]) -> None:
        heappush(self._heap, (self._now + delay_us, next(self._order), action))

    def step(self) -> None:
        self._now, _, action = heappop(self._heap)
        action()


class VirtualNode:
    """An adapter, ticked when it wants to be."""

    def __init__(self, adapter: Adapter, clock: VirtualClock, write: Callable[[bytes], None]):
        self._adapter = adapter
        self._clock = clock
        self._write = write
        self._due = 0

    def take(self, line: bytes) -> None:
        self._wrote(self._adapter.take(line, self._clock.now()))

    def _tick(self, due: int) -> None:
        if due == self._due:
            self._due = 0
            self._wrote(self._adapter.tick(self._clock.now()))

    def _wrote(self, lines: list[bytes]) -> None:
        assert not self._adapter.halted, self._adapter.halted
        for line in lines:
            self._write(line)
        due = self._adapter.due()
        if due is not None and (not self._due or due < self._due):
            self._due = due
            self._clock.later(max(0, due - self._clock.now()), lambda: self._tick(due))


def complain(text: str) -> None:
    raise AssertionError(text)


def run(
    options: Options,
    workload: Workload,
    *,
    flush_ms: int = 20,
    given: bool = False,
    facts: list[Fact] | None = None,
) -> Runner:
    """Run one test to its end, as fast as this machine can."""
    clock = VirtualClock()
    nodes: dict[str, VirtualNode] = {}
    runner = Runner(options, clock, lambda name, line: nodes[name].take(line))
    for i, name in enumerate(runner.names):
        adapter = Adapter(
            workload,
            Random(f"node {options.seed} {i}"),
            flush_ms=flush_ms,
            follow_topology=given,
            tell=facts.append if facts is not None else lambda _fact: None,
            complain=complain,
        )
        nodes[name] = VirtualNode(adapter, clock, runner.wrote)
    runner.begin()
    limit = clock.now() + int((options.seconds + 60) * SECOND)
    while not runner.finished:
        clock.step()
        assert clock.now() < limit, "the test does not end"
    return runner
