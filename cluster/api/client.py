"""Clients of a cluster: the quick one over a node's peer port, and which node to ask.

Many calls are outstanding on one connection and are answered in any order. Trouble is a value, and
says whether it is definite: a call that never left is "not written", one whose connection broke
is "maybe written". Ignores what is stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import count
from typing import Final, cast

from cluster.model.member import Address, NodeId
from cluster.model.ring import partition_of
from cluster.model.summary import RingTable
from cluster.model.values.update import Update
from cluster.model.versions import Context
from cluster.protocol.messages import (
    ClientAnswer,
    ClientCall,
    DeleteRequest,
    GetRequest,
    Packet,
    PutRequest,
    ReadResponse,
    Refusal,
    RoomRequest,
    RoomResponse,
    UpdateRequest,
    WriteResponse,
)
from cluster.protocol.wire import Deframer, MalformedMessageError, decode, encode_frame

TIMEOUT_S: Final = 6.0
"""Longer than a node's own deadline, which says more about what happened (5 s for a room's)."""
CONNECT_S: Final = 1.0
CALLS_OPEN_MAX: Final = 1_024
"""As many as a node takes on one connection."""

Call = PutRequest | DeleteRequest | GetRequest | UpdateRequest
Answer = WriteResponse | ReadResponse | Refusal | RoomResponse

_NOBODY: Final = NodeId("")


class _Line(asyncio.Protocol):
    """One connection. Calls leave together once per turn of the loop."""

    def __init__(self) -> None:
        self.open: dict[int, asyncio.Future[Answer | None]] = {}
        """Calls without an answer. None is: the connection broke, or time is up."""
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._deframer = Deframer()
        self._out: list[bytes] = []

    def call(self, number: int, framed: bytes) -> asyncio.Future[Answer | None]:
        answer: asyncio.Future[Answer | None] = self._loop.create_future()
        self.open[number] = answer
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(framed)
        return answer

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        if self._transport is not None and not self.closed:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._deframer.feed(data):
                body = decode(frame).body
                if isinstance(body, ClientAnswer):
                    waiting = self.open.pop(body.number, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(body.response)
        except MalformedMessageError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.closed = True
        broken, self.open = self.open, {}
        for waiting in broken.values():
            if not waiting.done():
                waiting.set_result(None)


class PeerClient:
    """Calls one node over its peer port; connects when needed, and again when it broke."""

    def __init__(
        self, address: Address, *, cluster: str = "", timeout_s: float = TIMEOUT_S
    ) -> None:
        self.address = address
        self._cluster = cluster
        self._timeout_s = timeout_s
        self._line: _Line | None = None
        self._connecting = asyncio.Lock()
        self._numbers = count(1)
        self._deadlines: deque[tuple[float, asyncio.Future[Answer | None]]] = deque()
        self._watch: asyncio.TimerHandle | None = None

    async def put(
        self,
        key: bytes,
        value: bytes,
        *,
        context: Context | None = None,
        content_type: str = "application/octet-stream",
        w: int = 0,
        pw: int = 0,
    ) -> WriteResponse | Refusal:
        """Write a value."""
        answer = await self.call(PutRequest(key, value, content_type, context or {}, w, pw))
        return _expect_write(answer)

    async def delete(
        self, key: bytes, *, context: Context | None = None, w: int = 0, pw: int = 0
    ) -> WriteResponse | Refusal:
        """Write a tombstone."""
        return _expect_write(await self.call(DeleteRequest(key, context or {}, w, pw)))

    async def update(
        self, key: bytes, update: Update, *, w: int = 0, pw: int = 0
    ) -> WriteResponse | Refusal:
        """Change a typed value. After "maybe written", asking again may change it twice."""
        return _expect_write(await self.call(UpdateRequest(key, update, w, pw)))

    async def get(self, key: bytes, *, r: int = 0, pr: int = 0) -> ReadResponse | Refusal:
        """Read a key."""
        return _expect_read(await self.call(GetRequest(key, r, pr)))

    async def room(self, request: RoomRequest) -> RoomResponse | Refusal:
        """Speak to a room. This node finds it, wherever it runs."""
        answer = await self.call(request)
        return answer if isinstance(answer, RoomResponse | Refusal) else _NONSENSE

    async def call(self, request: Call | RoomRequest) -> Answer:
        """Make one call and wait for its answer. Never raises for trouble on the way."""
        line = self._line
        if line is None or line.closed:
            line = await self._connected()
            if line is None:
                detail = f"nothing answers at {self.address}: nothing was written"
                return Refusal(503, "unreachable", detail)
        if len(line.open) >= CALLS_OPEN_MAX:
            return Refusal(503, "overload", "too many calls are open: nothing was written")
        number = next(self._numbers)
        body = ClientCall(number, request)
        packet = Packet(self._cluster, _NOBODY, 0, number, 0, traced=False, body=body)
        waiting = line.call(number, encode_frame(packet))
        self._watch_over(waiting)
        try:
            answer = await waiting
        finally:
            line.open.pop(number, None)
        if answer is not None:
            return answer
        detail = f"no answer from {self.address}"
        if isinstance(request, GetRequest):
            return Refusal(503, "no answer", detail)
        if isinstance(request, RoomRequest):
            return Refusal(504, "unknown", f"nobody knows whether it was done: {detail}")
        return WriteResponse("maybe written", (), 0, {}, 0, detail)

    async def close(self) -> None:
        """Hang up. Open calls end as if the connection had broken."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._line is not None:
            self._line.close()
            # The loop tells the line in its next turn, which answers what is open.
            await asyncio.sleep(0)

    async def _connected(self) -> _Line | None:
        async with self._connecting:
            if self._line is not None and not self._line.closed:
                return self._line
            host, _, port = self.address.rpartition(":")
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(CONNECT_S):
                    _, line = await loop.create_connection(_Line, host.strip("[]"), int(port))
            except (OSError, TimeoutError, ValueError):
                return None
            self._line = line
            return line

    def _watch_over(self, waiting: asyncio.Future[Answer | None]) -> None:
        # All calls have the same patience, so the oldest is always the next to give up: one timer
        # does for all of them.
        loop = asyncio.get_running_loop()
        self._deadlines.append((loop.time() + self._timeout_s, waiting))
        if self._watch is None:
            self._watch = loop.call_later(self._timeout_s, self._give_up)

    def _give_up(self) -> None:
        loop = asyncio.get_running_loop()
        self._watch = None
        deadlines = self._deadlines
        while deadlines and (deadlines[0][1].done() or deadlines[0][0] <= loop.time()):
            _, waiting = deadlines.popleft()
            if not waiting.done():
                waiting.set_result(None)
        if deadlines:
            self._watch = loop.call_at(deadlines[0][0], self._give_up)


