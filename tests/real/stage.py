"""A stage for real-process tests: a lab, the quiz, and an observer that folds what nodes report.

Tests wait for conditions on the folded view, to generous deadlines, and never for time to pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from random import Random
from time import time_ns

from cluster.config import ArchitectureName
from cluster.lab.nodes import Lab, LabOptions
from cluster.lab.quiz.lines import PeerLines
from cluster.lab.quiz.workload import Workload, WorkloadOptions
from cluster.lab.witness import Witness
from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    MemberChanged,
    ProcessObserved,
    SuspicionRaised,
    WorkloadCounted,
)
from cluster.model.member import MemberState, NodeId
from tests.real.disk import DiskWatch
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.standing import standings
from tui.judge.verdict import verdict
from tui.sources.live import LiveSource
from tui.view import ClusterView, NodeView

SEED = 2_024
KEPT = (
    FaultHealed,
    FaultInjected,
    MemberChanged,
    ProcessObserved,
    SuspicionRaised,
    WorkloadCounted,
)


def now() -> int:
    return time_ns() // 1_000


class Stage:
    """Everything a test needs to hurt a cluster and to see what it thinks of that."""

    def __init__(
        self,
        nodes: int,
        *,
        answers_per_s: float = 40.0,
        seed: int = SEED,
        architecture: ArchitectureName = "masterless",
    ) -> None:
        self.facts: list[Fact] = []
        """Faults, processes, doubts, beliefs that changed, counts of the quiz: of all lives."""
        self.view = ClusterView()
        self._news = asyncio.Event()
        self.disk = DiskWatch()
        self._source = LiveSource()
        self._observing: asyncio.Task[None] | None = None
        witness = Witness(self._take_lab)
        self.lab = Lab(LabOptions(nodes=nodes, architecture=architecture), witness)
        self.quiz = Workload(
            WorkloadOptions(answers_per_s=answers_per_s),
            witness,
            Random(seed),
            self.lab.doors,
            PeerLines(self.lab.cluster),
        )

    # --- observing -------------------------------------------------------------------------------

    def _take_lab(self, fact: Fact) -> None:
        self._source.notice(fact)
        self._take(fact)

    def _take(self, fact: Fact) -> None:
        self.view = fold(self.view, [fact])
        if isinstance(fact.payload, KEPT):
            self.facts.append(fact)
        self._news.set()

    async def until(self, condition: Callable[[], bool], what: str, within_s: float = 30.0) -> None:
        """Wait until it holds. When it does not, say what was seen instead."""
        deadline = asyncio.get_running_loop().time() + within_s
        while not condition():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                said = verdict(self.view, now()).text
                raise AssertionError(f"not within {within_s} s: {what}\nverdict: {said}")
            self._news.clear()
            try:
                async with asyncio.timeout(min(left, 0.1)):
                    await self._news.wait()
            except TimeoutError:
                pass

    # --- what is seen ----------------------------------------------------------------------------

    def all_alive(self) -> bool:
        """Every node is alive in every live view, and all use one ring."""
        seen = standings(self.view, now())
        if not set(self.lab.slots.names()) <= set(seen):
            return False
        words = {seen[name].word for name in self.lab.slots.names()}
        rings = {n.ring.digest for n in self.view.nodes.values() if n.ring and n.connected}
        return words == {"alive"} and self.agree() and len(rings) == 1

    def agree(self) -> bool:
        """Every live view is the same."""
        judged = agreement(self.view, now())
        return judged.all and len(judged.observers) == len(self.lab.slots.running())

    def state(self, name: NodeId) -> MemberState | None:
        """What the majority believes of a node."""
        return agreement(self.view, now()).state(name)

    def hints(self) -> int:
        """Writes kept for absent members, everywhere."""
        return sum(depth.count for node in self._present() for depth in node.hints)

    def filling(self) -> int:
        """Partitions that new owners still fill, everywhere."""
        return sum(node.filling for node in self._present())

    def _present(self) -> list[NodeView]:
        """What those who have not left said last."""
        return [self.view.nodes[name] for name in self.lab.slots.names() if name in self.view.nodes]

    def held(self, state: MemberState) -> list[tuple[NodeId, NodeId]]:
        """(observer, subject) whenever a belief became this state."""
        return [
            (fact.node, fact.payload.claim.name)
            for fact in self.facts
            if isinstance(fact.payload, MemberChanged) and fact.payload.claim.state is state
        ]

    def outages(self) -> list[int]:
        """When half a second passed in which no answer was acknowledged.

        Times at which the disk stood still, or the players themselves did not get to run, say
        nothing about the cluster.
        """
        counts = [
            (fact.at, fact.payload)
            for fact in self.facts
            if isinstance(fact.payload, WorkloadCounted) and fact.payload.acknowledged > 0
        ]
        return [
            at
            for (_, before), (_, one), (at, two) in zip(
                counts, counts[1:], counts[2:], strict=False
            )
            if two.acknowledged == before.acknowledged
            and max(one.interval_us, two.interval_us) < 400_000
            and not self.disk.stalled(at - one.interval_us - two.interval_us, at)
        ]

    async def answers(self, count: int) -> None:
        """Wait until the quiz has so many more acknowledged answers."""
        wanted = self.quiz.acknowledged + count
        await self.until(lambda: self.quiz.acknowledged >= wanted, f"{count} more answers")

    async def start(self) -> None:
        self.disk.start()
        self._observing = asyncio.create_task(self._source.run(self._take))
        await self.lab.start()
        await self.until(self.all_alive, "all nodes see all nodes")
        self.quiz.start()
        await self.answers(40)

    async def close(self) -> None:
        await self.quiz.stop()
        if self._observing is not None:
            self._observing.cancel()
            await asyncio.gather(self._observing, return_exceptions=True)
        await self.lab.stop()
        self.disk.stop()


@asynccontextmanager
async def stage(
    nodes: int = 5,
    *,
    answers_per_s: float = 40.0,
    seed: int = SEED,
    architecture: ArchitectureName = "masterless",
) -> AsyncGenerator[Stage]:
    """A running cluster on which everyone agrees, with the quiz under way."""
    made = Stage(nodes, answers_per_s=answers_per_s, seed=seed, architecture=architecture)
    try:
        await made.start()
        yield made
    finally:
        await made.close()
