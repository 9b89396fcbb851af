"""The driver: performs what a machine asks for, in order, and stops at the first defect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from cluster.config import DEMO
from cluster.model.facts import Fact, NodeStopped
from cluster.model.member import Address, NodeId
from cluster.protocol.effects import (
    CancelTimer,
    Effect,
    Emit,
    Halt,
    Persist,
    PutMeta,
    Reply,
    Send,
    SetTimer,
)
from cluster.protocol.inputs import (
    Abandoned,
    FaultSet,
    Input,
    JoinCommand,
    Measured,
    Persisted,
    Received,
    Requested,
    RequestId,
    SnapshotQuery,
    TimerFired,
)
from cluster.protocol.messages import (
    ClientAnswer,
    ClientCall,
    GetRequest,
    Packet,
    Ping,
    Refusal,
)
from cluster.protocol.wire import Deframer, decode, encode_frame
from cluster.runtime import clock
from cluster.runtime.disk.store import Store
from cluster.runtime.driver import Driver
from cluster.runtime.net import addresses, clients
from tests.runtime.soon import soon

N1 = NodeId("n1")
REFUSAL = Refusal(418, "teapot", "short and stout")

Script = Callable[[Input, int], list[Effect]]


class Puppet:
    """A machine that notes its inputs and does what the test says."""

    def __init__(self, script: Script) -> None:
        self.inputs: list[Input] = []
        self.script = script

    def handle(self, event: Input, now: int) -> list[Effect]:
        self.inputs.append(event)
        return self.script(event, now)

    def of(self, kind: type[Input]) -> list[Input]:
        return [event for event in self.inputs if isinstance(event, kind)]


class Stage(Driver):
    """A driver with a puppet on real sockets and a real disk."""

    puppet: Puppet
    gossip: Address


@asynccontextmanager
async def stage(path: Path, script: Script) -> AsyncGenerator[Stage]:
    store = Store(path, "n1", "test", 64)
    driver = Stage(N1, DEMO, store, Random(0))
    driver.puppet = Puppet(script)
    udp, tcp = addresses.bind_pair("127.0.0.1:0")
    driver.gossip = addresses.bound_address(tcp)
    await driver.start(driver.puppet, udp, tcp, driver.gossip)
    try:
        yield driver
    finally:
        await driver.stop()
        await asyncio.sleep(0.01)


def fact(seq: int) -> Fact:
    return Fact(N1, 1, seq, 0, 0, NodeStopped("x"))


async def test_an_input_that_arises_from_an_effect_waits_its_turn(tmp_path: Path) -> None:
    depth = 0

    def script(event: Input, _now: int) -> list[Effect]:
        nonlocal depth
        depth += 1
        assert depth == 1
        depth -= 1
        if isinstance(event, Measured) and event.lag_us == 0:
            # Neither can be sent anywhere, which is told back at once.
            nowhere = Packet("test", N1, 1, 1, 0, traced=False, body=Ping(1, N1))
            bad = Send(NodeId("x"), Address("nowhere"), "datagram", nowhere)
            return [bad, Emit(fact(1)), bad, Emit(fact(2))]
        return []

    async with stage(tmp_path, script) as driver:
        driver.feed(Measured(0, 0))
        assert len(driver.puppet.inputs) == 3
        assert [f.seq for f in driver.hub.read(0, 9)] == [1, 2]


async def test_timers_fire_in_order_once_and_never_early(tmp_path: Path) -> None:
    fired: list[tuple[str, int]] = []

    def script(event: Input, now: int) -> list[Effect]:
        if isinstance(event, TimerFired):
            fired.append((event.timer[0], now - event.due))
            return []
        return [
            SetTimer(("late",), now + 30_000),
            SetTimer(("early",), now + 10_000),
            SetTimer(("moved",), now + 5_000),
            SetTimer(("moved",), now + 20_000),
            SetTimer(("cancelled",), now + 1_000),
            CancelTimer(("cancelled",)),
            CancelTimer(("never set",)),
        ]

    async with stage(tmp_path, script) as driver:
        driver.feed(Measured(0, 0))
        await soon(lambda: len(fired) == 3)
        assert [name for name, _ in fired] == ["early", "moved", "late"]
        assert all(late >= 0 for _, late in fired)


async def test_many_cancelled_timers_are_forgotten(tmp_path: Path) -> None:
    async with stage(tmp_path, lambda _event, _now: []) as driver:
        timers = driver._timers  # pyright: ignore[reportPrivateUsage]
        for number in range(10_000):
            timers.set((str(number),), clock.now() + 10**9)
            timers.cancel((str(number),))
        assert timers.held < 1_000


async def test_the_process_is_measured_just_before_each_pulse(tmp_path: Path) -> None:
    def script(event: Input, now: int) -> list[Effect]:
        return [SetTimer(("pulse",), now + 1_000)] if isinstance(event, Persisted) else []

    async with stage(tmp_path, script) as driver:
        driver.feed(Persisted(0))
        await soon(lambda: driver.puppet.of(TimerFired))
        measured, fired = driver.puppet.inputs[-2:]
        assert isinstance(measured, Measured)
        assert isinstance(fired, TimerFired)
        assert measured.resident_bytes > 1_000_000
        assert measured.lag_us >= 0


async def test_what_is_persisted_is_reported_and_readable(tmp_path: Path) -> None:
    def script(event: Input, _now: int) -> list[Effect]:
        return [Persist(7, (PutMeta("m", b"x"),))] if isinstance(event, Measured) else []

    async with stage(tmp_path, script) as driver:
        driver.feed(Measured(0, 0))
        await soon(lambda: driver.puppet.of(Persisted) == [Persisted(7)])


def answer_with(response: Refusal | Fact | None) -> Script:
    def script(event: Input, _now: int) -> list[Effect]:
        return [Reply(event.id, response)] if isinstance(event, Requested) else []

    return script


async def test_a_request_gets_its_answer(tmp_path: Path) -> None:
    async with stage(tmp_path, answer_with(REFUSAL)) as driver:
        assert await driver.request(JoinCommand(Address("127.0.0.1:1"))) == REFUSAL


async def test_a_cancelled_request_is_abandoned(tmp_path: Path) -> None:
    async with stage(tmp_path, lambda _event, _now: []) as driver:
        asking = asyncio.ensure_future(driver.request(SnapshotQuery()))
        await soon(lambda: driver.puppet.of(Requested))
        asking.cancel()
        await soon(lambda: driver.puppet.of(Abandoned) == [Abandoned(RequestId(1))])


async def test_open_requests_end_when_the_node_does(tmp_path: Path) -> None:
    def script(event: Input, _now: int) -> list[Effect]:
        return [Halt("done", failed=False)] if isinstance(event, Measured) else []

    async with stage(tmp_path, script) as driver:
        asking = asyncio.ensure_future(driver.request(SnapshotQuery()))
        await soon(lambda: driver.puppet.of(Requested))
        driver.feed(Measured(0, 0))
        answer = await asking
        assert isinstance(answer, Refusal)
        assert answer.status == 503
        assert driver.halted.result() == Halt("done", failed=False)
        seen = len(driver.puppet.inputs)
        driver.feed(Measured(0, 0))
        assert len(driver.puppet.inputs) == seen
        assert await driver.request(SnapshotQuery()) == answer


async def test_a_defect_is_told_once_and_nothing_is_handled_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(event: Input, _now: int) -> list[Effect]:
        if isinstance(event, Measured):
            raise ZeroDivisionError("half done")
        return []

    async with stage(tmp_path, script) as driver:
        driver.feed(Measured(0, 0))
        driver.feed(Persisted(1))
        assert driver.halted.result().failed
        assert driver.puppet.inputs == [Measured(0, 0)]
        assert "half done" in capsys.readouterr().err


async def test_a_fault_is_told_to_the_node_and_so_is_its_end(tmp_path: Path) -> None:
    async with stage(tmp_path, lambda _event, _now: []) as driver:
        n2 = NodeId("n2")
        assert driver.fault("cut", (n2,), "both", 0, 0) == ("cut from n2",)
        assert driver.fault("heal", (), "both", 0, 0) == ()
        assert driver.puppet.of(FaultSet) == [
            FaultSet("cut", (n2,), "cut from n2", False, ("cut from n2",)),
            FaultSet("cut", (n2,), "", True, ()),
        ]


# --- clients on the peer port ----------------------------------------------------------------------


def call(number: int, *, cluster: str = "") -> bytes:
    body = ClientCall(number, GetRequest(b"k"))
    return encode_frame(Packet(cluster, NodeId(""), 0, number, 0, traced=False, body=body))


async def answers(reader: asyncio.StreamReader, count: int) -> dict[int, Refusal]:
    deframer = Deframer()
    found: dict[int, Refusal] = {}
    while len(found) < count:
        data = await reader.read(65_536)
        assert data, "hung up"
        for frame in deframer.feed(data):
            body = decode(frame).body
            assert isinstance(body, ClientAnswer)
            assert isinstance(body.response, Refusal)
            found[body.number] = body.response
    return found


async def test_calls_on_a_stream_are_answered_under_their_own_numbers(tmp_path: Path) -> None:
    async with stage(tmp_path, answer_with(REFUSAL)) as driver:
        host, port = driver.gossip.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(call(900) + call(7))
        writer.write(call(8, cluster="masterless"))
        assert await answers(reader, 3) == {900: REFUSAL, 7: REFUSAL, 8: REFUSAL}
        writer.close()


async def test_calls_of_a_caller_that_hangs_up_are_abandoned(tmp_path: Path) -> None:
    async with stage(tmp_path, lambda _event, _now: []) as driver:
        host, port = driver.gossip.split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(call(1) + call(2))
        await soon(lambda: len(driver.puppet.of(Requested)) == 2)
        writer.close()
        await soon(lambda: len(driver.puppet.of(Abandoned)) == 2)


async def test_too_many_open_calls_on_one_connection_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "CALLS_OPEN_MAX", 3)
    async with stage(tmp_path, lambda _event, _now: []) as driver:
        host, port = driver.gossip.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"".join(call(number) for number in range(5)))
        assert {number: r.error for number, r in (await answers(reader, 2)).items()} == {
            3: "overload",
            4: "overload",
        }
        writer.close()


async def test_a_node_that_greets_is_a_peer_and_its_packets_are_received(tmp_path: Path) -> None:
    from cluster.protocol.messages import Hello

    async with stage(tmp_path, lambda _event, _now: []) as driver:
        host, port = driver.gossip.split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        there = Address("127.0.0.1:9")
        hello = Packet("masterless", NodeId("n9"), 1, 0, 0, traced=False, body=Hello(there))
        ping = Packet("masterless", NodeId("n9"), 1, 1, 0, traced=False, body=Ping(1, N1))
        writer.write(encode_frame(hello) + encode_frame(ping))
        await soon(lambda: driver.puppet.of(Received))
        (received,) = driver.puppet.of(Received)
        assert isinstance(received, Received)
        assert (received.packet, received.source) == (ping, there)
        writer.close()
