"""The quiz show's script: who answers what next, from one seed.

Rooms of players answer one question after another; an answer is one key. When all questions have
been asked the show begins again and players change their old answers, so that a cluster under an
exhibition that runs all day holds a bounded number of keys.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct


class Answer(Struct, frozen=True):
    """One player's answer to one question."""

    key: str
    value: bytes
    again: bool
    """The player answered this question in an earlier round: replaces that answer."""


class Quiz:
    """An endless sequence of answers, the same for the same seed."""

    def __init__(self, random: Random, keys_max: int, rooms: int = 4, players: int = 10) -> None:
        self._random = random
        self._rooms = rooms
        self._players = players
        self._questions = max(1, keys_max // (rooms * players))
        self._question = 0
        self._round = 1
        self._waiting: list[tuple[int, int]] = []

    def next(self) -> Answer:
        """Who is next."""
        if not self._waiting:
            self._question += 1
            if self._question > self._questions:
                self._question = 1
                self._round += 1
            seats = [(r, p) for r in range(self._rooms) for p in range(self._players)]
            self._random.shuffle(seats)
            self._waiting = seats
        room, player = self._waiting.pop()
        choice = "ABCD"[self._random.randrange(4)]
        thought_ms = self._random.randrange(400, 9_000)
        return Answer(
            key=f"quiz/room{room + 1}/q{self._question}/player{player + 1}",
            value=f"{choice} after {thought_ms} ms, round {self._round}".encode(),
            again=self._round > 1,
        )
