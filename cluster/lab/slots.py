"""A node's place in the lab: its name, disk and ports, through all its lives."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from cluster.lab.processes import NodeProcess
from cluster.lab.witness import LabError
from cluster.model.member import Address, NodeId

ANY_PORT: Final = Address("127.0.0.1:0")
NODES_MAX: Final = 30
SEEDS: Final = 3
"""How many running nodes a starting one is told of."""


class Door(Struct, frozen=True):
    """Where clients reach one node. It may be dead: clients are not told."""

    name: NodeId
    gossip: Address
    window: Address


class Slot:
    """One name. `process` is its present life, None between two."""

    def __init__(self, name: NodeId, data: Path) -> None:
        self.name = name
        self.data = data
        self.gossip = ANY_PORT
        self.window = ANY_PORT
        self.process: NodeProcess | None = None
        self.starting = False
        self.gone = asyncio.Event()
        self.left = False
        self.wiped = False
        """Its disk was taken away and it has not been started since."""
        self.last_words = ""
        """The last line the last life wrote to its standard error."""
        self.told: frozenset[NodeId] = frozenset()
        """From whom its present life knows itself cut off."""
        self.loses = 0.0
        """Which part of its packets its present life was told to lose."""
        self.late_ms = 0
        """How much later its present life was told to send everything."""


def natural(name: str) -> tuple[str, int]:
    """n2 before n10."""
    match = re.search(r"\d+$", name)
    return (name[: match.start()], int(match.group())) if match else (name, -1)


class Slots:
    """All of them, by name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._by_name: dict[NodeId, Slot] = {}
        self._given = 0

    def new(self) -> Slot:
        """Under a name never used here before."""
        if len(self.present()) >= NODES_MAX:
            raise LabError(f"{NODES_MAX} nodes are as many as this lab runs.")
        self._given += 1
        name = NodeId(f"n{self._given}")
        slot = self._by_name[name] = Slot(name, self.root / name)
        return slot

    def drop(self, slot: Slot) -> None:
        """It never came up."""
        self._by_name.pop(slot.name, None)

    def present(self) -> list[Slot]:
        """Those that have not left, alive or not, in natural order."""
        slots = (slot for slot in self._by_name.values() if not slot.left)
        return sorted(slots, key=lambda slot: natural(slot.name))

    def names(self) -> tuple[NodeId, ...]:
        """The names of `present`."""
        return tuple(slot.name for slot in self.present())

    def running(self) -> list[Slot]:
        """Those with a process that is not paused."""
        return [s for s in self.present() if s.process is not None and not s.process.paused]

    def all(self) -> list[Slot]:
        """Also those that left."""
        return list(self._by_name.values())

    def get(self, name: NodeId) -> Slot:
        """The slot of a name, or a LabError that lists the names there are."""
        slot = self._by_name.get(name)
        if slot is None:
            raise LabError(f"There is no node {name} here, only {', '.join(self.names())}.")
        return slot

    def process(self, name: NodeId) -> NodeProcess:
        """Its running or paused process, or a LabError."""
        process = self.get(name).process
        if process is None:
            raise LabError(f"{name} is not running; start it again first.")
        return process

    def seeds(self, name: NodeId) -> tuple[Address, ...]:
        """A few running nodes for `name` to join through."""
        return tuple(slot.gossip for slot in self.running() if slot.name != name)[:SEEDS]
