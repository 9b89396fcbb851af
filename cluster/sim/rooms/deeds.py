"""What the clients of rooms wanted and were told: the history that the judges of rooms read.

One `Deed` is one thing a client wanted of one room, however often it had to try. Its outcome is what
the client may believe: `ok` if any try was answered, `failed` only if every try was definitely
refused, else `maybe`. An answer that comes after the client gave up counts: it was given.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from cluster.model.rooms.naming import NO_TOKEN, Keep, Token
from cluster.model.rooms.quiz import CHOICES_MAX

What = Literal["open", "ask", "join", "answer", "cheer", "scores", "crash", "close"]
Outcome = Literal["pending", "ok", "maybe", "failed"]
CHOICES: Final = 4
"""Of every question; the right one and the points follow from room and number."""
POINTS: Final = 9

assert CHOICES <= CHOICES_MAX


class Room(Struct, frozen=True):
    """One room of a world: how it is kept, and whether its host closes and reopens it."""

    name: str
    keep: Keep
    closes: bool

    @property
    def lasting(self) -> bool:
        """Whether everything acknowledged must be there in the end."""
        return self.keep == "checkpoint" and not self.closes


class Deed(Struct):
    """One thing a client wanted of a room."""

    number: int
    client: str
    room: str
    what: What
    invoked: int
    question: int = 0
    points: int = 0
    """What an answer is worth: 0 if it is wrong."""
    again: bool = False
    """The client said that twice is the same as once, and asks again until it is told."""
    tries: int = 0
    unsure: int = 0
    """Tries that were sent and not definitely refused."""
    ended: int = 0
    outcome: Outcome = "pending"
    counted: bool = False
    """An answer that the room says it counted, now or before."""
    token: Token = NO_TOKEN
    """Of the process that answered."""

    @property
    def possible(self) -> bool:
        """Whether its effect may be found."""
        return self.outcome != "failed"


class Deeds:
    """All that was wanted of the rooms of one world."""

    def __init__(self) -> None:
        self.all: list[Deed] = []
        self.answers: dict[str, list[Deed]] = {}
        """By room."""
        self.cheers: dict[str, list[Deed]] = {}
        self.opened: dict[str, None] = {}
        """Rooms of which a client was told that they are open."""

    def begin(
        self, client: str, room: str, what: What, at: int, question: int = 0, points: int = 0
    ) -> Deed:
        """A client wants something."""
        deed = Deed(len(self.all) + 1, client, room, what, at, question, points)
        self.all.append(deed)
        if what == "answer":
            self.answers.setdefault(room, []).append(deed)
        elif what == "cheer":
            self.cheers.setdefault(room, []).append(deed)
        return deed

    def counts(self) -> dict[str, int]:
        """How many deeds ended how."""
        found = {"ok": 0, "maybe": 0, "failed": 0, "pending": 0}
        for deed in self.all:
            found[deed.outcome] += 1
        return found


def right(room: str, number: int) -> int:
    """The right choice of a question: the same whoever asks it, and however often."""
    return (len(room) + number) % CHOICES


def points(room: str, number: int) -> int:
    """What it brings."""
    return 1 + (3 * len(room) + number) % POINTS
