"""The live source against windows made of paper: discovery, resume, loss, silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web

from cluster.model.facts import (
    Fact,
    FactsLost,
    FaultInjected,
    MemberChanged,
    NodeStarted,
    Payload,
    ProcessObserved,
    PulseReported,
    SnapshotTaken,
    StallNoticed,
    WindowClosed,
)
from cluster.model.member import Address, Claim, MemberState, NodeId
from cluster.model.summary import Fate, Rates
from tests.tui.story import table
from tui.sources import live
from tui.sources.live import LiveSource, snapshot_of
from tui.view import LAB, OBSERVER

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")


class Window:
    """A node's window that says what the test tells it to."""

    def __init__(self, name: NodeId, epoch: int = 7) -> None:
        self.name = name
        self.epoch = epoch
        self.seq = 0
        self.asked: list[str] = []
        """The query of each connection."""
        self.known: list[tuple[NodeId, Address]] = []
        self.junk = b""
        self.silent = False
        self.address = Address("h:1")
        self._sockets: list[web.WebSocketResponse] = []
        self._runner: web.AppRunner | None = None

    async def open(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/facts", self._facts)
        app.router.add_get("/healthz", self._health)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.address = Address(f"127.0.0.1:{self._runner.addresses[0][1]}")

    async def close(self) -> None:
        """As when its process dies."""
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def say(self, *payloads: Payload) -> None:
        await self._send([self.fact(p) for p in payloads])

    def fact(self, payload: Payload) -> Fact:
        self.seq += 1
        return Fact(self.name, self.epoch, self.seq, self.seq, self.seq, payload)

    def claim(self) -> Claim:
        return Claim(self.name, self.epoch, 0, MemberState.ALIVE, Address("h:1"), self.address)

    async def _send(self, facts: list[Fact]) -> None:
        for socket in self._sockets:
            await socket.send_bytes(msgspec.msgpack.encode(facts))

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="fine")

    async def _facts(self, request: web.Request) -> web.WebSocketResponse:
        self.asked.append(request.query_string)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.junk:
            await socket.send_bytes(self.junk)
        elif not request.query_string and not self.silent:
            await socket.send_bytes(msgspec.msgpack.encode([self.fact(self._snapshot())]))
        self._sockets.append(socket)
        try:
            async for _ in socket:
                pass
        finally:
            self._sockets.remove(socket)
        return socket

    def _snapshot(self) -> SnapshotTaken:
        members = [Fate(self.claim(), 1, 0)]
        for name, window in self.known:
            claim = Claim(name, 7, 0, MemberState.ALIVE, Address("h:1"), window)
            members.append(Fate(claim, 1, 1))
        return SnapshotTaken(
            self.name, 0, "demo", 1, Address("h:1"), self.address, 1, 2, 2, tuple(members),
            table((N1, N2)), 0, (), (), (), False,
        )  # fmt: skip


PULSE = PulseReported(250_000, 0, Rates(), {}, {}, {}, 1, 1, 0, 1, 0, (), {}, "v", "r", 1, 1)


@asynccontextmanager
async def windows(*names: NodeId) -> AsyncGenerator[list[Window]]:
    opened = [Window(name) for name in names]
    for window in opened:
        await window.open()
    try:
        yield opened
    finally:
        for window in opened:
            await window.close()


@asynccontextmanager
async def following(*addresses: Address) -> AsyncGenerator[LiveSource]:
    source = LiveSource(addresses, now=iter(range(1, 10**6)).__next__)
    source.start()
    try:
        yield source
    finally:
        await source.close()


async def until(source: LiveSource, seen: Callable[[list[Fact]], bool]) -> list[Fact]:
    """Drain until what came satisfies the condition."""
    facts: list[Fact] = []
    async with asyncio.timeout(10):
        while not seen(facts):
            await source.wait(10)
            facts += source.drain()
    return facts


