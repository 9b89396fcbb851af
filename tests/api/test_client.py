"""The binary client: pipelined, patient for so long, and honest about what it does not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from cluster.api.client import PeerClient, RingClient
from cluster.model.member import Address, NodeId
from cluster.model.ring import build_ring, partition_of
from cluster.model.summary import RingTable
from cluster.model.versions import Versions
from cluster.protocol.messages import (
    ClientAnswer,
    ClientCall,
    GetRequest,
    Packet,
    PutRequest,
    ReadResponse,
    Refusal,
    RoomRequest,
    WriteResponse,
)
from cluster.protocol.wire import Deframer, decode, encode_frame
from tests.runtime.soon import soon

N1, N2 = NodeId("n1"), NodeId("n2")
OK = WriteResponse("ok", (N1,), 1, {"a": 1}, 1)
READ = ReadResponse(Versions({}, ()), (N1,), 1)

Say = Callable[[ClientCall], WriteResponse | ReadResponse | Refusal | None]


class Server:
    """A node's peer port that answers what it is told to; None: it keeps silent."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.calls: list[ClientCall] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.address = Address("")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        deframer = Deframer()
        while data := await reader.read(65_536):
            for frame in deframer.feed(data):
                call = decode(frame).body
                assert isinstance(call, ClientCall)
                self.calls.append(call)
                self.answer(writer, call)
        writer.close()

    def answer(self, writer: asyncio.StreamWriter, call: ClientCall) -> None:
        response = self.say(call)
        if response is not None:
            body = ClientAnswer(call.number, response)
            packet = Packet("c", N1, 1, 0, 0, traced=False, body=body)
            writer.write(encode_frame(packet))

    def hang_up(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


@asynccontextmanager
async def server(say: Say, port: int = 0) -> AsyncGenerator[Server]:
    made = Server(say)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", port)
    made.address = Address(f"127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    try:
        yield made
    finally:
        listening.close()
        made.hang_up()
        await asyncio.sleep(0.01)


def fine(call: ClientCall) -> WriteResponse | ReadResponse:
    return READ if isinstance(call.request, GetRequest) else OK


async def test_calls_share_a_connection_and_find_their_own_answers() -> None:
    async with server(lambda _call: None) as node:
        client = PeerClient(node.address)
        putting = [asyncio.ensure_future(client.put(b"%d" % i, b"v")) for i in range(3)]
        await soon(lambda: len(node.calls) == 3)

        def own_number(call: ClientCall) -> WriteResponse:
            return WriteResponse("ok", (), 0, {}, call.number)

        node.say = own_number
        for call in reversed(node.calls):
            node.answer(node.writers[0], call)
        answers = await asyncio.gather(*putting)
        numbers = [a.siblings for a in answers if isinstance(a, WriteResponse)]
        assert numbers == [call.number for call in node.calls]
        assert len(node.writers) == 1
        await client.close()


async def test_reads_writes_and_deletes_carry_what_was_asked() -> None:
    async with server(fine) as node:
        client = PeerClient(node.address)
        assert await client.put(b"k", b"v", context={"a": 2}, content_type="a/b", w=3, pw=1) == OK
        assert await client.get(b"k", r=1, pr=2) == READ
        assert await client.delete(b"k", w=2) == OK
        requests = [call.request for call in node.calls]
        assert requests[:2] == [
            PutRequest(b"k", b"v", "a/b", {"a": 2}, 3, 1),
            GetRequest(b"k", 1, 2),
        ]
        await client.close()


async def test_nobody_there_is_surely_not_written() -> None:
    async with server(fine) as node:
        pass
    client = PeerClient(node.address)
    answer = await client.put(b"k", b"v")
    assert isinstance(answer, Refusal)
    assert "nothing was written" in answer.detail
    await client.close()


async def test_a_write_whose_connection_broke_may_have_been_written() -> None:
    async with server(lambda _call: None) as node:
        client = PeerClient(node.address)
        writing = asyncio.ensure_future(client.put(b"k", b"v"))
        reading = asyncio.ensure_future(client.get(b"k"))
        await soon(lambda: len(node.calls) == 2)
        node.hang_up()
        written, read = await writing, await reading
        assert isinstance(written, WriteResponse)
        assert written.outcome == "maybe written"
        assert isinstance(read, Refusal)
        node.say = fine
        assert await client.put(b"k", b"v") == OK
        assert len(node.writers) == 2
        await client.close()


async def test_silence_ends_after_a_while_and_a_late_answer_is_dropped() -> None:
    async with server(lambda _call: None) as node:
        client = PeerClient(node.address, timeout_s=0.03)
        written = await client.put(b"k", b"v")
        assert isinstance(written, WriteResponse)
        assert written.outcome == "maybe written"
        node.say = fine
        node.answer(node.writers[0], node.calls[0])
        assert await client.get(b"k") == READ
        assert len(node.writers) == 1
        await client.close()


async def test_a_node_that_talks_nonsense_is_hung_up_on() -> None:
    async with server(lambda _call: None) as node:
        client = PeerClient(node.address)
        writing = asyncio.ensure_future(client.put(b"k", b"v"))
        await soon(lambda: node.calls)
        node.writers[0].write(b"HTTP/1.1 200 OK\r\n")
        written = await writing
        assert isinstance(written, WriteResponse)
        assert written.outcome == "maybe written"
        await client.close()


async def test_a_key_is_asked_for_at_its_owner_and_elsewhere_when_that_fails() -> None:
    ring = build_ring((N1, N2), 64, 2, 1.06)
    places = tuple(tuple(ring.members.index(o) for o in owners) for owners in ring.owners)
    table = RingTable(ring.digest, ring.members, 64, 2, places)
    async with server(fine) as first, server(fine) as second:
        nodes = {N1: first, N2: second}
        client = RingClient(table, {name: node.address for name, node in nodes.items()})
        for number in range(20):
            key = b"key %d" % number
            owner = nodes[ring.owners[partition_of(key, 64)][0]]
            before = len(owner.calls)
            assert await client.put(key, b"v") == OK
            assert len(owner.calls) == before + 1
        busy = Refusal(503, "overload", "not written: try again")

        def refuse(_call: ClientCall) -> Refusal:
            return busy

        first.say = refuse
        assert {type(await client.get(b"key %d" % n)) for n in range(20)} == {ReadResponse}
        second.say = refuse
        assert await client.get(b"key 1") == busy
        await client.close()


async def test_a_room_that_did_not_answer_may_have_done_it_and_that_is_said() -> None:
    ask = RoomRequest("room-7", "call", b"{}")
    async with server(lambda _call: None) as node:
        client = PeerClient(node.address, timeout_s=0.03)
        answer = await client.room(ask)
        assert isinstance(answer, Refusal)
        assert (answer.status, answer.error) == (504, "unknown")
        await client.close()
    nobody = await PeerClient(node.address).room(ask)
    assert isinstance(nobody, Refusal)
    assert (nobody.status, nobody.error) == (503, "unreachable")