class RingClient:
    """Asks a node that owns the key, and another one when that fails."""

    def __init__(
        self, table: RingTable, addresses: dict[NodeId, Address], *, cluster: str = ""
    ) -> None:
        self._clients = {
            name: PeerClient(address, cluster=cluster) for name, address in addresses.items()
        }
        self._partitions = table.partitions
        members = table.members
        self._owners = [
            [self._clients[members[i]] for i in owners if members[i] in self._clients]
            for owners in table.owners
        ]

    async def call(self, request: Call) -> Answer:
        """Make one call, at each owner in turn until one could be asked."""
        owners = self._owners[partition_of(request.key, self._partitions)]
        answer: Answer = Refusal(503, "unreachable", "no owner of this key is known")
        for client in owners or self._clients.values():
            answer = await client.call(request)
            if not isinstance(answer, Refusal) or answer.status != 503:
                return answer
        return answer

    async def put(
        self, key: bytes, value: bytes, *, context: Context | None = None, w: int = 0
    ) -> WriteResponse | Refusal:
        """Write a value."""
        return _expect_write(await self.call(PutRequest(key, value, context=context or {}, w=w)))

    async def update(self, key: bytes, update: Update, *, w: int = 0) -> WriteResponse | Refusal:
        """Change a typed value."""
        return _expect_write(await self.call(UpdateRequest(key, update, w)))

    async def get(self, key: bytes, *, r: int = 0) -> ReadResponse | Refusal:
        """Read a key."""
        answer = await self.call(GetRequest(key, r))
        return _expect_read(answer)

    async def close(self) -> None:
        """Hang up everywhere."""
        for client in self._clients.values():
            await client.close()


_NONSENSE: Final = Refusal(502, "nonsense", "the node answered something else")


def _expect_write(answer: Answer) -> WriteResponse | Refusal:
    return answer if isinstance(answer, WriteResponse | Refusal) else _NONSENSE


def _expect_read(answer: Answer) -> ReadResponse | Refusal:
    return answer if isinstance(answer, ReadResponse | Refusal) else _NONSENSE
