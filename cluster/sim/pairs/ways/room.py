"""What every way of writing the room offers, and the load that all of them bear.

A room has a score for each team, and their total. An answer adds to both, in more than one step, and
an onlooker reads them all, in more than one step: what may happen between these steps is what the
ways differ in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from random import Random
from typing import Final

from msgspec import Struct

from cluster.sim.pairs.ways.steps import Task

TEAMS: Final = 3
PLAYERS: Final = 6
ANSWERS: Final = 8
"""Of each player."""
LOOKS: Final = 20
"""Of the onlooker."""
POINTS_MAX: Final = 5


class Answer(Struct, frozen=True):
    """So many points for a team."""

    team: int
    points: int


class Seen(Struct, frozen=True):
    """What an onlooker has read: the teams' scores, and the total."""

    scores: tuple[int, ...]
    total: int

    @property
    def torn(self) -> bool:
        """Whether this never was the state of the room."""
        return sum(self.scores) != self.total


class Room(ABC):
    """One way."""

    title: str

    def __init__(self) -> None:
        self.retries = 0
        """Transactions that had to begin again."""
        self.looks: list[Seen] = []

    def serve(self) -> tuple[Task, ...]:
        """Tasks of the room itself; none where its players do all."""
        return ()

    @abstractmethod
    def answer(self, answer: Answer) -> Task:
        """Of a player: have it counted."""

    @abstractmethod
    def look(self) -> Task:
        """Of an onlooker: add to `looks`."""

    @property
    @abstractmethod
    def board(self) -> Seen:
        """The truth, for who counts afterwards."""

    @property
    def held(self) -> int:
        """Answers and questions that wait inside the room."""
        return 0

    @property
    def blocked(self) -> int:
        """Players and onlookers who wait at its door."""
        return 0


class Scores(Room):
    """With plain numbers for scores."""

    def __init__(self) -> None:
        super().__init__()
        self.scores, self.total = [0] * TEAMS, 0

    @property
    def board(self) -> Seen:
        """The truth."""
        return Seen(tuple(self.scores), self.total)


def load(seed: int) -> tuple[tuple[Answer, ...], ...]:
    """Each player's answers."""
    rng = Random(f"{seed}/answers")
    return tuple(
        tuple(Answer(rng.randrange(TEAMS), rng.randint(1, POINTS_MAX)) for _ in range(ANSWERS))
        for _ in range(PLAYERS)
    )
