"""Rooms on real processes: killed and drained under load, with every acknowledged answer kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from cluster.model.member import NodeId
from tests.real.rooms.players import Players
from tests.real.stage import Stage, stage

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]


@asynccontextmanager
async def show(rooms: int) -> AsyncGenerator[tuple[Stage, Players]]:
    """Five nodes with rooms in which eight clients play."""
    async with stage(5, answers_per_s=20) as on:
        players = Players(on.lab.doors, on.lab.cluster, seed=7)
        await players.open(rooms)
        players.play(8)
        try:
            yield on, players
        finally:
            await players.stop()
            await players.close()


async def more(players: Players, answers: int) -> None:
    """Wait until so many more answers are acknowledged."""
    wanted = players.answered + answers
    async with asyncio.timeout(60):
        while players.answered < wanted:
            players.news.clear()
            await players.news.wait()


async def test_the_rooms_of_a_killed_node_serve_again_with_every_answer() -> None:
    async with show(40) as (on, players):
        await more(players, 60)
        await asyncio.gather(*(players.say(room, {"scores": {}}) for room in players.rooms))
        mine = [room for room in players.rooms if room.node == "n3"]
        assert mine
        await on.lab.kill(NodeId("n3"))
        took = await players.serving_after(mine)
        assert max(took) < 30
        await more(players, 60)
        await on.lab.restart(NodeId("n3"))
        await on.until(on.all_alive, "everyone agrees", 60)
        await more(players, 60)
        await players.stop()
        assert await players.lost() == []


async def test_a_rolling_restart_loses_no_answer_and_hardly_a_call() -> None:
    async with show(40) as (on, players):
        await more(players, 40)
        for name in on.lab.slots.names():
            await on.lab.leave(name)
            await on.lab.restart(name)
            await on.until(on.all_alive, "everyone agrees", 60)
            await on.until(lambda: on.hints() == 0 and on.filling() == 0, "copies are whole", 60)
            await more(players, 20)
        await players.stop()
        assert await players.lost() == []
        assert players.failed <= players.answered / 100
