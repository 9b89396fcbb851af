"""Rooms of three real nodes: crashed until given up and opened again; heard from another node."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from cluster.api.operator import WindowClient
from cluster.model.member import Address
from tests.command.test_cluster import nodes, run, run_json

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

__all__ = ["nodes"]

QUESTION = {"number": 1, "question": "2+2?", "choices": ["3", "4"], "right": 1, "closes_ms": 2_000}


def body(**message: object) -> bytes:
    return json.dumps(message).encode()


async def test_a_poisoned_room_is_given_up_seen_as_such_and_opened_again(
    nodes: list[dict[str, Any]],
) -> None:
    at = nodes[0]["window"]
    async with WindowClient(Address(at)) as client:
        await client.send("POST", "/rooms/poisoned?act=open&keep=memory")
        # All at once, so that they wait in its mailbox: then it crashes as fast as it is restarted.
        crashes = [client.send("POST", "/rooms/poisoned", body=body(crash={})) for _ in range(40)]
        said = [reply.status for reply in await asyncio.gather(*crashes)]
        # Three times three crashes and one are borne, the fourth escalation is one too many.
        assert sorted(said) == [409] * 24 + [500] * 16
        scores = await client.send("POST", "/rooms/poisoned", body=body(scores={}))
        assert (scores.status, scores.json()["error"]) == (409, "given up")
    found = run_json("rooms", at)
    assert found["failed"] == ["poisoned"]
    assert "poisoned was given up after too many crashes" in found["sentence"]
    assert run("rooms", at).returncode == 1
    refused = run("room", at, "poisoned")
    assert refused.returncode == 1
    assert b"given up: poisoned crashed too often" in refused.stderr
    opened = run("room", at, "poisoned", "open")
    assert opened.returncode == 0
    assert b"was given up after crashes, and runs again" in opened.stderr
    assert b"was open already" in run("room", at, "poisoned", "open").stderr
    assert run_json("rooms", at)["failed"] == []
    assert run("rooms", at).returncode == 0


async def test_a_room_is_watched_from_a_node_that_does_not_run_it(
    nodes: list[dict[str, Any]],
) -> None:
    windows = {node["name"]: node["window"] for node in nodes}
    async with (
        WindowClient(Address(nodes[0]["window"])) as client,
        aiohttp.ClientSession() as session,
    ):
        opened = await client.send("POST", "/rooms/watched?act=open")
        assert opened.status == 201
        elsewhere = next(name for name in windows if name != opened.json()["node"])
        feed = f"http://{windows[elsewhere]}/rooms/watched/feed"
        async with session.ws_connect(feed) as socket:
            number, first = await heard_to_ask(client, socket)
            answer = {"player": "ada", "question": number, "choice": 1}
            await client.send("POST", "/rooms/watched", body=body(answer=answer))
            told = [first, await heard(socket), await heard(socket)]
            # Given away alive, it is heard from its new home by the same listener.
            async with WindowClient(Address(windows[opened.json()["node"]])) as runner:
                await runner.drain()
            async with asyncio.timeout(20):
                while (moved := await scores(client)) == opened.json()["node"]:
                    pass
            # The new home publishes for all before it has heard who listens.
            after = {**QUESTION, "number": number + 1}
            await client.send("POST", "/rooms/watched", body=body(ask=after))
            told.append(await heard(socket))
            async with WindowClient(Address(windows[opened.json()["node"]])) as runner:
                await runner.drain(on=False)
    home = opened.json()["node"]
    assert [event["node"] for event in told] == [home, home, home, moved]
    events = [event["event"] for event in told]
    assert [list(event) for event in events] == [["asked"], ["answered"], ["closed"], ["asked"]]
    assert events[2]["closed"] == {"number": number, "right": 1, "scores": {"ada": 10}}
    assert events[3]["asked"]["number"] == number + 1


async def heard_to_ask(
    client: WindowClient, socket: aiohttp.ClientWebSocketResponse
) -> tuple[int, Any]:
    """Ask until it is heard: what was published before its node knew who listens is not repeated."""
    async with asyncio.timeout(60):
        number = 0
        while True:
            number += 1
            asking = {**QUESTION, "number": number}
            await client.send("POST", "/rooms/watched", body=body(ask=asking))
            try:
                async with asyncio.timeout(5):  # it closes after two seconds
                    while "asked" not in (event := await heard(socket))["event"]:
                        pass
            except TimeoutError:
                continue
            return number, event


async def heard(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return json.loads(await asyncio.wait_for(socket.receive_str(), 20))


async def scores(client: WindowClient) -> str:
    """Which node tells them."""
    reply = await client.send("POST", "/rooms/watched", body=body(scores={}))
    assert reply.json()["scores"] == {"ada": 10}
    return reply.headers["X-Masterless-Room-Node"]
