"""A stage for real-process tests: a lab, the quiz, and an observer that folds what nodes report.

Tests wait for conditions on the folded view, to generous deadlines, and never for time to pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from random import Random
from time import time_ns

from cluster.api.operator import WindowClient, WindowError
from cluster.config import ProfileName
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
from tui.agreement import agreement
from tui.fold import fold
from tui.standing import standings
from tui.verdict import verdict
from tui.view import ClusterView

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
        self, nodes: int, *, answers_per_s: float = 40.0, profile: ProfileName = "demo"
    ) -> None:
        self.facts: list[Fact] = []
        """Faults, processes, doubts, beliefs that changed, counts of the quiz: of all lives."""
        self.view = ClusterView()
        self._news = asyncio.Event()
        self._watching: dict[NodeId, asyncio.Task[None]] = {}
        witness = Witness(self._take_one)
        self.lab = Lab(LabOptions(nodes=nodes, profile=profile), witness)
        self.quiz = Workload(
            WorkloadOptions(answers_per_s=answers_per_s),
            witness,
            Random(SEED),
            self.lab.doors,
            PeerLines(self.lab.cluster),
        )

    # --- observing -------------------------------------------------------------------------------

    def _take_one(self, fact: Fact) -> None:
        self._take([fact])
        for name in self.lab.slots.names():
            if name not in self._watching:
                self._watching[name] = asyncio.create_task(self._watch(name))

    def _take(self, facts: list[Fact]) -> None:
        self.view = fold(self.view, facts)
        self.facts += [fact for fact in facts if isinstance(fact.payload, KEPT)]
        self._news.set()

    async def _watch(self, name: NodeId) -> None:
        known: tuple[int, int] | None = None
        while True:
            window = self.lab.windows().get(name)
            if window is not None:
                try:
                    async with WindowClient(window) as client:
                        async for facts in client.facts(known):
                            known = (facts[-1].epoch, facts[-1].seq)
                            self._take(facts)
                except WindowError:
                    pass
            await asyncio.sleep(0.02)

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
        return sum(depth.count for node in self.view.nodes.values() for depth in node.hints)

    def filling(self) -> int:
        """Partitions that new owners still fill, everywhere."""
        return sum(node.filling for node in self.view.nodes.values())

    def held(self, state: MemberState) -> list[tuple[NodeId, NodeId]]:
        """(observer, subject) whenever a belief became this state."""
        return [
            (fact.node, fact.payload.claim.name)
            for fact in self.facts
            if isinstance(fact.payload, MemberChanged) and fact.payload.claim.state is state
        ]

    def outages(self) -> list[int]:
        """When half a second passed in which nobody was answered.

        Times at which the players themselves did not get to run say nothing about the cluster.
        """
        counts = [f.payload for f in self.facts if isinstance(f.payload, WorkloadCounted)]
        return [
            two.acknowledged
            for one, two in pairwise(counts)
            if one.successes + two.successes == 0
            and two.acknowledged > 0
            and max(one.interval_us, two.interval_us) < 400_000
        ]

    async def answers(self, count: int) -> None:
        """Wait until the quiz has so many more acknowledged answers."""
        wanted = self.quiz.acknowledged + count
        await self.until(lambda: self.quiz.acknowledged >= wanted, f"{count} more answers")

    async def close(self) -> None:
        await self.quiz.stop()
        for task in self._watching.values():
            task.cancel()
        await asyncio.gather(*self._watching.values(), return_exceptions=True)
        await self.lab.stop()


@asynccontextmanager
async def stage(nodes: int = 5, *, answers_per_s: float = 40.0) -> AsyncGenerator[Stage]:
    """A running cluster on which everyone agrees, with the quiz under way."""
    made = Stage(nodes, answers_per_s=answers_per_s)
    try:
        await made.lab.start()
        await made.until(made.all_alive, "all nodes see all nodes")
        made.quiz.start()
        await made.answers(40)
        yield made
    finally:
        await made.close()
