"""Hints that expire, copies that go home, and reads that do not wait for the slow."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, MS, SECOND
from cluster.model.facts import CopiesDropped, HintsExpired, PulseReported
from cluster.model.member import MemberState, NodeId
from cluster.model.ring import partition_of
from cluster.protocol.messages import (
    GetRequest,
    PutRequest,
    ReadResponse,
    WriteResponse,
)
from tests.world import World

STUBBORN = replace(DEMO.membership, evict_after_us=600 * SECOND)
"""Nobody is taken off the ring: its owners stay away, and stay owners."""


def ring(size: int = 5, hint_window_us: int = 0) -> World:
    config = DEMO
    if hint_window_us:
        data = replace(DEMO.data, hint_window_us=hint_window_us)
        config = replace(DEMO, data=data, membership=STUBBORN)
    world = World(size, config=config)
    world.until(world.agreed, 5, "a ring")
    return world


def owners(world: World, key: bytes) -> tuple[NodeId, ...]:
    return world.live()[0].placement.ring.owners[partition_of(key, 64)]


def put(world: World, at: str, key: bytes, value: bytes) -> None:
    response = world.call(at, PutRequest(key, value))
    assert isinstance(response, WriteResponse)
    assert response.outcome == "ok", response


def holders(world: World, key: bytes) -> set[NodeId]:
    partition = partition_of(key, 64)
    return {n for n, host in world.hosts.items() if host.disk.load(partition, key) is not None}


def drained(world: World) -> bool:
    return not any(node.hints.depths() for node in world.live())


def keys(count: int) -> list[bytes]:
    return [b"key%d" % i for i in range(count)]


# --- hints ---------------------------------------------------------------------------------------


def test_a_hint_is_not_dropped_on_restart() -> None:
    world = ring()
    gone = owners(world, b"key0")[0]
    world.kill(gone)
    world.until(lambda: world.all_see(gone, MemberState.DEAD), 5)
    at = world.live()[0].name
    for key in keys(30):
        put(world, at, key, b"v")
    world.run(0.5)
    before = {n.name: n.hints.depths() for n in world.live() if n.hints.depths()}
    assert before
    for name in before:
        world.kill(name)
        world.start(name)
        assert world.node(name).hints.depths() == before[name]


def test_a_hint_expires_loudly_and_its_record_still_comes_home() -> None:
    world = ring(hint_window_us=3 * SECOND)
    gone = owners(world, b"key0")[0]
    world.kill(gone)
    world.until(lambda: world.all_see(gone, MemberState.DEAD), 5)
    at = world.live()[0].name
    for key in keys(40):
        put(world, at, key, b"v")
    world.run(0.5)
    owed = sum(node.hints.depth(gone) for node in world.live())
    held = {key: holders(world, key) for key in keys(40)}
    assert owed > 0
    world.until(lambda: drained(world), 6, "the hints to expire")
    expired = world.told(HintsExpired)
    assert sum(e.count for e in expired) == owed
    assert all(e.target == gone and 0 < e.oldest_at < world.now - 3 * SECOND for e in expired)
    assert {key: holders(world, key) for key in keys(40)} == held
    world.start(gone)
    mine = [key for key in keys(40) if gone in owners(world, key)]
    world.until(lambda: all(gone in holders(world, key) for key in mine), 10, "the way home")
    world.until(lambda: all(holders(world, k) == set(owners(world, k)) for k in keys(40)), 10)


def test_a_hint_within_its_window_is_kept() -> None:
    world = ring(hint_window_us=60 * SECOND)
    gone = owners(world, b"key0")[0]
    world.kill(gone)
    world.until(lambda: world.all_see(gone, MemberState.DEAD), 5)
    put(world, world.live()[0].name, b"key0", b"v")
    world.run(20)
    assert not drained(world)
    assert world.told(HintsExpired) == []


# --- copies of others ----------------------------------------------------------------------------


def test_a_former_owner_drops_its_copies_once_every_owner_has_them() -> None:
    world = ring(4)
    for key in keys(120):
        put(world, "n1", key, b"v")
    world.start("n5", ("n1",))
    world.until(lambda: world.agreed() and len(world.node("n1").placement.ring.members) == 5, 10)

    def at_home() -> bool:
        return all(holders(world, key) == set(owners(world, key)) for key in keys(120))

    assert not at_home()
    world.until(at_home, 20, "only owners to hold copies")
    assert sum(c.keys for c in world.told(CopiesDropped)) > 0
    for key in keys(120):
        response = world.call("n5", GetRequest(key, r=3))
        assert isinstance(response, ReadResponse)
        assert {s.value for s in response.versions.siblings} == {b"v"}


def test_no_copy_is_dropped_while_one_owner_is_away() -> None:
    world = ring(4)
    for key in keys(120):
        put(world, "n1", key, b"v")
    world.start("n5", ("n1",))
    world.until(lambda: len(world.node("n1").placement.ring.members) == 5, 10)
    world.kill("n5")
    before = {key: holders(world, key) - {NodeId("n5")} for key in keys(120)}
    world.run(6)  # shorter than it takes to be removed
    foreign = [key for key in keys(120) if "n5" in owners(world, key)]
    assert foreign
    for key in foreign:
        assert holders(world, key) - {NodeId("n5")} == before[key]


def test_at_every_moment_of_a_handover_each_key_is_on_as_many_disks_as_before() -> None:
    world = ring(4)
    for key in keys(100):
        put(world, "n1", key, b"v")
    world.run(1)
    world.start("n5", ("n1",))
    world.start("n6", ("n1",))
    for _ in range(400):
        world.run(0.05)
        assert all(len(holders(world, key)) >= 3 for key in keys(100))
    assert world.told(CopiesDropped)


def test_a_write_during_a_handover_is_not_dropped_with_the_old_copy() -> None:
    world = ring(4)
    for key in keys(60):
        put(world, "n1", key, b"old")
    world.start("n5", ("n1",))
    for i in range(600):
        put(world, f"n{i % 4 + 1}", b"key%d" % (i % 60), b"new%d" % i)
    world.until(lambda: world.agreed() and drained(world), 20)
    world.run(10)
    for number, key in enumerate(keys(60)):
        response = world.call("n5", GetRequest(key, r=3))
        assert isinstance(response, ReadResponse)
        values = {s.value for s in response.versions.siblings}
        assert {b"new%d" % i for i in range(number, 600, 60)} <= values


# --- speculative reads ---------------------------------------------------------------------------


@pytest.mark.parametrize("speculative", [True, False])
def test_one_slow_replica_does_not_slow_a_read(speculative: bool) -> None:
    after = DEMO.data.speculate_after_us if speculative else DEMO.data.replica_timeout_us
    config = replace(DEMO, data=replace(DEMO.data, speculate_after_us=after))
    world = World(5, config=config)
    world.until(world.agreed, 5, "a ring")
    put(world, "n1", b"key", b"v")
    world.run(0.5)
    reader = owners(world, b"key")[0]
    slow = world.node(reader).placement.readers(partition_of(b"key", 64))[1]
    world.pause(slow)
    started = world.now
    response = world.call(reader, GetRequest(b"key"))
    took = world.now - started
    assert isinstance(response, ReadResponse)
    assert slow not in response.replicas
    assert len(response.replicas) == 2
    if speculative:
        assert after <= took <= after + 10 * MS
        world.run(0.3)
        assert sum(p.rates.speculated for p in world.told(PulseReported, by=reader)) == 1
    else:
        assert took >= DEMO.data.replica_timeout_us


def test_reads_that_are_answered_in_time_ask_nobody_else() -> None:
    world = ring()
    for key in keys(20):
        put(world, "n1", key, b"v")
        response = world.call("n2", GetRequest(key))
        assert isinstance(response, ReadResponse)
    world.run(0.5)
    assert sum(p.rates.speculated for p in world.told(PulseReported)) == 0


def test_a_speculative_read_still_proves_what_was_asked_of_it() -> None:
    world = ring()
    put(world, "n1", b"key", b"v")
    world.run(0.5)
    reader = owners(world, b"key")[0]
    slow = world.node(reader).placement.readers(partition_of(b"key", 64))[1]
    world.pause(slow)
    request = world.ask(reader, GetRequest(b"key", r=3, pr=3))
    world.run(0.5)
    assert request not in world.replies
    world.resume(slow)
    world.run(0.1)
    response = world.replies[request]
    assert isinstance(response, ReadResponse)
    assert response.primaries == 3
