"""Facts over a WebSocket, read by somebody else's client."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
import pytest

from cluster.api import facts as facts_module
from cluster.api.operator import WindowClient, WindowError
from cluster.model.facts import Fact, FactsLost
from tests.api.desk import EPOCH, Desk, exchange, http, parse, window

DECODE = msgspec.msgpack.Decoder(list[Fact]).decode


UPGRADE = {
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


class WebSocketReader:
    """Reads a server's frames one by one, and nothing ahead of them."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def facts(self) -> list[Fact]:
        _, length = await self._reader.readexactly(2)
        if length >= 126:
            length = int.from_bytes(
                await self._reader.readexactly(2 if length == 126 else 8), "big"
            )
        return DECODE(await self._reader.readexactly(length))


async def seqs(client: WindowClient, since: tuple[int, int] | None, count: int) -> list[int]:
    """The numbers of the first so many facts."""
    found: list[int] = []
    async for batch in client.facts(since):
        found += [fact.seq for fact in batch]
        if len(found) >= count:
            break
    return found


async def test_an_observer_starts_with_a_snapshot_and_follows() -> None:
    desk = Desk()
    desk.say(3)
    async with window(desk) as address, WindowClient(address) as client:
        stream = client.facts()
        assert [f.seq for f in await anext(stream)] == [3]
        desk.say(2)
        assert [f.seq for f in await anext(stream)] == [4, 5]


async def test_facts_said_together_travel_together() -> None:
    desk = Desk()
    async with window(desk) as address, WindowClient(address) as client:
        stream = client.facts()
        await anext(stream)
        desk.say(1)
        first = await anext(stream)
        for _ in range(30):
            desk.say(1)
        assert [len(first), len(await anext(stream))] == [1, 30]


async def test_an_observer_resumes_where_it_was() -> None:
    desk = Desk()
    desk.say(10)
    async with window(desk) as address, WindowClient(address) as client:
        assert await seqs(client, (EPOCH, 6), 4) == [7, 8, 9, 10]


async def test_an_observer_that_comes_too_late_is_told() -> None:
    desk = Desk()
    desk.say(200)
    async with window(desk) as address, WindowClient(address) as client:
        lost, snapshot = await anext(client.facts((EPOCH, 20)))
        assert (lost.payload, snapshot.seq) == (FactsLost(180), 200)


async def test_a_slow_observer_slows_nobody_and_learns_what_it_missed() -> None:
    desk = Desk()
    async with window(desk) as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1_024)
        writer.write(http("GET", "/facts", b"", **UPGRADE))
        await reader.readuntil(b"\r\n\r\n")
        # Nobody reads until more was said than the sockets and the log together can hold.
        while not desk.hub.begin > 60_000:
            desk.say(40)
            await asyncio.sleep(0)
        socket = WebSocketReader(reader)
        seen: list[Fact] = []
        while not seen or seen[-1].seq < desk.seq:
            seen += await asyncio.wait_for(socket.facts(), 5)
        writer.close()
    lost = [fact for fact in seen if isinstance(fact.payload, FactsLost)]
    assert lost
    assert len(seen) < desk.seq


async def test_pings_are_answered_and_a_goodbye_too() -> None:
    desk = Desk()
    async with (
        window(desk) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{address}/facts", autoping=False) as socket,
    ):
        await socket.receive_bytes()
        await socket.ping(b"are you there")
        pong = await socket.receive()
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"are you there")
        await socket.send_bytes(b"ignored" * 1_000)
        await socket.send_str("ignored too")
        await socket.close()
        assert socket.close_code == 1000


async def test_the_end_of_the_node_ends_the_stream() -> None:
    desk = Desk()
    async with (
        window(desk) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{address}/facts") as socket,
    ):
        await socket.receive_bytes()
        desk.say(1)
        desk.hub.close()
        assert len(DECODE(await socket.receive_bytes())) == 1
        ending = await socket.receive()
        assert (ending.type, ending.data) == (aiohttp.WSMsgType.CLOSE, 1001)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x89\xfe\x01\x00" + bytes(4),  # a ping too long
        b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4),  # a message too long
        b"\x88\x80" + bytes(4),  # a goodbye
    ],
)
async def test_a_frame_that_breaks_the_protocol_ends_the_connection(frame: bytes) -> None:
    desk = Desk()
    async with window(desk) as address:
        answer = await exchange(address, http("GET", "/facts", b"", **UPGRADE) + frame)
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"\x88\x02\x03" in answer


async def test_observers_are_bounded_and_leave_room_when_they_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(facts_module, "OBSERVERS_MAX", 1)
    desk = Desk()
    async with window(desk) as address, WindowClient(address) as client:
        stream = client.facts()
        await anext(stream)
        with pytest.raises(WindowError):
            await anext(client.facts())
        await stream.aclose()

        async def again() -> bool:
            try:
                return await seqs(client, None, 1) == [0]
            except WindowError:
                return False

        for _ in range(200):
            if await again():
                break
        else:
            raise AssertionError("no room was left")


async def test_a_snapshot_is_read_by_people_and_by_programs() -> None:
    desk = Desk()
    desk.answer = lambda _request: Fact(desk.name, EPOCH, 5, 1, 1, FactsLost(3), basis="polled")
    async with window(desk) as address:
        status, _, body = parse(await exchange(address, http("GET", "/snapshot")))
        said = msgspec.json.decode(body)
        assert (status, said["seq"], said["basis"]) == (200, 5, "polled")
        assert said["payload"] == {"type": "facts.lost", "count": 3}
        sent = http("GET", "/snapshot", b"", Accept="application/msgpack")
        _, headers, body = parse(await exchange(address, sent))
        assert headers["content-type"] == "application/msgpack"
        assert msgspec.msgpack.decode(body, type=Fact).payload == FactsLost(3)


async def test_the_record_is_read_by_people_and_by_programs() -> None:
    desk = Desk()
    desk.say(3)
    async with window(desk) as address:
        _, _, body = parse(await exchange(address, http("GET", "/record")))
        assert [each["seq"] for each in msgspec.json.decode(body)] == [1, 2, 3]
        sent = http("GET", "/record", b"", Accept="application/msgpack")
        _, _, body = parse(await exchange(address, sent))
        assert msgspec.msgpack.decode(body, type=list[Fact]) == desk.record()
