"""A window over a node that is not there: the test says what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from msgspec.structs import replace

from cluster.api.backend import Direction
from cluster.api.window import Window
from cluster.config import DEMO, Config
from cluster.model.facts import Fact, NodeStopped
from cluster.model.fault import FaultKind
from cluster.model.member import Address, NodeId
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request
from cluster.protocol.messages import Refusal
from cluster.runtime.hub import Hub
from cluster.runtime.listeners import Listener, Listeners
from cluster.runtime.net import addresses
from cluster.runtime.observer import Observer

N1 = NodeId("n1")
EPOCH = 17


def fact(seq: int) -> Fact:
    return Fact(N1, EPOCH, seq, seq * 10, seq * 10, NodeStopped(f"fact {seq}"))


class Desk:
    """A `Backend` that answers what it was told to."""

    def __init__(self) -> None:
        self.name = N1
        self.epoch = EPOCH
        self.config: Config = replace(DEMO, faults_allowed=True)
        self.hub = Hub(50)
        self.seq = 0
        self.asked: list[Request] = []
        self.cancelled = 0
        self.faults: list[tuple[FaultKind, tuple[NodeId, ...], Direction, float, int]] = []
        self.answer: Callable[[Request], Response] = lambda _: Refusal(418, "teapot", "short")
        self.silent = False
        self.listening: list[tuple[str, int]] = []
        """Topics that somebody ceased to listen to, and how many then still did."""
        self.listeners = Listeners(
            self.config.spread, lambda topic, count: self.listening.append((topic, count))
        )

    def say(self, count: int) -> None:
        for _ in range(count):
            self.seq += 1
            self.hub.append(fact(self.seq))

    async def request(self, request: Request, /) -> Response:
        self.asked.append(request)
        if self.silent:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        return self.answer(request)

    async def snapshot(self) -> tuple[Fact, int]:
        return fact(self.seq), self.hub.end

    def observe(self, since: tuple[int, int] | None, /) -> Observer:
        return Observer(self, since)

    async def listen(self, topic: str, /) -> Listener | Refusal:
        if topic == "refused":
            return Refusal(503, "too many topics", "as the test has it")
        return self.listeners.open(topic)[0]

    def record(self) -> list[Fact]:
        return self.hub.read(self.hub.begin, 50)

    def fault(
        self,
        kind: FaultKind,
        peers: tuple[NodeId, ...],
        direction: Direction,
        fraction: float,
        delay_ms: int,
    ) -> tuple[str, ...]:
        if kind == "loss" and fraction == 0.5:
            raise ValueError("not that much")
        self.faults.append((kind, peers, direction, fraction, delay_ms))
        return ("in force",)


@asynccontextmanager
async def window(desk: Desk) -> AsyncGenerator[Address]:
    """Its window on a free port."""
    listener = addresses.bind_listener("127.0.0.1:0")
    address = addresses.bound_address(listener)
    opened = Window(desk)
    await opened.open(listener)
    try:
        yield address
    finally:
        desk.hub.close()
        desk.listeners.end()
        await opened.close()
        await asyncio.sleep(0.01)


async def exchange(address: Address, sent: bytes) -> bytes:
    """Send bytes, and read until the window hangs up."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


def http(
    method: str, path: str, body: bytes = b"", *, host: str = "127.0.0.1", **headers: str
) -> bytes:
    """A request that asks to be hung up on."""
    connection = "close, Upgrade" if "Upgrade" in headers else "close"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Connection: {connection}"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


def parse(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value for name, value in pairs}, body
