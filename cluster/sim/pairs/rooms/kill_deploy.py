"""Pair 14: five nodes are restarted one after the other, as a deploy does it. What do rooms lose?

The wrong way stops each node with SIGKILL, the right one asks it to leave: it gives its rooms away
alive, with their state, and goes only then. Half of the rooms keep their state in memory alone
("replication off"), the other half has checkpoints in the store: those outlive the kill as well, so
what a drain saves is the first half, and the time until somebody notices the death.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.config import MS, SECOND
from cluster.model.facts import Fact, RoomMoved
from cluster.model.member import NodeId
from cluster.model.rooms.naming import Keep
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.rooms.show import POINTS, Show
from cluster.sim.pairs.stage import Stage

NODES: Final = 5
EACH: Final = 20
"""Rooms of either keep."""
DOWN_US: Final = 2 * SECOND
"""What a new version takes to start."""
GONE_WITHIN_US: Final = 20 * SECOND
SERVING_WITHIN_US: Final = 20 * SECOND


class Count(Struct):
    """What came of one way."""

    ran: int = 0
    """Rooms that ran on nodes when those were stopped."""
    handed: int = 0
    """Of them, those that moved alive."""
    slowest_us: int = 0
    """The longest that a room was without service during its move."""
    acknowledged: int = 0
    lost_memory: int = 0
    lost_checkpoint: int = 0
    acknowledged_memory: int = 0
    acknowledged_checkpoint: int = 0
    steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same deploy, once by kill and once by drain."""
    kill = _Run("wrong", seed, progress).count
    drain = _Run("right", seed, progress).count
    return Outcome(
        steps=(*kill.steps, *drain.steps),
        wrong=_figures(kill),
        right=_figures(drain),
        claims=(
            check(
                "by kill: rooms that keep their state in memory lose acknowledged points",
                kill.lost_memory,
                ">",
                0,
                unit="points lost",
                of=kill.acknowledged_memory,
                of_what="acknowledged",
            ),
            check(
                "by kill: rooms with checkpoints lose none",
                kill.lost_checkpoint,
                "==",
                0,
                unit="points lost",
                of=kill.acknowledged_checkpoint,
                of_what="acknowledged",
            ),
            check(
                "by drain: every room that ran where a node was stopped was handed over alive",
                drain.ran - drain.handed,
                "==",
                0,
                unit="not handed over",
                of=drain.ran,
                of_what="rooms on stopped nodes",
            ),
            check(
                "by drain: no room loses a point, whatever it keeps",
                drain.lost_memory + drain.lost_checkpoint,
                "==",
                0,
                unit="points lost",
                of=drain.acknowledged,
                of_what="acknowledged",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("points acknowledged", count.acknowledged, "points"),
        Figure("lost by rooms in memory", count.lost_memory, "points"),
        Figure("lost by rooms with checkpoints", count.lost_checkpoint, "points"),
        Figure("rooms on stopped nodes", count.ran, "rooms"),
        Figure("of them, handed over alive", count.handed, "rooms"),
        Figure("longest without service while handed over", count.slowest_us // MS, "ms"),
    )


class _Run:
    """One way, from the first room to the last restart."""

    def __init__(self, way: Way, seed: int, progress: Progress | None) -> None:
        self.count = Count()
        self._stopping = ""
        stage = self._stage = Stage(way, seed, NODES, progress=progress, watcher=self._hear)
        self._show = Show(stage)
        kinds: tuple[Keep, ...] = ("memory", "checkpoint")
        self._rooms: list[tuple[str, Keep]] = [
            (f"{keep}-{n}", keep) for n in range(1, EACH + 1) for keep in kinds
        ]
        for room, keep in self._rooms:
            self._show.open(room, keep)
        self._score()
        stage.note(f"{2 * EACH} rooms are open, half of them in memory only, and score")
        for name in list(stage.names):
            self._restart(name)
            self._score()
        self._judge()
        self.count.steps = tuple(stage.steps)

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact.payload, RoomMoved) and fact.node == self._stopping:
            self.count.handed += 1
            self.count.slowest_us = max(self.count.slowest_us, fact.payload.lost_us)

    def _score(self) -> None:
        names = self._stage.names
        rooms = [room for room, _ in self._rooms]
        self._show.score([(names[i % len(names)], room) for i, room in enumerate(rooms)])

    def _restart(self, name: str) -> None:
        stage, count = self._stage, self.count
        ran = len(stage.node(name).rooms.running)
        count.ran += ran
        stage.names.remove(name)
        if stage.way == "wrong":
            stage.world.kill(name)
            stage.note(f"{name}, which ran {ran} rooms, is killed")
        else:
            self._stopping = name
            stage.world.leave(name)
            gone = lambda: stage.host(name).node is None  # noqa: E731
            took = stage.wait(gone, GONE_WITHIN_US, f"{name} has given everything away")
            self._stopping = ""
            stage.note(f"{name} gave {ran} rooms away and left after {took / SECOND:.1f} s")
        stage.run(DOWN_US)
        stage.names.append(name)
        stage.world.start(name, tuple(other for other in stage.names if other != name))
        stage.settle()
        stage.wait(self._serving, SERVING_WITHIN_US, "every room serves at its home")
        stage.note(f"{name} is back, every room serves")

    def _serving(self) -> bool:
        return all(self._show.serves_once(room) for room, _ in self._rooms)

    def _judge(self) -> None:
        count, at = self.count, NodeId(self._stage.names[0])
        for room, keep in self._rooms:
            told = self._show.acknowledged[room]
            lost = told - self._show.shown(at, room)[0]
            count.acknowledged += told
            if keep == "memory":
                count.lost_memory += lost
                count.acknowledged_memory += told
            else:
                count.lost_checkpoint += lost
                count.acknowledged_checkpoint += told
        self._stage.note(f"{count.acknowledged // POINTS} answers were acknowledged in all")
