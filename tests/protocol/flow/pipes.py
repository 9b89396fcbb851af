"""Pipelines in a small world: how tests declare them, and what they read of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cluster.config import SECOND
from cluster.model.facts import FlowMeasured
from cluster.model.flow.pipeline import FlowSpec, StageRow, StageSpec, Way
from cluster.model.member import NodeId
from cluster.protocol.flow.messages import FlowAsk, FlowItems
from cluster.protocol.flow.stage import Stage
from cluster.protocol.inputs import FlowCommand
from tests.world import World

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")
COST_US = 5_000
"""What the relay takes for an item: it does 200 a second."""


def three(
    way: Way,
    *,
    name: str = "quiz",
    rate: int = 1_000,
    lasting_s: float = 0,
    demand: int = 100,
    queue: int = 100,
    nodes: tuple[NodeId, NodeId, NodeId] = (N1, N2, N3),
    worker: str = "",
    limit: int = 0,
) -> FlowSpec:
    """A source, a slow relay and a quick consumer, five times as much arriving as the relay does."""
    return FlowSpec(
        name,
        way,
        (
            StageSpec("answers", "producer", nodes[0], rate_per_s=rate),
            StageSpec(
                "grade", "relay", nodes[1], cost_us=COST_US, worker=worker, limit_per_s=limit
            ),
            StageSpec("store", "consumer", nodes[2], cost_us=1_000),
        ),
        max_demand=demand,
        queue_max=queue,
        lasting_us=int(lasting_s * SECOND),
    )


def world_of(size: int, seed: int = 1) -> World:
    world = World(size, seed)
    world.until(world.agreed, 20, "the nodes agree")
    return world


def declare(world: World, spec: FlowSpec, at: str = "n1") -> None:
    assert world.call(at, FlowCommand(spec)) is None


def stage(world: World, index: int, name: str = "quiz") -> Stage:
    """A running stage, wherever it runs."""
    found = [node.flows.stages.get((name, index)) for node in world.live()]
    (only,) = [each for each in found if each is not None]
    return only


def rows(world: World, index: int, name: str = "quiz") -> list[StageRow]:
    """All that was told of one stage."""
    told = [f for f in world.told(FlowMeasured) if f.flow == name]
    return [row for f in told for row in f.rows if row.index == index]


class Books:
    """The counters of all lives of all stages, kept across deaths."""

    def __init__(self, world: World, name: str = "quiz") -> None:
        self._world = world
        self._name = name
        self._dead: Counter[str] = Counter()

    def _of(self, stages: Iterable[Stage]) -> Counter[str]:
        found: Counter[str] = Counter()
        for each in stages:
            if each.source is not None:
                found["arrived"] += each.source.arrived(self._world.now)
                found["waiting"] += each.source.waiting(self._world.now)
            found["refused"] += each.refused
            found["queued"] += each.held
            if each.outlet is not None:
                found["lost"] += each.outlet.lost
                found["unsure"] += each.outlet.unsure
            else:
                found["delivered"] += each.left
        return found

    def _here(self, name: str) -> list[Stage]:
        node = self._world.node(name)
        return [s for (flow, _), s in node.flows.stages.items() if flow == self._name]

    def kill(self, name: str) -> None:
        """Kill a node, remembering what it had counted. What its stages held is lost."""
        self._dead += self._of(self._here(name))
        self._dead["died with"] += self._dead.pop("queued", 0)
        self._world.kill(name)

    def balance(self) -> Counter[str]:
        """All of it, of living and dead stages."""
        found = self._dead.copy()
        for host in self._world.hosts.values():
            if host.node is not None:
                found += self._of(self._here(host.name))
        return found

    def quiet(self) -> bool:
        """Whether no living stage holds anything, and nothing waits at a living source."""
        living = self.balance() - self._dead
        return not living["queued"] and not living["waiting"]

    @staticmethod
    def missing(books: Counter[str]) -> int:
        """Items that are nowhere: not done, not refused, not waiting, not in any stage."""
        known = ("delivered", "refused", "waiting", "queued")
        return books["arrived"] - sum(books[what] for what in known)


def asked_and_sent(world: World) -> tuple[dict[object, int], dict[object, int]]:
    """Per link: the most that was ever asked for on it, and the items that were sent on it."""
    asked: dict[object, int] = {}
    sent: dict[object, int] = {}
    for sender, to, packet in world.sent:
        match packet.body:
            case FlowAsk() as ask:
                link = (ask.flow, ask.stage, to, ask.epoch, sender, ask.link)
                asked[link] = max(asked.get(link, 0), ask.asked)
            case FlowItems() as body if body.items:
                link = (body.flow, body.stage - 1, sender, packet.epoch, to, body.link)
                sent[link] = sent.get(link, 0) + len(body.items)
                assert sent[link] <= asked.get(link, 0), f"more than asked on {link}"
            case _:
                pass
    return asked, sent
