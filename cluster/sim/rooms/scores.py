"""Scores: what a healed room shows is what its clients were told, no more and no less.

- A player has every point that an acknowledged answer brought, and of the others only those whose
  end nobody knows. Who asked once may have been counted once; who asked again until it was told, in
  a split at two sides, may have been counted by each process that its room has had.
- The same holds for the number of answers. Whoever was told that it takes part does.
- There are no more cheers than were sent and not refused.

Rooms that keep nothing (or for an heir only), and those that are closed and opened again, may show
less, never more. Judged once, when all is healed; each room is asked through one node after another.
"""

from __future__ import annotations

import json
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.rooms.deeds import Deed, Deeds, Room

Tally = Annotated[int, Meta(ge=0)]


class Shown(Struct, frozen=True):
    """What a quiz room says of itself."""

    scores: dict[str, Tally]
    answers: Tally
    players: Tally
    cheers: Tally


class Between(Struct):
    """What a figure must be at least, and may be at most."""

    least: int = 0
    most: int = 0


class Scores:
    """The judge of what rooms know in the end."""

    def __init__(self, deeds: Deeds, processes: dict[str, int]) -> None:
        self._deeds = deeds
        self._processes = processes
        """How many tokens each room has had."""
        self.checked = 0

    def judge(self, room: Room, reply: bytes, where: str) -> None:
        """One room, as it shows itself in the end."""
        shown = msgspec.json.decode(reply, type=Shown)
        answers = Between()
        points: dict[str, Between] = {}
        for deed in self._deeds.answers.get(room.name, []):
            self.checked += 1
            count = self._counted(room, deed)
            answers.least += count.least
            answers.most += count.most
            mine = points.setdefault(deed.client, Between())
            mine.least += count.least * deed.points
            mine.most += count.most * deed.points
        for player in sorted({*points, *shown.scores}):
            allowed = points.get(player, Between())
            self._within(room, where, f"{player} with", shown.scores.get(player, 0), allowed)
        self._within(room, where, "answers:", shown.answers, answers)
        cheers = sum(1 for deed in self._deeds.cheers.get(room.name, []) if deed.possible)
        self._within(room, where, "cheers:", shown.cheers, Between(0, cheers))
        self._takes_part(room, where, shown)

    def _counted(self, room: Room, deed: Deed) -> Between:
        """How often an answer was counted."""
        sure = room.lasting and deed.outcome == "ok" and deed.counted
        if deed.outcome == "failed" or (deed.outcome == "ok" and not deed.counted):
            # Not done, or too late for its question; another try may still have been in time.
            return Between(0, self._processes.get(room.name, 0) if deed.unsure > 1 else 0)
        tries = self._processes.get(room.name, 0) if deed.again else 1
        return Between(int(sure), max(tries, 1))

    def _takes_part(self, room: Room, where: str, shown: Shown) -> None:
        if not room.lasting:
            return
        told = {
            deed.client
            for deed in self._deeds.all
            if deed.room == room.name
            and deed.outcome == "ok"
            and (deed.what == "join" or (deed.what == "answer" and deed.counted))
        }
        if shown.players < len(told):
            raise BrokenPromiseError(
                "scores",
                f"{room.name} has {shown.players} players at {where}, and {len(told)} were told "
                f"that they take part: {' '.join(sorted(told))}",
            )

    def _within(self, room: Room, where: str, what: str, found: int, allowed: Between) -> None:
        if not allowed.least <= found <= allowed.most:
            raise BrokenPromiseError(
                "scores",
                f"{room.name} shows {what} {found} at {where}, where clients were told of "
                f"{allowed.least}, and {allowed.most} are possible",
            )


def ask_for_scores() -> bytes:
    """The message that is answered by `Shown`."""
    return json.dumps({"scores": {}}).encode()
