"""Anti-entropy: copies that drifted apart are found and become equal, and nothing is lost by it."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, SECOND
from cluster.model.facts import TreeCompared, TreeRebuilt
from cluster.model.fingerprint import fingerprint, leaf_of, leaf_range, position
from cluster.model.member import MemberState, NodeId
from cluster.model.ring import partition_of
from cluster.model.versions import EMPTY, Record, Versions, put
from cluster.protocol.inputs import Received
from cluster.protocol.messages import GetRequest, Packet, PutRequest, ReadResponse, WriteResponse
from cluster.protocol.repair.messages import LeafKeys, LeafRecords, TreeLeaves, TreeRoots
from tests.world import World

PERIOD = DEMO.repair.exchange_period_us / SECOND


@pytest.fixture
def world() -> World:
    made = World(5)
    made.until(made.agreed, 5, "a ring")
    return made


def fill(world: World, count: int, size: int = 1) -> None:
    for i in range(count):
        key = b"key%d" % i
        response = world.call("n1", PutRequest(key, (b"%d" % i) * size, "text/plain"))
        assert isinstance(response, WriteResponse)
        assert response.outcome == "ok"
    world.run(0.2)


def owners(world: World, key: bytes) -> tuple[NodeId, ...]:
    return world.node("n1").placement.ring.owners[partition_of(key, 64)]


def lose(world: World, name: NodeId, key: bytes) -> None:
    """A record vanishes from a disk, and nobody is told."""
    partition = partition_of(key, 64)
    for records in (world.hosts[name].records, world.hosts[name].disk):
        records.records[partition].pop(key)


def copies(world: World, key: bytes) -> list[Versions | None]:
    partition = partition_of(key, 64)
    records = [world.hosts[name].disk.load(partition, key) for name in owners(world, key)]
    return [record.versions if record is not None else None for record in records]


def equal(world: World, keys: int) -> bool:
    """All owners' disks hold the same of every key, and hold it."""
    return all(
        all(copy is not None and copy == held[0] for copy in held)
        for held in (copies(world, b"key%d" % i) for i in range(keys))
    )


def clean(world: World) -> bool:
    """Every node has found its trees equal to those of every other owner."""
    likenesses = [like for node in world.live() for like in node.exchange.table()]
    return bool(likenesses) and all(like.clean and not like.moving for like in likenesses)


def bodies(world: World, since: int) -> list[object]:
    return [packet.body for _, _, packet in world.sent[since:]]


def received(world: World, packet: Packet) -> Received:
    return Received(packet, world.hosts[packet.sender].address, 100)


# --- the tree itself -----------------------------------------------------------------------------


def test_a_fingerprint_covers_what_is_held_and_not_who_minted_here() -> None:
    one = put(EMPTY, {}, "n1.1.1", b"v", "", 7)
    other = put(EMPTY, {}, "n1.1.1", b"w", "", 7)
    assert fingerprint(b"k", one) != fingerprint(b"k", other)
    assert fingerprint(b"k", one) != fingerprint(b"l", one)
    ab = Versions({"a": 1, "b": 2}, one.siblings)
    ba = Versions({"b": 2, "a": 1}, one.siblings)
    assert fingerprint(b"k", ab) == fingerprint(b"k", ba)


@pytest.mark.parametrize("leaves", [1, 256, 1024])
def test_every_leaf_is_one_range_of_positions(leaves: int) -> None:
    for i in range(500):
        place = position(b"%d" % i)
        first, end = leaf_range(leaf_of(place, leaves), leaves)
        assert first <= place < end
        edge = int.from_bytes(first, "big")
        if edge:
            assert leaf_of((edge - 1).to_bytes(2, "big"), leaves) == leaf_of(place, leaves) - 1


@pytest.mark.parametrize("seed", range(5))
def test_a_tree_that_follows_the_writes_says_what_one_built_from_the_disk_says(seed: int) -> None:
    """Also when writes come between two pages of the build."""
    print(f"seed {seed}")
    rng = Random(seed)
    config = replace(DEMO, repair=replace(DEMO.repair, page_bytes=300, rebuild_period_us=SECOND))
    world = World(1, seed, config)
    for i in range(400):
        key = b"key%d" % rng.randrange(60)
        world.ask("n1", PutRequest(key, b"%d" % i, w=1, context={}))
        world.run(0.02)
    world.run(5)
    rebuilt = world.told(TreeRebuilt)
    assert len(rebuilt) >= 5
    assert all(r.mended == 0 for r in rebuilt)
    tree = world.node("n1").trees
    roots = [tree.root(p) for p in range(64)]
    world.kill("n1")
    world.start("n1")
    world.run(1)
    assert [world.node("n1").trees.root(p) for p in range(64)] == roots
    assert any(roots)


