"""What the screens say of rooms is what the nodes say when they are asked: same homes, same tokens."""

from __future__ import annotations

import asyncio
import json
from random import Random

import pytest

from cluster.lab.quiz.rooms import RoomPlayers, RoomsOptions
from cluster.model.member import NodeId
from tests.real.stage import Stage, now, stage
from tui.command.asking import ask
from tui.judge.rooms.survey import home_of, survey

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]
ROOMS = 24
N3 = NodeId("n3")


def settled(on: Stage) -> bool:
    """Each room runs once, and at home."""
    found = survey(on.view, now())
    rooms = on.view.rooms.by_name
    homes = {name: home_of(on.view, name, now()) for name in rooms}
    return (
        found.total == ROOMS
        and found.well
        and all(
            home is not None and [p.node for p in rooms[name].places] == [home.node]
            for name, home in homes.items()
        )
    )


def seen(on: Stage) -> dict[str, tuple[str, int]]:
    """Of each room, who runs it under which token, as folded from facts."""
    return {
        name: (room.places[0].node, room.places[0].token.number)
        for name, room in on.view.rooms.by_name.items()
    }


async def told(on: Stage) -> dict[str, tuple[str, int]]:
    """The same, as a node finds by asking all others now."""
    window = next(iter(on.lab.windows().values()))
    _, _, body = await asyncio.to_thread(ask, window, "GET", "/rooms")
    rows = json.loads(body)["rooms"]
    return {row["room"]: (row["node"], row["token"]["number"]) for row in rows}


async def test_the_picture_follows_the_rooms_of_a_node_that_dies_and_comes_back() -> None:
    async with stage(5, answers_per_s=20) as on:
        players = RoomPlayers(
            RoomsOptions(rooms=ROOMS, answers_per_s=40), Random(5), on.lab.doors, on.lab.cluster
        )
        players.start()
        try:
            await on.until(lambda: settled(on), "every room runs at home")
            await on.until(lambda: players.answered > 50, "players have answers")
            assert seen(on) == await told(on)
            mine = [n for n, (node, _) in seen(on).items() if node == N3]
            assert mine
            await on.lab.kill(N3)
            await on.until(lambda: bool(on.view.rooms.recoveries), "the death is known")
            await on.until(lambda: on.view.rooms.recoveries[-1].ended > 0, "its rooms serve again")
            recovery = on.view.rooms.recoveries[-1]
            assert (recovery.node, recovery.rooms, len(recovery.times)) == (
                N3,
                len(mine),
                len(mine),
            )
            assert N3 not in {node for node, _ in seen(on).values()}
            await on.until(lambda: settled(on), "every room runs at home without n3")
            assert seen(on) == await told(on)
            await on.lab.restart(N3)
            await on.until(on.all_alive, "n3 is back", 60)
            await on.until(lambda: settled(on), "its rooms are home again", 60)
            assert seen(on) == await told(on)
            assert {n for n, (node, _) in seen(on).items() if node == N3} == set(mine)
            back = [f for f in on.view.rooms.flights.values() if f.to == N3]
            assert {f.room for f in back} == set(mine)
            assert all(f.kind == "handoff" and f.ended and f.lost_us >= 0 for f in back)
        finally:
            await players.stop()
