"""What is drawn of the rooms of a world: how many, who speaks to them, how narrow their bounds are.

From a stream of its own, so that worlds without rooms are what they were before there were any.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import MS, RoomsConfig
from cluster.sim.dice import Dice
from cluster.sim.rooms.deeds import Room

WITHOUT: Final = 0.4
"""Of the worlds, those without rooms."""
ROOMS: Final = (10, 60)
HEIRS: Final = 7
"""Every so manieth room keeps its state for an heir only, another as many in memory only."""
CLOSING: Final = 9
"""Every so manieth room is closed and opened again."""


class RoomsDrawn(Struct, frozen=True):
    """The rooms of one world."""

    count: int = 0
    hosts: int = 0
    players: int = 0
    think_us: int = 0
    mailbox_max: int = 0
    claims_parallel: int = 0
    moves_parallel: int = 0

    def rooms(self) -> list[Room]:
        """All of them. Which is kept how follows from its number."""
        found: list[Room] = []
        for number in range(1, self.count + 1):
            kept = {HEIRS - 2: "heir", HEIRS - 1: "memory"}.get(number % HEIRS, "checkpoint")
            closes = number % CLOSING == CLOSING - 1
            found.append(Room(f"room-{number}", kept, closes))  # pyright: ignore[reportArgumentType]
        return found

    def config(self, usual: RoomsConfig) -> RoomsConfig:
        """What nodes are told."""
        if not self.count:
            return usual
        return replace(
            usual,
            mailbox_max=self.mailbox_max,
            claims_parallel=self.claims_parallel,
            moves_parallel=self.moves_parallel,
        )

    def line(self) -> str:
        """For people."""
        return (
            f"{self.count} rooms, {self.hosts} hosts, {self.players} players, "
            f"{self.think_us // MS} ms apart, mailboxes of {self.mailbox_max}, "
            f"{self.claims_parallel} claims and {self.moves_parallel} moves at once"
        )


NO_ROOMS: Final = RoomsDrawn()


def draw_rooms(seed: int, count: int | None, *, always: bool) -> RoomsDrawn:
    """The rooms of a seed; `count` fixes how many, `always` draws no world without."""
    rng = Dice(seed).stream("rooms")
    without, drawn = rng.random() < WITHOUT, rng.randint(*ROOMS)
    count = (0 if without and not always else drawn) if count is None else count
    found = RoomsDrawn(
        count=count,
        hosts=min(count, rng.randint(2, 4)),
        players=rng.randint(4, 9),
        think_us=rng.choice((100, 200, 400)) * MS,
        mailbox_max=rng.choice((256, 256, 4)),
        claims_parallel=rng.choice((32, 32, 2)),
        moves_parallel=rng.choice((8, 8, 1)),
    )
    return found if count else NO_ROOMS