async def soon(condition: Callable[[], bool]) -> None:
    """Let the loop turn until it holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - other people's sockets have no event
            await asyncio.sleep(0)


def from_node(name: NodeId, kind: type[Payload]) -> Callable[[list[Fact]], bool]:
    return lambda facts: any(f.node == name and isinstance(f.payload, kind) for f in facts)


async def test_a_window_tells_its_snapshot_then_its_facts_in_order() -> None:
    async with windows(N1) as (window,), following(window.address) as source:
        facts = await until(source, from_node(N1, SnapshotTaken))
        await window.say(StallNoticed(1), StallNoticed(2))
        facts += await until(source, lambda more: len(more) >= 2)
        assert [f.seq for f in facts] == [1, 2, 3]


async def test_other_windows_are_found_in_the_snapshot() -> None:
    async with windows(N1, N2) as (one, two):
        one.known = [(N2, two.address)]
        async with following(one.address) as source:
            facts = await until(source, from_node(N2, SnapshotTaken))
            assert {f.node for f in facts} == {N1, N2}


async def test_a_member_that_comes_later_is_followed_too() -> None:
    async with windows(N1, N3) as (one, three), following(one.address) as source:
        await until(source, from_node(N1, SnapshotTaken))
        await one.say(MemberChanged(three.claim(), None, "gossip", N2))
        await until(source, from_node(N3, SnapshotTaken))


async def test_a_lost_connection_is_said_and_resumed_after_the_last_fact() -> None:
    async with windows(N1) as (window,), following(window.address) as source:
        await until(source, from_node(N1, SnapshotTaken))
        port = int(window.address.rsplit(":")[-1])
        await window.close()
        facts = await until(source, from_node(OBSERVER, WindowClosed))
        (closed,) = [f for f in facts if f.node == OBSERVER]
        assert closed.payload == WindowClosed(N1)
        assert closed.basis == "inferred"
        await window.open(port)
        await soon(lambda: len(window.asked) >= 2)
        assert window.asked == ["", "since=7.1"]


async def test_two_addresses_of_one_node_are_followed_once() -> None:
    async with windows(N1) as (window,):
        port = window.address.rsplit(":")[-1]
        async with following(window.address, Address(f"localhost:{port}")) as source:
            facts = await until(source, from_node(N1, SnapshotTaken))
            await soon(
                lambda: len(window.asked) == 2 and sum(line.open for line in source.lines()) == 1
            )
            facts += source.drain()
            assert not any(isinstance(f.payload, WindowClosed) for f in facts)


async def test_what_does_not_speak_in_facts_is_refused_with_a_reason() -> None:
    async with windows(N1) as (window,):
        window.junk = b"\xc1 nonsense"
        async with following(window.address) as source:
            await soon(lambda: bool(source.lines()[0].refused))
            assert "does not speak in facts" in source.lines()[0].refused
            assert source.drain() == []


async def test_nobody_there_is_no_error() -> None:
    async with following(Address("127.0.0.1:1")) as source:
        await soon(lambda: bool(source.lines()[0].refused))
        assert source.drain() == []


async def test_what_the_lab_sees_of_a_process_is_where_to_look() -> None:
    async with windows(N1) as (window,), following() as source:
        seen = ProcessObserved(N1, "running", 5, window.address)
        source.notice(Fact(LAB, 1, 1, 1, 1, seen))
        source.notice(Fact(LAB, 1, 2, 2, 2, FaultInjected("kill", N2)))
        await until(source, from_node(N1, SnapshotTaken))


async def test_facts_that_nobody_drains_are_dropped_said_and_asked_for_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "FACTS_MAX", 10)
    async with windows(N1) as (window,), following(window.address) as source:
        await until(source, from_node(N1, SnapshotTaken))
        await window.say(*(StallNoticed(i) for i in range(11)))
        facts = await until(source, from_node(N1, SnapshotTaken))
        assert facts[0].payload == FactsLost(11)


async def test_run_gives_each_fact_to_its_taker_until_cancelled() -> None:
    taken: asyncio.Queue[Fact] = asyncio.Queue()
    async with windows(N1) as (window,):
        source = LiveSource((window.address,))
        task = asyncio.create_task(source.run(taken.put_nowait))
        async with asyncio.timeout(10):
            fact = await taken.get()
        assert isinstance(fact.payload, SnapshotTaken)
        task.cancel()
        async with asyncio.timeout(2):
            await asyncio.wait([task])


async def test_a_silent_window_does_not_delay_the_end() -> None:
    async with windows(N1) as (window,):
        window.silent = True
        source = LiveSource((window.address,))
        source.start()
        await soon(lambda: bool(window.asked))
        async with asyncio.timeout(1):
            await source.close()


async def test_one_look_has_every_node_and_names_who_did_not_answer() -> None:
    async with windows(N1, N2) as (one, two):
        gone = Address("127.0.0.1:1")
        one.known = [(N2, two.address), (N3, gone)]
        look = await snapshot_of((one.address,), pulses=False)
        assert set(look.view.nodes) == {N1, N2, N3}
        assert look.unreachable == (gone,)
        assert not look.view.nodes[N3].connected


async def test_a_look_may_wait_for_the_first_pulse() -> None:
    async with windows(N1) as (window,):
        looking = asyncio.create_task(snapshot_of((window.address,), within_s=10))
        await soon(lambda: bool(window.asked))
        await window.say(NodeStarted("demo", 1, 0), PULSE)
        look = await looking
        assert look.view.nodes[N1].view_digest == "v"