def test_a_boot_reads_its_disk_in_bounded_pages_and_compares_nothing_before(world: World) -> None:
    fill(world, 200, size=400)
    world.kill("n2")
    world.start("n2")
    node = world.node("n2")
    held = [p for p in node.placement.owned() if world.hosts[NodeId("n2")].records.keys(p)]
    assert held
    assert not any(node.trees.ready(p) for p in held)
    world.until(lambda: all(node.trees.ready(p) for p in held), 2, "trees")
    pages = sum(world.hosts[NodeId("n2")].records.keys(p) for p in range(64)) * 1_000 / 65_536
    assert pages > 1


# --- comparing -----------------------------------------------------------------------------------


def test_equal_copies_cost_each_pair_one_small_pair_of_messages_a_period(world: World) -> None:
    fill(world, 100)
    world.until(lambda: clean(world), 3 * PERIOD, "clean trees")
    before = len(world.sent)
    world.run(2 * PERIOD)
    said = bodies(world, before)
    roots = [b for b in said if isinstance(b, TreeRoots)]
    assert 10 <= len(roots) <= 25  # ten pairs of five nodes, two periods
    answers = [b for b in said if isinstance(b, TreeLeaves)]
    assert len(answers) == len(roots)
    assert not any(answer.differing for answer in answers)
    assert not any(isinstance(b, LeafKeys) for b in said)


def test_a_lost_record_comes_back_by_itself_within_two_periods(world: World) -> None:
    fill(world, 100)
    world.until(lambda: clean(world), 3 * PERIOD, "clean trees")
    victim = owners(world, b"key7")[0]
    world.kill(victim)
    lose(world, victim, b"key7")
    world.start(victim)
    world.until(lambda: equal(world, 100), 2 * PERIOD + 1, "the record to come back")
    world.until(lambda: clean(world), 2 * PERIOD, "clean trees again")
    repaired = [c for c in world.told(TreeCompared) if c.keys_repaired]
    assert 1 <= sum(c.keys_repaired for c in repaired) <= 4  # each of three pairs may see it
    assert {victim} & {c.peer for c in repaired} or any(
        c for c in world.told(TreeCompared, by=victim) if c.keys_repaired
    )


def test_copies_that_diverged_are_merged_in_both_directions(world: World) -> None:
    fill(world, 60)
    a, b, _ = owners(world, b"key3")
    partition = partition_of(b"key3", 64)
    for name, value in ((a, b"left"), (b, b"right")):
        world.kill(name)
        disk = world.hosts[name].disk
        held = disk.load(partition, b"key3")
        assert held is not None
        apart = put(held.versions, {}, f"{name}.1.1", value, "", 0)
        disk.records[partition][b"key3"] = Record(apart)
        world.start(name)
    world.until(lambda: equal(world, 60), 10, "equal copies")
    response = world.call("n3", GetRequest(b"key3"))
    assert isinstance(response, ReadResponse)
    assert {s.value for s in response.versions.siblings} >= {b"left", b"right"}


def test_a_disk_that_lost_everything_but_its_memory_is_filled_again(world: World) -> None:
    """It believes that it lacks nothing: only the trees can tell."""
    fill(world, 300)
    world.kill("n2")
    world.hosts[NodeId("n2")].disk.records.clear()
    world.start("n2")
    assert not world.node("n2").transfers.filling
    world.until(lambda: equal(world, 300), 10, "equal copies")
    world.until(lambda: clean(world), 2 * PERIOD, "clean trees")


def test_a_wiped_node_converges(world: World) -> None:
    fill(world, 200)
    world.kill("n4")
    world.start("n4", ("n1",), wipe=True)
    world.until(lambda: world.agreed() and equal(world, 200), 15, "equal copies")
    world.until(lambda: clean(world), 3 * PERIOD, "clean trees")


def test_every_step_of_a_comparison_is_bounded() -> None:
    repair = replace(
        DEMO.repair, page_bytes=2_000, leaves_per_round=4, keys_per_message=3, tree_leaves=8,
        partitions_per_round=2,
    )  # fmt: skip
    world = World(3, config=replace(DEMO, repair=repair))
    world.until(world.agreed, 5, "a ring")
    fill(world, 400, size=30)
    world.kill("n2")
    world.hosts[NodeId("n2")].disk.records.clear()
    world.start("n2")
    before = len(world.sent)
    world.until(lambda: equal(world, 400), 60, "equal copies")
    said = bodies(world, before)
    for body in said:
        if isinstance(body, LeafKeys):
            assert len(body.keys) <= 3
        elif isinstance(body, LeafRecords):
            assert len(body.records) <= 3
            assert len(body.wanted) <= 3
        elif isinstance(body, TreeLeaves):
            assert sum(bool(leaves) for _, leaves in body.differing) <= 2
    assert any(isinstance(b, LeafRecords) and b.upto for b in said)


