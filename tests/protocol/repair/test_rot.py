"""Disks that give back what nobody wrote: it is told, counted, and healed by the other owners."""

from __future__ import annotations

from cluster.config import DEMO, SECOND
from cluster.model.facts import Fact, PulseReported, RecordRotted, SnapshotTaken
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.protocol.effects import Response
from cluster.protocol.inputs import SnapshotQuery
from cluster.protocol.messages import GetRequest, PutRequest, ReadResponse
from cluster.sim.world import World
from tests.world import World as Small

KEYS = 60


def agreed(world: World) -> bool:
    nodes = [host.node for host in world.hosts.values() if host.node is not None]
    return (
        len({node.placement.ring.digest for node in nodes}) == 1
        and len(nodes[0].placement.ring.members) == len(world.hosts)
        and not any(node.transfers.filling for node in nodes)
    )


def grown(facts: list[Fact]) -> World:
    world = World(7, DEMO)
    world.watchers.append(facts.append)
    for index in range(1, 6):
        world.start(f"n{index}", ("n1",) if index > 1 else ())
    assert world.until(lambda: agreed(world), 20 * SECOND)
    answers: list[Response | None] = []
    for i in range(KEYS):
        world.ask("n1", PutRequest(b"key%d" % i, b"%d" % i), answers.append)
    assert world.until(lambda: len(answers) == KEYS, 5 * SECOND)
    world.run(world.now + SECOND)
    return world


def test_rotten_records_are_told_counted_and_healed_without_any_read_by_a_client() -> None:
    facts: list[Fact] = []
    world = grown(facts)
    disk = world.host("n2").disk
    spoiled = disk.places()[:10]
    for place in spoiled:
        assert disk.rot(*place)
    period = DEMO.repair.rebuild_period_us + 2 * DEMO.repair.exchange_period_us
    assert world.until(lambda: not disk.rotten(), period + 5 * SECOND), "never healed"
    told = [f.payload for f in facts if isinstance(f.payload, RecordRotted)]
    assert sum(t.count for t in told) == 10
    assert {t.partition for t in told} == {partition for partition, _ in spoiled}
    for partition, key in spoiled:
        assert disk.record(partition, key) is not None
    world.run(world.now + SECOND)
    pulses = [f.payload for f in facts if isinstance(f.payload, PulseReported) and f.node == "n2"]
    assert pulses[-1].rotted == 10


def test_a_read_that_meets_rot_answers_from_the_others_and_the_record_is_healed() -> None:
    facts: list[Fact] = []
    world = grown(facts)
    node = world.host("n2").node
    assert node is not None
    key = next(
        key
        for key in (b"key%d" % i for i in range(KEYS))
        if "n2" in node.placement.ring.owners[partition_of(key, 64)]
    )
    disk = world.host("n2").disk
    assert disk.rot(partition_of(key, 64), key)
    answers: list[Response | None] = []
    world.ask("n2", GetRequest(key), answers.append)
    assert world.until(lambda: bool(answers), 2 * SECOND)
    assert isinstance(answers[0], ReadResponse)
    assert {s.value for s in answers[0].versions.siblings} == {key[3:]}
    assert world.until(lambda: not disk.rotten(), 2 * DEMO.repair.exchange_period_us)


def test_a_node_whose_memory_rotted_starts_as_if_it_knew_nothing_and_doubts_all() -> None:
    world = Small(4)
    world.until(world.agreed, 5, "a ring")
    for i in range(KEYS):
        world.call("n1", PutRequest(b"key%d" % i, b"%d" % i))
    world.run(0.5)
    world.kill("n1")
    world.hosts[NodeId("n1")].disk.metas["memory"] = b"\xc1 nonsense"
    world.start("n1")  # without seeds: nothing but its memory knew the others
    assert len(world.node("n1").transfers.filling) == 64
    assert RecordRotted("memory", -1, 1) in world.told(RecordRotted, by="n1")
    world.until(world.agreed, 30, "the others to find it again")
    for i in range(KEYS):
        response = world.call("n1", GetRequest(b"key%d" % i))
        assert isinstance(response, ReadResponse)
        assert {s.value for s in response.versions.siblings} == {b"%d" % i}
    request = world.ask("n1", SnapshotQuery())
    snapshot = world.replies[request]
    assert isinstance(snapshot, Fact)
    assert isinstance(snapshot.payload, SnapshotTaken)
