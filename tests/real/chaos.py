"""A chaos run's parts: the schedule that a seed draws, and counters that must come out exact.

A schedule is data and is printed whole before anything happens, so that a failure can be told and
run again. One fault at a time: the promise that nothing acknowledged is lost holds while fewer
than W disks are gone, and a second fault before the first is mended would take it away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Final, Literal

from msgspec import Struct

from cluster.api.client import PeerClient
from cluster.lab.slots import Door
from cluster.model.member import NodeId
from cluster.model.values.typed import typed
from cluster.model.values.update import CounterAdd
from cluster.protocol.messages import ReadResponse, Refusal

Kind = Literal["kill", "pause", "cut", "partition", "isolate", "wipe"]
LASTS_S: Final[dict[Kind, tuple[float, float]]] = {
    "kill": (1.0, 11.0),  # past evict_after: the ring goes on without it, now and then
    "pause": (0.5, 6.0),
    "cut": (2.0, 6.0),
    "partition": (2.0, 11.0),
    "isolate": (2.0, 9.0),
    "wipe": (0.5, 4.0),
}
COUNTERS: Final = 8
PATIENCE_S: Final = 1.5


class Act(Struct, frozen=True):
    """One fault: to whom, for how long."""

    kind: Kind
    whom: tuple[NodeId, ...]
    lasts_s: float

    def __str__(self) -> str:
        return f"{self.kind} {' '.join(self.whom)} for {self.lasts_s:.1f} s"


def schedule(random: Random, names: Sequence[NodeId], acts: int) -> list[Act]:
    """Faults of every kind in a random order, again and again."""
    drawn: list[Act] = []
    while len(drawn) < acts:
        kinds = list(LASTS_S)
        random.shuffle(kinds)
        for kind in kinds:
            count = {"cut": 2, "partition": random.choice((1, 2))}.get(kind, 1)
            whom = tuple(sorted(random.sample(list(names), count)))
            drawn.append(Act(kind, whom, random.uniform(*LASTS_S[kind])))
    return drawn[:acts]


class Counting:
    """Players that press buttons: each press adds one to a counter, through any node, once.

    An addition is not asked again when nobody knows whether it landed, so a counter must end
    between what was acknowledged and that plus what may have been.
    """

    def __init__(self, cluster: str, per_s: float, random: Random) -> None:
        self.acknowledged = [0] * COUNTERS
        self.maybe = [0] * COUNTERS
        self.refused = 0
        self._cluster = cluster
        self._period_s = 1 / per_s
        self._random = random
        self._clients: dict[str, PeerClient] = {}
        self._presses: set[asyncio.Task[None]] = set()

    async def run(self, doors: Sequence[Door]) -> None:
        """Until cancelled."""
        while True:
            door = doors[self._random.randrange(len(doors))]
            press = asyncio.create_task(self._press(door, self._random.randrange(COUNTERS)))
            self._presses.add(press)
            press.add_done_callback(self._presses.discard)
            await asyncio.sleep(self._period_s)

    async def settle(self) -> None:
        """Wait for what is under way."""
        while self._presses:
            await asyncio.wait(self._presses)

    async def close(self) -> None:
        """Hang up everywhere."""
        for press in self._presses:
            press.cancel()
        await asyncio.gather(*self._presses, return_exceptions=True)
        for client in self._clients.values():
            await client.close()

    async def read(self, door: Door, which: int) -> int:
        """What a counter holds, as R replicas say."""
        answer = await self._client(door).get(_key(which))
        assert isinstance(answer, ReadResponse), f"{door.name} does not read {which}: {answer}"
        found = typed(answer.versions)
        if found is None:
            return 0
        kind, value = found
        assert kind == "counter"
        assert isinstance(value, int)
        return value

    async def _press(self, door: Door, which: int) -> None:
        answer = await self._client(door).update(_key(which), CounterAdd(1))
        if isinstance(answer, Refusal) or answer.outcome == "not written":
            self.refused += 1
        elif answer.outcome == "ok":
            self.acknowledged[which] += 1
        else:
            self.maybe[which] += 1

    def _client(self, door: Door) -> PeerClient:
        client = self._clients.get(door.gossip)
        if client is None:
            client = PeerClient(door.gossip, cluster=self._cluster, timeout_s=PATIENCE_S)
            self._clients[door.gossip] = client
        return client


def _key(which: int) -> bytes:
    return f"button/{which}".encode()
