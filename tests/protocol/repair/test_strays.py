"""Copies left behind by a ring change come home before they go."""

from __future__ import annotations

from cluster.model.facts import CopiesDropped
from cluster.model.member import NodeId
from cluster.model.ring import build_ring, partition_of
from cluster.protocol.inputs import Received
from cluster.protocol.messages import (
    GetRequest,
    Packet,
    PutRequest,
    ReadResponse,
    ReplicaWrite,
    WriteResponse,
)
from tests.world import World


def values(world: World, name: str, key: bytes) -> set[bytes | None]:
    answer = world.call(name, GetRequest(key))
    assert isinstance(answer, ReadResponse)
    return {sibling.value for sibling in answer.versions.siblings}


def test_a_write_taken_by_owners_of_a_smaller_ring_reaches_those_of_the_larger_one() -> None:
    # Two splits that overlap: first the ring goes on without n1 and n4, then n5 is cut off from
    # it, and what n2 and n3 take as owners is known to no owner of the whole ring.
    world = World(5)
    world.until(world.agreed, 10)
    whole = world.node("n2").placement.ring
    world.partition(("n2", "n3", "n5"), ("n1", "n4"))
    world.until(lambda: len(world.node("n2").placement.ring.members) == 3, 30, "the eviction")
    world.until(lambda: len(world.node("n3").placement.ring.members) == 3, 30, "the eviction")
    world.run(1)
    keys = [b"k%d" % i for i in range(400)]
    theirs = [
        key
        for key in keys
        if not {"n2", "n3"} & set(whole.owners[partition_of(key, whole.partitions)])
    ]
    assert theirs, "no partition with three other owners: choose other names"
    world.partition(("n2", "n3"), ("n5",), ("n1", "n4"))
    for key in theirs[:5]:
        answer = world.call("n2", PutRequest(key, b"taken"))
        assert isinstance(answer, WriteResponse)
        assert answer.outcome == "ok"
    world.heal()
    world.until(world.agreed, 30, "one view")

    def home() -> bool:
        return all(
            (record := world.hosts[owner].disk.load(partition, key)) is not None
            and [s.value for s in record.versions.siblings] == [b"taken"]
            for key in theirs[:5]
            for partition in (partition_of(key, whole.partitions),)
            for owner in whole.owners[partition]
        )

    world.until(home, 30, "the owners to get what was written elsewhere")
    assert values(world, "n1", theirs[0]) == {b"taken"}


def test_a_copy_goes_only_when_every_owner_has_it() -> None:
    world = World(4)
    world.until(world.agreed, 10)
    for i in range(60):
        world.call("n1", PutRequest(b"k%d" % i, b"v"))
    world.start("n5", ("n1",))
    world.until(lambda: world.agreed() and len(world.live()) == 5, 20)
    world.until(lambda: not any(node.strays.held for node in world.live()), 60, "strays to go")
    assert world.told(CopiesDropped)
    ring = world.node("n1").placement.ring
    for i in range(60):
        key = b"k%d" % i
        partition = partition_of(key, ring.partitions)
        holders = {n for n, h in world.hosts.items() if h.disk.load(partition, key) is not None}
        assert holders == set(ring.owners[partition])


def test_while_an_owner_is_away_its_strays_stay() -> None:
    world = World(4)
    world.until(world.agreed, 10)
    keys = [b"k%d" % i for i in range(60)]
    for key in keys:
        world.call("n1", PutRequest(key, b"v"))
    before = world.node("n1").placement.ring
    world.pause("n2")
    world.start("n5", ("n1",))
    world.until(lambda: len(world.node("n1").placement.ring.members) == 5, 5)
    after = world.node("n1").placement.ring
    world.run(5)
    waiting = 0
    for key in keys:
        partition = partition_of(key, after.partitions)
        if "n2" not in after.owners[partition]:
            continue
        for name in set(before.owners[partition]) - set(after.owners[partition]):
            waiting += 1
            assert world.hosts[name].disk.load(partition, key) is not None
    assert waiting, "no copy had to wait for n2: choose other keys"


def test_a_former_owners_copy_does_not_go_with_the_last_hint_it_kept() -> None:
    # `sim --faults hell --seed 192`: n1 had proved a write as an owner, gave its place up, handed
    # its hints over and dropped its copy with them: one disk was left, and that one rotted.
    world = World(4)
    world.until(world.agreed, 10)
    n1, n2 = NodeId("n1"), NodeId("n2")
    before = world.node("n1").placement.ring
    config = world.config.ring
    names = (*before.members, NodeId("n5"))
    after = build_ring(names, config.partitions, config.replicas, config.load_slack)
    partition = next(
        p
        for p in range(config.partitions)
        if {n1, n2} <= set(before.owners[p]) and n1 not in after.owners[p] and n2 in after.owners[p]
    )
    key = next(k for i in range(9_999) if partition_of(k := b"k%d" % i, 64) == partition)
    world.call("n1", PutRequest(key, b"v"))
    versions = world.node("n1").replica.read(partition, key)
    world.kill("n2")
    world.run(2)
    # Nobody else could stand in: n1 keeps the hint for n2 beside its own copy.
    other = world.node("n3")
    write = ReplicaWrite(7, partition, key, versions, n2)
    packet = Packet("masterless", other.name, other.epoch, 10**6, world.now, False, write)
    world.give(world.hosts[n1], Received(packet, world.hosts[other.name].address, 50))
    assert world.node("n1").hints.depth(n2) == 1
    world.start("n5", ("n1",))
    world.until(lambda: len(world.node("n1").placement.ring.members) == 5, 5)
    assert not world.node("n1").placement.owns(partition)
    world.start("n2", ("n1",))
    world.until(lambda: not world.node("n1").hints.depth(n2), 10, "the hint to go home")
    world.run(0.02)
    assert world.hosts[n1].disk.load(partition, key) is not None
