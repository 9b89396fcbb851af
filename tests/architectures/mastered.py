"""A small cluster of one architecture, and short words for what is done to it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from cluster.config import DEMO, SECOND, ArchitectureConfig, ArchitectureName
from cluster.model.facts import Fact
from cluster.model.member import NodeId
from cluster.model.summary import Rule
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request
from cluster.protocol.messages import (
    GetRequest,
    PutRequest,
    ReadResponse,
    WriteResponse,
)
from cluster.protocol.node import Node
from cluster.sim.world import World

FOUNDERS = ("n1", "n2", "n3", "n4", "n5")
PATIENCE_US = 5 * SECOND


class Mastered:
    """Five founders that have found each other and their master."""

    def __init__(self, kind: ArchitectureName, seed: int = 1, queue_max: int = 64) -> None:
        architecture = ArchitectureConfig(kind=kind, founders=FOUNDERS, queue_max=queue_max)
        self.world = World(seed, replace(DEMO, architecture=architecture))
        self.facts: list[Fact] = []
        self.world.watchers.append(self.facts.append)
        for name in FOUNDERS:
            self.start(name)
        self.wait(3)

    def start(self, name: str) -> None:
        """Start a node, with some that run as seeds."""
        others = [n for n, host in self.world.hosts.items() if host.node is not None]
        self.world.start(name, tuple(others[:2]))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run(self.world.now + int(seconds * SECOND))

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> bool:
        """Run until it holds; False if it does not within so many seconds."""
        return self.world.until(condition, int(seconds * SECOND))

    def ask(self, node: str, request: Request) -> Response | None:
        """Be a client that waits for its answer."""
        box: list[Response | None] = []
        self.world.ask(node, request, box.append)
        assert self.world.until(lambda: bool(box), PATIENCE_US), f"{node} never answered"
        return box[0]

    def put(self, node: str, key: str, value: str) -> str:
        """The outcome of a write, or what refused it."""
        answer = self.ask(node, PutRequest(key.encode(), value.encode()))
        return answer.outcome if isinstance(answer, WriteResponse) else getattr(answer, "error", "")

    def get(self, node: str, key: str) -> str:
        """A value, "" for absent, or what refused the read after an exclamation mark."""
        answer = self.ask(node, GetRequest(key.encode()))
        if isinstance(answer, ReadResponse):
            values = [s.value for s in answer.versions.siblings if s.value is not None]
            return b"|".join(values).decode()
        return f"!{getattr(answer, 'error', '')}"

    def node(self, name: str) -> Node:
        """A running node."""
        node = self.world.host(name).node
        assert node is not None
        return node

    def rule(self, name: str) -> Rule:
        """Whom a node takes for the master."""
        return self.node(name).policy.rule()

    def masters(self) -> list[NodeId]:
        """Who runs and acts as master."""
        return [
            name
            for name, host in self.world.hosts.items()
            if host.running and host.node is not None and host.node.policy.rule().leads
        ]

    def told(self, kind: type) -> list[Fact]:
        """All facts of a kind so far."""
        return [fact for fact in self.facts if isinstance(fact.payload, kind)]

    def copies(self, name: str) -> dict[bytes, str]:
        """What is on a node's disk."""
        disk = self.world.host(name).disk
        found: dict[bytes, str] = {}
        for partition, key in disk.places():
            record = disk.record(partition, key)
            if record is not None:
                found[key] = repr(record.versions)
        return found

    def cut(self, *side: str) -> None:
        """Split the cluster: these nodes, and all others."""
        network = self.world.network
        for a in self.world.hosts:
            for b in self.world.hosts:
                if (a in side) != (b in side):
                    network.cut(a, b)

    def heal(self) -> None:
        """Mend all links."""
        self.world.network.heal()
