"""A cluster of one architecture in a world of its own: founded, hurt by a plan, healed, read whole.

Decides when such a cluster has formed and when it has settled after everything: one view, one
table, one master where there is one, nothing owed to anybody, and equal copies at all owners of
every key. Both are awaited within bounds; one that does not settle is read as it is. Ignores what
the clients were told (`play`).
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from cluster.config import DEMO, MS, SECOND, ArchitectureConfig, ArchitectureName, ObserveConfig
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.protocol.effects import Response
from cluster.protocol.messages import GetRequest, ReadResponse
from cluster.protocol.node import Node
from cluster.sim.compare.clients import values
from cluster.sim.compare.schedules import FOUNDERS, Plan, instead
from cluster.sim.dice import Dice
from cluster.sim.faults.hand import Hand
from cluster.sim.network import Weather
from cluster.sim.world import World

FORMED_WITHIN_US: Final = 20 * SECOND
SETTLED_WITHIN_US: Final = 25 * SECOND
LOOK_US: Final = 100 * MS
"""Between two looks whether it has settled."""
AT_ONCE: Final = 16
"""Keys read at the same time in the end; a `primary` takes one after the other."""
TRIES: Final = 4
"""For each key, each at another node."""
ANSWERED_WITHIN_US: Final = 10 * SECOND
SLOWEST_US: Final = (1_000, 1_500, 3_000, 6_000)
"""The slowest usual latency of a world's network is one of these."""


class NotFormedError(Exception):
    """The founders did not find each other. A defect of the cluster, not a figure of it."""


class Ground:
    """A world as its clients see it (`clients.Ground`)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.at = world.at
        self.after = world.after
        self.ask = world.ask

    @property
    def now(self) -> int:
        """The world's time."""
        return self._world.now

    def takes(self, name: NodeId) -> bool:
        """Whether there is a process, be it a stopped one, to take a connection."""
        return self._world.host(name).node is not None


class Stage:
    """One architecture under one plan."""

    def __init__(self, architecture: ArchitectureName, plan: Plan) -> None:
        self.architecture = ArchitectureConfig(kind=architecture, founders=FOUNDERS)
        observe = ObserveConfig(pulse_period_us=SECOND, traced_messages_per_s=0)
        config = replace(DEMO, architecture=self.architecture, observe=observe)
        slowest = Dice(plan.seed).stream("weather").choice(SLOWEST_US)
        self.world = World(plan.seed, config, Weather(latency_us=(150, slowest)))
        self.plan = plan
        self.hand = Hand(self.world, ())

    def found(self) -> None:
        """Start the founders, and wait until they serve. Raises NotFormedError."""
        self.hand.found(list(FOUNDERS))
        if not self.world.until(self.agreed, FORMED_WITHIN_US):
            kind = self.architecture.kind
            raise NotFormedError(f"seed {self.world.seed}: five {kind} nodes found no agreement")
        self.plan = instead(self.plan, self.master)
        self.hand.intend(self.plan.episodes)

    @property
    def master(self) -> NodeId:
        """Whom the first node takes for the master."""
        return self._running()[0].policy.rule().master

    def node(self, name: str) -> Node:
        """A running node."""
        node = self.world.host(name).node
        assert node is not None, f"{name} does not run"
        return node

    def _running(self) -> list[Node]:
        found = [self.world.host(name).node for name in self.hand.expected]
        return [node for node in found if node is not None]

    # --- agreement -----------------------------------------------------------------------------

    def agreed(self) -> bool:
        """All run, with one view, one table and one master; nobody waits for anything."""
        nodes = self._running()
        if len(nodes) != len(self.hand.expected):
            return False
        first = nodes[0]
        rule, view = first.policy.rule(), first.members.digest()
        ring = first.placement.ring.digest
        everybody = {NodeId(name) for name in self.hand.expected}
        if not rule.master and self.architecture.kind != "masterless":
            return False
        return everybody <= set(first.members.claims) | {first.name} and all(
            node.members.digest() == view
            and node.placement.ring.digest == ring
            and node.policy.rule().master == rule.master
            and node.policy.rule().leads == (node.name == rule.master)
            and not node.transfers.filling
            and not node.hints.depths()
            for node in nodes
        )

    def settle(self, keys: list[str]) -> int | None:
        """Wait until it has settled; returns how long that took. None: not within the bound."""
        began = self.world.now
        while not (self.agreed() and self._equal(keys)):
            if self.world.now - began >= SETTLED_WITHIN_US:
                return None
            self.world.run(self.world.now + LOOK_US)
        return self.world.now - began

    def _equal(self, keys: list[str]) -> bool:
        ring = self._running()[0].placement.ring
        hosts = self.world.hosts
        for key in keys:
            raw = key.encode()
            partition = partition_of(raw, ring.partitions)
            held = [hosts[name].disk.record(partition, raw) for name in ring.owners[partition]]
            first = held[0].versions if held[0] is not None else None
            if any((r.versions if r is not None else None) != first for r in held[1:]):
                return False
        return True

    # --- reading everything --------------------------------------------------------------------

    def read(self, keys: list[str]) -> dict[str, tuple[str, ...]]:
        """Every key, each from one node or another. What nobody answers is missing."""
        final: dict[str, tuple[str, ...]] = {}
        for turn in range(TRIES):
            missing = [key for key in keys if key not in final]
            for start in range(0, len(missing), AT_ONCE):
                final.update(self._read_some(missing[start : start + AT_ONCE], turn))
        return final

    def _read_some(self, keys: list[str], turn: int) -> dict[str, tuple[str, ...]]:
        names = [node.name for node in self._running()]
        told: dict[str, Response] = {}
        for place, key in enumerate(keys):
            name = names[(place + turn) % len(names)]
            request = GetRequest(key.encode())
            self.world.ask(name, request, lambda found, key=key: told.update({key: found}))
        self.world.until(lambda: len(told) == len(keys), ANSWERED_WITHIN_US)
        return {
            key: values(found.versions)
            for key, found in told.items()
            if isinstance(found, ReadResponse)
        }