def test_a_peer_that_falls_silent_does_not_hold_up_the_comparison_with_others(
    world: World,
) -> None:
    fill(world, 50)
    world.until(lambda: clean(world), 3 * PERIOD)
    world.pause("n5")
    since = world.now
    world.run(3 * PERIOD)
    fresh = [like for like in world.node("n1").exchange.table() if like.at > since]
    assert {like.peer for like in fresh} == {"n2", "n3", "n4"}


def test_a_comparison_waits_while_clients_are_served_but_not_for_ever() -> None:
    repair = replace(DEMO.repair, busy_operations=-1, busy_rounds_max=8)
    world = World(3, config=replace(DEMO, repair=repair))
    world.until(world.agreed, 5, "a ring")
    world.run(PERIOD * 1.4)
    assert not any(isinstance(b, TreeRoots) for b in bodies(world, 0))
    world.run(PERIOD * 2)
    assert any(isinstance(b, TreeRoots) for b in bodies(world, 0))


def test_a_partition_being_filled_does_not_count_as_equal(world: World) -> None:
    fill(world, 100)
    world.until(lambda: clean(world), 3 * PERIOD)
    node = world.node("n3")
    partition = next(p for p in node.placement.owned())
    node.transfers.filling.add(partition)
    world.run(2 * PERIOD)
    peers = [o for o in node.placement.ring.owners[partition] if o != "n3"]
    for like in node.exchange.table():
        assert like.unready == (1 if like.peer in peers else 0)
        assert like.clean == (like.peer not in peers)
    for peer in peers:
        like = next(x for x in world.node(peer).exchange.table() if x.peer == "n3")
        assert not like.clean


def test_a_comparison_under_another_ring_is_refused(world: World) -> None:
    node = world.node("n1")
    body = TreeRoots(5, "another", ((0, 1),))
    host = world.hosts[NodeId("n1")]
    packet = Packet("masterless", NodeId("n2"), world.node("n2").epoch, 999, 0, False, body)
    before = len(world.sent)
    world.give(host, received(world, packet))
    world.run(0.01)
    answers = [b for b in bodies(world, before) if isinstance(b, TreeLeaves) and b.number == 5]
    assert answers == [TreeLeaves(5, "n1 follows another ring")]
    assert node.exchange.table()


def test_writes_on_their_way_are_not_taken_for_differences(world: World) -> None:
    fill(world, 50)
    world.until(lambda: clean(world), 3 * PERIOD)
    before = len(world.facts)
    for i in range(400):
        world.ask(f"n{i % 5 + 1}", PutRequest(b"key%d" % (i % 50), b"%d" % i))
        world.run(0.02)
    compared = [f.payload for f in world.facts[before:] if isinstance(f.payload, TreeCompared)]
    assert sum(c.keys_repaired for c in compared) <= 2
    world.run(1)
    world.until(lambda: clean(world) and equal(world, 50), 2 * PERIOD, "clean trees")


def test_refused_writes_do_not_leave_a_tree_that_speaks_of_them(world: World) -> None:
    fill(world, 50)
    for name in owners(world, b"key1")[:2]:
        world.hosts[name].disk_full = True
    for i in range(50):
        world.ask("n1", PutRequest(b"key%d" % i, b"more"))
    world.run(1)
    for host in world.hosts.values():
        host.disk_full = False
        host.records = host.disk.copy() if host.node is None else host.records
    for name in sorted(world.hosts):
        world.kill(name)
        world.start(name)
    world.until(world.agreed, 10)
    world.until(lambda: equal(world, 50) and clean(world), 4 * PERIOD + 5, "equal copies")


@pytest.mark.parametrize("seed", range(4))
def test_after_faults_and_lost_records_all_copies_become_equal(seed: int) -> None:
    print(f"seed {seed}")
    rng = Random(seed)
    world = World(5, seed)
    world.until(world.agreed, 20, "a ring")
    for burst in range(3):
        victim = rng.choice(sorted(world.hosts))
        world.kill(victim)
        for i in range(60):
            at = rng.choice([n.name for n in world.live()])
            world.ask(at, PutRequest(b"key%d" % rng.randrange(80), b"%d.%d" % (burst, i)))
            world.run(0.02)
        disk = world.hosts[victim].disk
        for held in disk.records.values():
            for key in [k for k in held if rng.random() < 0.2]:
                del held[key]
        world.start(victim)
        world.run(2)
    world.until(world.agreed, 30, "one view")
    world.run(5)
    written = {key for h in world.hosts.values() for p in h.disk.records.values() for key in p}
    keys = [int(key[3:]) for key in written]

    def same() -> bool:
        held = [copies(world, b"key%d" % i) for i in keys]
        return all(all(c is not None and c == each[0] for c in each) for each in held)

    world.until(lambda: same() and clean(world), 5 * PERIOD, "equal copies")
    assert world.all_see(world.live()[0].name, MemberState.ALIVE)
