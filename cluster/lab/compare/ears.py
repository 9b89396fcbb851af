"""What the nodes of a comparison say: the few facts that its figures need, from every window.

A lost connection is tried again and resumes after the last fact known. What a process said to
nobody before it was killed stays unknown; that it is gone the lab has seen itself.
"""

from __future__ import annotations

import asyncio
from typing import Final

from cluster.api.operator import WindowClient, WindowError
from cluster.lab.nodes import Lab
from cluster.model.facts import (
    Fact,
    ProcessObserved,
    PulseReported,
    ReignBegan,
    ReignEnded,
    RingChanged,
    SnapshotTaken,
    WritesDiscarded,
)
from cluster.model.member import NodeId

KEPT: Final = (ProcessObserved, ReignBegan, ReignEnded, RingChanged, SnapshotTaken, WritesDiscarded)
AGAIN_S: Final = 0.05
FACTS_MAX: Final = 20_000
"""Far more than the faults of one schedule cause; past it the oldest are not forgotten, the newest
are not kept."""


class Ears:
    """Follows windows until closed."""

    def __init__(self) -> None:
        self._facts: list[Fact] = []
        self._tasks: dict[NodeId, asyncio.Task[None]] = {}
        self.messages = 0
        """That nodes have said they sent."""

    def hear(self, fact: Fact) -> None:
        """One more fact, the lab's or a node's."""
        if isinstance(fact.payload, PulseReported):
            self.messages += sum(fact.payload.sent.values())
        elif isinstance(fact.payload, KEPT) and len(self._facts) < FACTS_MAX:
            self._facts.append(fact)

    def facts(self) -> list[Fact]:
        """All that was kept, in the order of their stamps."""
        return sorted(self._facts, key=lambda fact: (fact.at, fact.node, fact.seq))

    def follow(self, lab: Lab, name: NodeId) -> None:
        """Listen to a node from now on, through all its lives."""
        if name not in self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks[name] = loop.create_task(self._listen(lab, name))

    async def _listen(self, lab: Lab, name: NodeId) -> None:
        since: tuple[int, int] | None = None
        while True:
            try:
                async with WindowClient(lab.slots.get(name).window) as window:
                    async for facts in window.facts(since):
                        for fact in facts:
                            since = (fact.epoch, fact.seq)
                            self.hear(fact)
            except WindowError:
                pass  # it is dead, or starts just now
            await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        """Hang up everywhere."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
