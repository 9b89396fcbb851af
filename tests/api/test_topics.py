"""Topics through the window: published by POST, heard over a WebSocket."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from cluster.api import topics as topics_module
from cluster.model.member import Address, NodeId
from cluster.protocol.effects import Response, Scattered
from cluster.protocol.inputs import PublishCommand, Request, ScatterCommand
from cluster.protocol.messages import Item, Refusal
from tests.api.desk import N1, Desk, exchange, http, parse, window
from tests.runtime.soon import soon

UPGRADE = {
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": b64encode(bytes(16)).decode(),
}


def item(number: int, payload: bytes = b"hello", topic: str = "news") -> Item:
    return Item(topic, NodeId("n3"), 1, number, payload, 2)


@asynccontextmanager
async def listener(
    address: Address, path: str = "/topics/news"
) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{address}{path}") as socket,
    ):
        yield socket


async def heard(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    return msgspec.json.decode(await asyncio.wait_for(socket.receive_str(), 5))


async def asked(address: Address, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    status, _, said = parse(await exchange(address, http(method, path, body)))
    return status, msgspec.json.decode(said)


async def test_each_message_is_one_frame_with_its_origin_and_its_way() -> None:
    desk = Desk()
    async with window(desk) as address, listener(address) as one, listener(address) as two:
        desk.listeners.hand(item(1), 0)
        desk.listeners.hand(item(2, b"\xff\x00"), 0)
        for socket in (one, two):
            assert await heard(socket) == {
                "topic": "news",
                "origin": "n3",
                "number": 1,
                "hops": 2,
                "encoding": "utf-8",
                "payload": "hello",
            }
            second = await heard(socket)
            assert (second["encoding"], second["payload"]) == ("base64", "/wA=")


async def test_a_topic_may_have_any_characters() -> None:
    desk = Desk()
    async with window(desk) as address, listener(address, "/topics/room%2F%C3%BCber") as socket:
        desk.listeners.hand(item(1, topic="room/über"), 0)
        assert (await heard(socket))["topic"] == "room/über"


async def test_one_who_reads_slowly_is_told_how_many_it_missed_and_slows_nobody() -> None:
    desk = Desk()
    async with window(desk) as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1_024)
        writer.write(http("GET", "/topics/news", b"", **UPGRADE))
        await reader.readuntil(b"\r\n\r\n")
        async with listener(address) as quick:
            number = missed = 0
            while not missed:  # until the sockets of the slow one are full, and its queue too
                number += 1
                desk.listeners.hand(item(number, b"x" * 50_000), 0)
                assert (await heard(quick))["number"] == number
                missed = desk.listeners.take_missed()
        desk.listeners.end()
        told = b'"missed":%d}' % missed
        assert told in await asyncio.wait_for(reader.read(-1), 5)
        writer.close()


async def test_who_hangs_up_listens_no_more() -> None:
    desk = Desk()
    async with window(desk) as address:
        async with listener(address) as one, listener(address):
            await one.close()
            await soon(lambda: desk.listening == [("news", 1)])
        await soon(lambda: desk.listening == [("news", 1), ("news", 0)])


async def test_the_end_of_the_node_ends_the_stream() -> None:
    desk = Desk()
    async with window(desk) as address, listener(address) as socket:
        desk.listeners.hand(item(1), 0)
        await heard(socket)
        desk.listeners.end()
        ending = await asyncio.wait_for(socket.receive(), 5)
        assert (ending.type, ending.data) == (aiohttp.WSMsgType.CLOSE, 1001)


async def test_who_may_not_listen_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    async with window(desk) as address:
        async with listener(address, "/topics/refused") as socket:
            assert (await heard(socket))["error"] == "too many topics"
        monkeypatch.setattr(topics_module, "LISTENERS_MAX", 1)
        async with listener(address) as one:
            desk.listeners.hand(item(1), 0)
            await heard(one)
            status, _, _ = parse(await exchange(address, http("GET", "/topics/b", b"", **UPGRADE)))
            assert status == 503
        await soon(lambda: ("news", 0) in desk.listening)
        async with listener(address) as again:
            desk.listeners.hand(item(2), 0)
            assert (await heard(again))["number"] == 2


async def test_publishing_says_what_became_of_it() -> None:
    desk = Desk()

    def answer(request: Request) -> Response:
        match request:
            case PublishCommand(topic, payload):
                return Item(topic, N1, 1, 7, payload)
            case ScatterCommand():
                return Scattered({N1: 60, NodeId("n2"): 60, NodeId("n3"): 5}, (NodeId("n4"),))
            case _:
                return Refusal(400, "no", "nothing else was asked")

    desk.answer = answer
    async with window(desk) as address:
        assert await asked(address, "POST", "/topics/a%20b", b"\xff\x00") == (
            200,
            {"topic": "a b", "origin": "n1", "number": 7},
        )
        assert await asked(address, "POST", "/topics/a?apart=1", b"x") == (
            200,
            {
                "topic": "a",
                "subscribers": {"n1": 60, "n2": 60, "n3": 5},
                "messages": 65,
                "silent": ["n4"],
            },
        )
    assert desk.asked == [PublishCommand("a b", b"\xff\x00"), ScatterCommand("a", b"x")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/topics/", 400),
        ("GET", "/topics/%zz", 400),
        ("GET", "/topics/%ff", 400),
        ("GET", "/topics/" + "t" * 129, 400),
        ("GET", "/topics/a?since=1", 400),
        ("GET", "/topics/a", 426),
        ("PUT", "/topics/a", 405),
        ("POST", "/topics/a?apart=2", 400),
        ("POST", "/topics/a?far=1", 400),
        ("POST", "/topics/a", 418),
        ("POST", "/topics/" + "%C3%BC" * 129, 400),
    ],
)
async def test_what_makes_no_sense_is_refused(method: str, path: str, status: int) -> None:
    desk = Desk()
    async with window(desk) as address:
        assert (await asked(address, method, path))[0] == status
    assert desk.listening == []
