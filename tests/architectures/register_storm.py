"""A mastered cluster in a storm: clients that try once, faults of all kinds, one judge at the end.

What a cluster of terms and votes promises is checked without knowing how it keeps it: its history
is linearizable, an acknowledged write is never lost, no term has two masters, and once all is
healed it serves again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from msgspec.structs import replace

from cluster.config import DEMO, MS, SECOND, ArchitectureConfig, ArchitectureName, ObserveConfig
from cluster.model.facts import Fact, ReignBegan
from cluster.model.judging.deeds import Deed
from cluster.model.member import NodeId
from cluster.model.versions import Versions
from cluster.protocol.effects import Response
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    WriteResponse,
)
from cluster.sim.faults.hand import Hand
from cluster.sim.faults.options import FaultsName, Options, draw
from cluster.sim.faults.schedule import Episode, plan
from cluster.sim.world import World

FOUNDERS = ("n1", "n2", "n3", "n4", "n5")
CLIENTS = 4
KEYS = 3
SERVES_WITHIN_US = 20 * SECOND
STORM: tuple[FaultsName, ...] = ("kills", "pauses", "partitions", "lossy", "disks", "clocks")
SPARED = ("join", "leave")
"""Wipes and rot hit one node only, the schedule's victim: a majority of the disks is never lost."""


@dataclass
class Storm:
    """One world and what its clients saw."""

    seed: int
    kind: ArchitectureName
    lasting_us: int = 30 * SECOND
    deeds: list[Deed] = field(default_factory=list[Deed])
    reigns: list[tuple[NodeId, int]] = field(default_factory=list[tuple[NodeId, int]])
    final: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def __post_init__(self) -> None:
        options = draw(self.seed, "hell", self.lasting_us, nodes=5)
        architecture = ArchitectureConfig(kind=self.kind, founders=FOUNDERS)
        config = replace(
            DEMO,
            architecture=architecture,
            ring=replace(DEMO.ring, partitions=8),
            observe=ObserveConfig(pulse_period_us=5 * SECOND, traced_messages_per_s=0),
        )
        self.world = World(self.seed, config, options.weather)
        self.world.watchers.append(self._witness)
        self.hand = Hand(self.world, self._episodes(options))
        self._open = 0
        self._stopped = False

    def _episodes(self, options: Options) -> tuple[Episode, ...]:
        found = [
            episode
            for name in STORM
            for episode in plan(replace(options, faults=name))
            if episode.kind not in SPARED
        ]
        found.sort(key=lambda e: (e.at, e.kind, e.subject))
        # Each kind comes at the pace at which it comes alone: every other one is enough together.
        chosen = found[:: 1 + self.seed % 3]
        return tuple(replace(e, number=i) for i, e in enumerate(chosen, 1))

    def _witness(self, fact: Fact) -> None:
        if isinstance(fact.payload, ReignBegan):
            self.reigns.append((fact.node, fact.payload.term))

    # --- clients --------------------------------------------------------------------------------

    def _next(self, client: int, rng: Random) -> None:
        if self._stopped:
            return
        self._ask(client, rng, f"k{rng.randrange(KEYS)}")

    def _ask(self, client: int, rng: Random, key: str) -> None:
        chance = rng.random()
        kind = "read" if chance < 0.5 else "delete" if chance > 0.95 else "write"
        node = rng.choice(FOUNDERS)
        number = len(self.deeds)
        value = f"w{number}" if kind == "write" else ""
        began = self.world.now
        self.deeds.append(
            Deed(number, client, kind, key, began, 0, "maybe", value, (), NodeId(node))
        )
        over = False

        def go_on() -> None:
            nonlocal over
            if not over:
                over = True
                think = int(rng.expovariate(1) * 60 * MS)
                self.world.after(think, lambda: self._next(client, rng))

        def answered(response: Response | None) -> None:
            self._open -= 1
            self.deeds[number] = _ended(self.deeds[number], response, self.world.now)
            go_on()

        self._open += 1
        self.world.after(3 * SECOND, go_on)
        raw = key.encode()
        match kind:
            case "read":
                self.world.ask(node, GetRequest(raw), answered)
            case "write":
                self.world.ask(node, PutRequest(raw, value.encode()), answered)
            case _:
                self.world.ask(node, DeleteRequest(raw), answered)

    # --- the run --------------------------------------------------------------------------------

    def run(self) -> None:
        """The storm, the heal, and what is left."""
        world = self.world
        self.hand.found(list(FOUNDERS))
        world.run(world.now + 3 * SECOND)
        self.hand.play()
        for client in range(CLIENTS):
            self._next(client, world.dice.stream(f"client/{client}"))
        world.run(world.now + self.lasting_us)
        self.hand.heal()
        world.run(world.now + 5 * SECOND)
        self._stopped = True
        assert world.until(lambda: not self._open, 10 * SECOND), "an operation was never answered"
        self.final = {f"k{k}": self._read(f"k{k}") for k in range(KEYS)}

    def _read(self, key: str) -> tuple[str, ...]:
        """What any node says, once the cluster serves again."""
        found: list[Versions] = []
        end = self.world.now + SERVES_WITHIN_US
        while not found and self.world.now < end:
            box: list[Response | None] = []
            self.world.ask("n3", GetRequest(key.encode()), box.append)
            self.world.until(lambda box=box: bool(box), 3 * SECOND)
            if box and isinstance(box[0], ReadResponse):
                found.append(box[0].versions)
            else:
                self.world.run(self.world.now + 200 * MS)
        assert found, (
            f"seed {self.seed}: {key} cannot be read {SERVES_WITHIN_US / SECOND:g} s after"
        )
        return tuple(s.value.decode() for s in found[0].siblings if s.value is not None)


def _ended(deed: Deed, response: Response | None, now: int) -> Deed:
    match response:
        case ReadResponse(versions):
            told = tuple(s.value.decode() for s in versions.siblings if s.value is not None)
            return replace(deed, ended=now, outcome="ok", told=told)
        case WriteResponse(outcome="ok"):
            return replace(deed, ended=now, outcome="ok")
        case Refusal():
            return replace(deed, ended=now, outcome="failed")
        case _:
            return replace(deed, ended=now, outcome="maybe")
