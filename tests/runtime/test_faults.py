"""Faults of a transport: a cut is a black hole, loss is seeded, delay keeps the order."""

from __future__ import annotations

import asyncio
from random import Random
from time import monotonic

import pytest

from cluster.model.member import Address, NodeId
from cluster.runtime.net import links
from cluster.runtime.net.faults import Direction, Fault, FaultError, Faults
from tests.runtime.exchange import exchanges
from tests.runtime.soon import soon

N2, N3 = NodeId("n2"), NodeId("n3")
NOWHERE = Address("")


async def test_a_cut_swallows_everything_and_closes_nothing() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 1)
        b.send(a, 1)
        await soon(lambda: a.numbers == b.numbers == [1])
        streams = a.links.stream_count
        a.faults.apply(Fault("cut", (N2,)))
        a.send(b, 2)
        a.send_datagram(b, 2)
        b.send(a, 2)
        b.send_datagram(a, 2)
        await soon(lambda: len(a.rejections) == 4)
        assert {reason for reason, _ in a.rejections} == {"cut"}
        assert a.numbers == b.numbers == [1]
        assert a.links.stream_count == streams
        a.faults.apply(Fault("heal", (N2,)))
        a.send(b, 3)
        b.send_datagram(a, 3)
        await soon(lambda: b.numbers == a.numbers == [1, 3])
        assert a.lost == b.lost == []


@pytest.mark.parametrize("direction", ["in", "out"])
async def test_a_cut_may_be_one_way(direction: Direction) -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.faults.apply(Fault("cut", (N2,), direction))
        a.send_datagram(b, 1)
        b.send_datagram(a, 1)
        deaf, hears = (a, b) if direction == "in" else (b, a)
        await soon(lambda: a.rejections and hears.numbers == [1])
        assert deaf.numbers == []


async def test_a_dial_into_a_cut_hangs_and_is_never_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "DIAL_TIMEOUT_S", 0.05)
    async with exchanges("n1", "n2") as (a, b):
        a.faults.apply(Fault("cut", (N2,)))
        await b.close()
        a.send(b, 1)
        await soon(lambda: a.lost)
        assert a.lost == [(b.address, "timeout")]


async def test_nobody_hears_a_connection_end_through_a_cut() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 1)
        await soon(lambda: b.numbers == [1])
        a.faults.apply(Fault("cut", (N2,)))
        await b.close()
        await soon(lambda: a.links.stream_count == 0)
        assert a.lost == []


async def test_delay_holds_up_what_is_sent_and_keeps_its_order() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.send(b, 0)
        await soon(lambda: b.numbers == [0])
        a.faults.apply(Fault("delay", (N2,), delay_ms=40))
        began = monotonic()
        for number in range(1, 6):
            a.send(b, number)
        a.faults.apply(Fault("heal"))
        a.send(b, 6)  # waits behind the others, as bytes of one stream do
        await soon(lambda: len(b.numbers) == 7)
        assert b.numbers == list(range(7))
        assert monotonic() - began >= 0.039


async def test_delayed_datagrams_arrive() -> None:
    async with exchanges("n1", "n2") as (a, b):
        a.faults.apply(Fault("delay", delay_ms=10))
        a.send_datagram(b, 1)
        await asyncio.sleep(0)
        assert b.numbers == []
        await soon(lambda: b.numbers == [1])


def test_loss_takes_the_asked_share_and_the_same_one_for_the_same_seed() -> None:
    lots: list[list[bool]] = []
    for _ in range(2):
        faults = Faults(Random(3))
        faults.apply(Fault("loss", (N2,), fraction=0.25))
        lots.append([faults.loses(N2, NOWHERE) for _ in range(2_000)])
    assert lots[0] == lots[1]
    assert 0.2 < sum(lots[0]) / 2_000 < 0.3


def test_loss_only_delays_a_stream() -> None:
    faults = Faults(Random(3))
    faults.apply(Fault("loss", fraction=1.0))
    assert faults.hold_up_us(N2, NOWHERE, stream=True) == 200_000 * (2**6 - 1)
    assert faults.hold_up_us(N2, NOWHERE, stream=False) == 0


def test_healing_says_what_ended_and_for_whom() -> None:
    faults = Faults(Random(0))
    faults.apply(Fault("cut", (N2, N3)))
    faults.apply(Fault("loss", fraction=0.5))
    assert faults.in_force() == ("cut from n2", "cut from n3", "50% loss with everyone")
    assert faults.apply(Fault("heal", (N2,))) == (("cut", (N2,)),)
    assert faults.in_force() == ("cut from n3", "50% loss with everyone")
    assert faults.apply(Fault("heal")) == (("cut", (N3,)), ("loss", ()))
    assert faults.in_force() == ()
    assert not faults.active
    assert faults.apply(Fault("heal")) == ()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("loss", fraction=1.5),
        Fault("loss", fraction=float("nan")),
        Fault("delay", delay_ms=-1),
        Fault("delay", delay_ms=10**9),
        Fault("kill"),
        Fault("cut", tuple(NodeId(f"n{i}") for i in range(2_000))),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fault: Fault) -> None:
    faults = Faults(Random(0))
    with pytest.raises(FaultError):
        faults.apply(fault)
    assert not faults.active


def test_a_peer_may_be_named_by_its_address() -> None:
    faults = Faults(Random(0))
    faults.apply(Fault("cut", (NodeId("127.0.0.1:7400"),)))
    assert faults.is_cut(NodeId(""), Address("127.0.0.1:7400"), "out")
    assert not faults.is_cut(N2, Address("127.0.0.1:7401"), "out")
