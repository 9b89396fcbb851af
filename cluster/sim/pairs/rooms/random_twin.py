"""Pair 13: both sides of a split run one room and score in it. What is left when it heals?

The wrong way is a registry that lets a coin decide which of two processes lives on, and ends the
other with all it knew (what Erlang's `global` does by default: it kills one of them at random). It
is played by the same nodes: only the room's `merge` is another, which keeps one side's state and
forgets the other's. The coin is the two states' checksums, so that equal seeds toss it equally.

The right way is the bundled quiz: the winner is decided by rule on every node, and what the loser
had counted is merged into it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from random import Random
from typing import Final
from zlib import crc32

from msgspec import Struct

from cluster.config import SECOND
from cluster.model.member import NodeId
from cluster.model.rooms.game import Game, merged, packed
from cluster.model.rooms.kinds import BEHAVIOURS
from cluster.model.rooms.quiz import QuizBehaviour
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.rooms.show import POINTS, Show
from cluster.sim.pairs.stage import Stage

NODES: Final = 5
ROOM: Final = "room-7"
COIN: Final = "coin"
PLAYERS: Final = 12
"""On each side."""
SPLIT_WITHIN_US: Final = 15 * SECOND
ONE_WITHIN_US: Final = 5 * SECOND
SETTLED_WITHIN_US: Final = 30 * SECOND


class CoinBehaviour(QuizBehaviour):
    """A quiz that keeps one of two states, as a coin falls."""

    name: str = COIN

    def merge(self, a: Game, b: Game) -> Game:
        """Whichever knows all that the other knows; else one of them, and the other is gone."""
        both = merged(a, b)
        if both in (a, b):
            return both
        return max(a, b, key=lambda game: crc32(packed(game)))


class Count(Struct):
    """What came of one way."""

    acknowledged: int = 0
    shown: int = 0
    twins: int = 0
    """Processes that served during the split."""
    copies: int = 0
    """Processes in the end."""
    took_us: int = 0
    """From the heal until there was one, at its home."""
    winners: int = 0
    """Different processes that the nodes' clients were answered by in the end."""
    asked: int = 0
    steps: tuple[Step, ...] = ()

    @property
    def lost(self) -> int:
        """Points that were acknowledged and are gone."""
        return self.acknowledged - self.shown


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same split and the same answers, ended by a coin and by a rule."""
    with _coins():
        coin = _one_way("wrong", COIN, seed, progress)
    rule = _one_way("right", "quiz", seed, progress)
    return Outcome(
        steps=(*coin.steps, *rule.steps),
        wrong=_figures(coin),
        right=_figures(rule),
        claims=(
            check(
                "by a coin: acknowledged points are gone with the twin that was ended",
                coin.lost,
                ">",
                0,
                unit="points lost",
                of=coin.acknowledged,
                of_what="acknowledged",
            ),
            check(
                "by rule: one live copy within 5 s of the heal",
                _seconds(rule.took_us),
                "<=",
                _seconds(ONE_WITHIN_US),
                unit="s",
                of=rule.twins,
                of_what="copies during the split",
            ),
            check(
                "by rule: every node has the same winner",
                rule.winners,
                "==",
                1,
                unit="winner",
                of=rule.asked,
                of_what="nodes asked",
            ),
            check(
                "by rule: the score is the sum of both sides",
                rule.lost,
                "==",
                0,
                unit="points missing",
                of=rule.acknowledged,
                of_what="acknowledged",
            ),
        ),
    )


@contextmanager
def _coins() -> Generator[None]:
    """All nodes of this process know the naive behaviour, for as long as it is played."""
    BEHAVIOURS[COIN] = CoinBehaviour()
    try:
        yield
    finally:
        del BEHAVIOURS[COIN]


def _seconds(us: int) -> float:
    return round(us / SECOND, 2)


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("points acknowledged on both sides", count.acknowledged, "points"),
        Figure("points when it has healed", count.shown, "points"),
        Figure("copies during the split", count.twins, "processes"),
        Figure("copies afterwards", count.copies, "processes"),
        Figure("from the heal to one copy", _seconds(count.took_us), "s"),
    )


def _one_way(way: Way, behaviour: str, seed: int, progress: Progress | None) -> Count:
    stage = Stage(way, seed, NODES, progress=progress)
    show, count = Show(stage), Count()
    show.open(ROOM, "checkpoint", behaviour)
    runs = show.processes(ROOM)[0][0]
    stage.note(f"{ROOM} is open, at {runs}")

    rng = Random(f"{seed}/random twin")
    few = _some_of_its_owners(stage, rng)
    many = tuple(name for name in stage.names if name not in few)
    network = stage.world.network
    network.partition(tuple(map(NodeId, few)), tuple(map(NodeId, many)))
    stage.note(f"{' '.join(few)} are cut off from {' '.join(many)}")
    stage.wait(
        lambda: _serves(show, few) and _serves(show, many), SPLIT_WITHIN_US, "both sides run it"
    )
    count.twins = len(show.processes(ROOM))
    sides = [(rng.choice(side), ROOM) for side in (few, many) for _ in range(PLAYERS)]
    show.score(sides)
    count.acknowledged = show.acknowledged[ROOM]
    stage.note(f"each side runs it; {count.acknowledged // POINTS} answers on both are right")

    network.heal()
    stage.note("the split heals")
    count.took_us = stage.wait(
        lambda: show.serves_once(ROOM), SETTLED_WITHIN_US, "one copy, at its home"
    )
    stage.settle()
    stage.run(SECOND)
    count.copies = len(show.processes(ROOM))
    told = [show.shown(name, ROOM) for name in stage.names]
    count.asked, count.winners = len(told), len({response.token for _, response in told})
    count.shown = min(points for points, _ in told)
    winner = told[0][1].node
    stage.note(f"one copy, at {winner}; its players have {count.shown} points together")
    count.steps = tuple(stage.steps)
    return count


def _some_of_its_owners(stage: Stage, rng: Random) -> tuple[str, ...]:
    """Two nodes, of which one or both own the room's record: so that both sides know the name."""
    node = stage.node(stage.names[0])
    owners = set(node.placement.ring.owners[node.rooms.homes.partition(ROOM)])
    while True:
        few = tuple(sorted(rng.sample(stage.names, 2)))
        if owners & set(map(NodeId, few)):
            return few


def _serves(show: Show, side: tuple[str, ...]) -> bool:
    return any(
        node in side and process.status == "serving" for node, process in show.processes(ROOM)
    )
