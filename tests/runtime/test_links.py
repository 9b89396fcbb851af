"""Streams between nodes: dialled when needed, shared, and lost with the right evidence."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cluster.model.member import Address, NodeId
from cluster.protocol.messages import ClientCall, GetRequest, Packet
from cluster.protocol.wire import encode_frame
from cluster.runtime.net import addresses, links
from cluster.runtime.net.stream import Stream
from tests.runtime.exchange import exchanges, ping
from tests.runtime.soon import soon


async def raw(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def test_the_first_send_dials_and_the_answer_comes_back_on_the_same_link() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 1)
        a.send(b, 2)
        await soon(lambda: b.numbers == [1, 2])
        assert {source for _, source in b.packets} == {a.address}
        b.send(a, 3)
        await soon(lambda: a.packets == [(3, b.address)])
        assert a.links.stream_count == b.links.stream_count == 1


async def test_everything_sent_in_one_turn_of_the_loop_leaves_in_one_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 0)
        await soon(lambda: b.numbers == [0])
        chunks: list[int] = []
        received = Stream.data_received

        def counting(self: Stream, data: bytes) -> None:
            chunks.append(len(data))
            received(self, data)

        monkeypatch.setattr(Stream, "data_received", counting)
        for number in range(1, 101):
            a.send(b, number)
        await soon(lambda: len(b.numbers) == 101)
        assert len(chunks) == 1


async def test_nobody_listening_is_reported_as_refused_once_for_all_that_waited() -> None:
    udp, tcp = addresses.bind_pair("127.0.0.1:0")
    gone = addresses.bound_address(tcp)
    udp.close()
    tcp.close()
    async with exchanges("n1") as (a,):
        for number in range(5):
            a.links.send(NodeId("x"), gone, ping(a.name, number))
        await soon(lambda: a.lost)
        assert a.lost == [(gone, "refused")]
        a.links.send(NodeId("x"), gone, ping(a.name, 9))
        await soon(lambda: len(a.lost) == 2)


async def test_a_port_that_dials_itself_is_a_refusal() -> None:
    # On loopback a dial to a free port of the ephemeral range may be given that very port.
    async with exchanges("n1") as (a,):
        with socket.socket() as looped:
            looped.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            looped.bind(("127.0.0.1", 0))
            place = looped.getsockname()
            looped.connect(place)
            looped.setblocking(False)
            _, stream = await asyncio.get_running_loop().create_connection(
                lambda: Stream(a.links), sock=looped.dup()
            )
            assert stream.to_itself
            stream.abort()


async def test_the_death_of_a_process_is_closed_and_then_refused() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 1)
        await soon(lambda: b.numbers == [1])
        b.send(a, 2)
        await soon(lambda: a.numbers == [2])
        await b.close()
        await soon(lambda: len(a.lost) == 2)
        assert a.lost == [(b.address, "closed"), (b.address, "refused")]


async def test_a_link_that_broke_is_made_again() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 1)
        await soon(lambda: b.numbers == [1])
        b.send(a, 2)
        await soon(lambda: a.numbers == [2])
        for stream in list(b.links.streams()):
            stream.abort()
        await soon(lambda: a.lost == [(b.address, "closed")])
        a.send(b, 3)
        await soon(lambda: b.numbers == [1, 3])
        assert a.lost == [(b.address, "closed")]


async def test_both_may_dial_at_once_and_one_link_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "IDLE_S", 0.05)
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 1)
        b.send(a, 2)
        await soon(lambda: b.numbers == [1] and a.numbers == [2])
        await soon(lambda: a.links.stream_count == 1 and b.links.stream_count == 1)
        a.send(b, 3)
        b.send(a, 4)
        await soon(lambda: b.numbers == [1, 3] and a.numbers == [2, 4])
        assert a.lost == b.lost == []


async def test_a_peer_too_slow_to_read_loses_its_link(monkeypatch: pytest.MonkeyPatch) -> None:
    from cluster.runtime.net import stream

    monkeypatch.setattr(stream, "BACKLOG_BYTES_MAX", 100_000)
    with socket.create_server(("127.0.0.1", 0)) as stopped:
        address = addresses.bound_address(stopped)
        async with exchanges("n1") as (a,):
            body = ClientCall(1, GetRequest(b"k" * 60_000))
            packet = Packet("test", a.name, 1, 1, 0, traced=False, body=body)
            for _ in range(400):
                a.links.send(NodeId("n2"), address, packet)
                await asyncio.sleep(0)
                if a.lost:
                    break
            await soon(lambda: a.lost[:1] == [(address, "closed")])


async def test_an_oversized_frame_closes_the_link() -> None:
    async with exchanges("n1") as (a,):
        reader, writer = await raw(a.address)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        assert [reason for reason, _ in a.rejections] == ["oversized"]


async def test_a_malformed_frame_is_dropped_and_the_link_goes_on() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 1)
        await soon(lambda: b.numbers == [1])
        (stream,) = a.links.streams()
        stream.write(b"\0\0\0\3abc")
        a.send(b, 2)
        await soon(lambda: b.numbers == [1, 2])
        assert [reason for reason, _ in b.rejections] == ["malformed"]


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (ping(NodeId("n9"), 1), "unknown"),
        (ping(NodeId("n9"), 1, cluster="other"), "foreign"),
    ],
)
async def test_a_stranger_that_does_not_introduce_itself_is_hung_up_on(
    packet: Packet, reason: str
) -> None:
    async with exchanges("n1") as (a,):
        reader, writer = await raw(a.address)
        writer.write(encode_frame(packet) * 3)
        assert await reader.read() == b""
        writer.close()
        assert [found for found, _ in a.rejections] == [reason]
        assert a.packets == []


async def test_a_silent_stranger_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "STRANGER_S", 0.05)
    async with exchanges("n1") as (a,):
        reader, writer = await raw(a.address)
        assert await reader.read() == b""
        writer.close()


async def test_an_address_that_is_none_is_dropped() -> None:
    async with exchanges("n1") as (a,):
        for nonsense in ("", "n2", "host.example:1", "1.2.3.4:99999", "1.2.3.4:-1", ":1", "::1"):
            a.links.send(NodeId("x"), Address(nonsense), ping(a.name, 1))
            a.datagrams.send(NodeId("x"), Address(nonsense), ping(a.name, 1))
        assert {reason for reason, _ in a.rejections} == {"unknown"}


async def test_datagrams_arrive_and_junk_is_counted() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send_datagram(b, 1)
        await soon(lambda: b.packets == [(1, a.address)])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as junk:
            host, port = b.address.split(":")
            junk.sendto(b"junk", (host, int(port)))
            junk.sendto(bytes(2_000), (host, int(port)))
        await soon(lambda: len(b.rejections) == 2)
        assert [reason for reason, _ in b.rejections] == ["malformed", "oversized"]


def test_both_ports_have_the_same_number() -> None:
    udp, tcp = addresses.bind_pair("127.0.0.1:0")
    assert udp.getsockname() == tcp.getsockname()
    with pytest.raises(addresses.BindError, match="in use"):
        addresses.bind_pair(addresses.bound_address(tcp))
    udp.close()
    tcp.close()
