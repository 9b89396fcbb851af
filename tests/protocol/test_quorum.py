"""Reads and writes: what is acknowledged, what it proves, and that nothing acknowledged is lost."""

from __future__ import annotations

from random import Random

import pytest

from cluster.config import DEMO
from cluster.model.facts import (
    HintsDelivered,
    MessageSent,
    PartitionFilled,
    PersistFailed,
    PulseReported,
    ReadRepaired,
    TransferFinished,
    TransferWaited,
)
from cluster.model.member import MemberState, NodeId
from cluster.model.ring import partition_of
from cluster.model.versions import EMPTY, Context, put
from cluster.protocol.inputs import Received, RequestId
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    Packet,
    PutRequest,
    ReadResponse,
    Refusal,
    ReplicaWrite,
    ReplicaWritten,
    WriteResponse,
)
from tests.world import World


@pytest.fixture
def world() -> World:
    made = World(5)
    made.until(made.agreed, 5, "a ring")
    return made


def owners(world: World, key: bytes) -> tuple[NodeId, ...]:
    return world.node("n1").placement.ring.owners[partition_of(key, 64)]


def write(
    world: World, at: str, key: bytes, value: bytes, context: Context | None = None, pw: int = 0
) -> WriteResponse:
    response = world.call(at, PutRequest(key, value, "text/plain", context or {}, pw=pw))
    assert isinstance(response, WriteResponse), response
    return response


def read(world: World, at: str, key: bytes) -> set[bytes | None]:
    response = world.call(at, GetRequest(key))
    assert isinstance(response, ReadResponse), response
    return {s.value for s in response.versions.siblings}


def drained(world: World) -> bool:
    return not any(node.hints.depths() for node in world.live())


def test_a_write_is_acknowledged_only_after_two_disks_have_it(world: World) -> None:
    response = write(world, "n1", b"key", b"blue")
    on_disk = [
        h.name for h in world.hosts.values() if h.disk.load(partition_of(b"key", 64), b"key")
    ]
    assert len(response.replicas) >= 2
    assert set(response.replicas) <= set(on_disk)
    assert response.outcome == "ok"
    assert response.primaries == len(response.replicas)


def test_any_node_takes_a_write_and_any_node_reads_it(world: World) -> None:
    for i, at in enumerate(["n1", "n2", "n3", "n4", "n5"]):
        write(world, at, b"key%d" % i, b"v%d" % i)
    for i, at in enumerate(["n5", "n4", "n3", "n2", "n1"]):
        assert read(world, at, b"key%d" % i) == {b"v%d" % i}


def test_a_replica_says_written_only_after_its_disk_did(world: World) -> None:
    owner = owners(world, b"key")[0]
    other = next(name for name in world.hosts if name != owner)
    versions = put(EMPTY, {}, "x.1.1", b"v", "", 0)
    body = ReplicaWrite(9, partition_of(b"key", 64), b"key", versions)
    packet = Packet("masterless", other, world.node(other).epoch, 999, 0, False, body)
    before = len(world.sent)

    def answers() -> list[object]:
        bodies = [p.body for _, _, p in world.sent[before:]]
        return [b for b in bodies if isinstance(b, ReplicaWritten)]

    world.give(world.hosts[owner], Received(packet, world.hosts[other].address, 50))
    assert answers() == []
    world.run(0.05)
    assert answers() == [ReplicaWritten(9)]


def test_two_blind_writes_are_kept_as_siblings_and_a_read_context_resolves_them(
    world: World,
) -> None:
    write(world, "n1", b"key", b"red")
    write(world, "n2", b"key", b"green")
    response = world.call("n3", GetRequest(b"key"))
    assert isinstance(response, ReadResponse)
    assert {s.value for s in response.versions.siblings} == {b"red", b"green"}
    write(world, "n4", b"key", b"blue", context=response.versions.context)
    world.run(0.1)
    assert read(world, "n5", b"key") == {b"blue"}


def test_a_delete_leaves_nothing_to_read_and_keeps_what_it_did_not_see(world: World) -> None:
    context = write(world, "n1", b"key", b"red").context
    deleted = world.call("n2", DeleteRequest(b"key", context))
    assert isinstance(deleted, WriteResponse)
    world.run(0.1)
    assert read(world, "n3", b"key") == {None}
    write(world, "n4", b"key", b"late")
    world.run(0.1)
    assert b"late" in read(world, "n5", b"key")


def test_a_write_goes_on_while_an_owner_is_dead_and_comes_home_as_a_hint(world: World) -> None:
    gone = owners(world, b"key0")[0]
    world.kill(gone)
    world.until(lambda: world.all_see(gone, MemberState.DEAD), 5)
    live = [n.name for n in world.live()]
    for i in range(40):
        assert write(world, live[i % 4], b"key%d" % i, b"v").outcome == "ok"
    world.run(1)
    waiting = sum(node.hints.depth(gone) for node in world.live())
    assert waiting > 0
    world.start(gone)
    world.until(lambda: drained(world), 5, "hints to drain")
    assert sum(d.delivered for d in world.told(HintsDelivered)) == waiting
    returned = world.hosts[gone].disk
    held = [i for i in range(40) if returned.load(partition_of(b"key%d" % i, 64), b"key%d" % i)]
    assert held == [i for i in range(40) if gone in owners(world, b"key%d" % i)]


def test_no_write_fails_while_a_node_is_killed_between_two_of_its_heartbeats(world: World) -> None:
    pending: list[RequestId] = []
    for i in range(100):
        if i == 30:
            world.kill("n3")
        pending.append(world.ask(["n1", "n2", "n4", "n5"][i % 4], PutRequest(b"key%d" % i, b"v")))
        world.run(0.01)
    world.until(lambda: all(r in world.replies for r in pending), 5, "all answers")
    outcomes = {getattr(world.replies[r], "outcome", "refused") for r in pending}
    assert outcomes == {"ok"}


def test_a_minority_of_reachable_replicas_says_not_written() -> None:
    world = World(1)
    response = world.call("n1", PutRequest(b"key", b"v"))
    assert isinstance(response, Refusal)
    assert (response.status, response.detail[:11]) == (503, "not written")
    assert isinstance(world.call("n1", PutRequest(b"key", b"v", w=1)), WriteResponse)


def test_primaries_only_writes_fail_honestly_when_primaries_are_away(world: World) -> None:
    first, second, _ = owners(world, b"key")
    world.kill(first)
    world.kill(second)
    world.until(lambda: world.all_see(first, MemberState.DEAD), 5)
    world.until(lambda: world.all_see(second, MemberState.DEAD), 5)
    at = world.live()[0].name
    assert write(world, at, b"key", b"v").outcome == "ok"
    strict = write(world, at, b"key", b"w", pw=2)
    assert strict.outcome == "maybe written"
    assert strict.primaries < 2


def test_full_disks_acknowledge_nothing_and_one_full_disk_is_stood_in_for(world: World) -> None:
    for host in world.hosts.values():
        host.disk_full = True
    response = world.call("n1", PutRequest(b"key", b"v"))
    assert isinstance(response, WriteResponse)
    assert (response.outcome, response.replicas) == ("maybe written", ())
    assert response.detail == "no space left on device"
    for host in world.hosts.values():
        host.disk_full = host.name == owners(world, b"key")[0]
    assert write(world, "n1", b"key", b"w").outcome == "ok"


def test_a_full_disk_is_not_offered_the_same_hints_in_a_storm(world: World) -> None:
    full = owners(world, b"key")[0]
    world.hosts[full].disk_full = True
    assert write(world, "n1", b"key", b"v").outcome == "ok"
    world.until(lambda: not drained(world), 5, "a hint for the full disk")
    before = len(world.told(PersistFailed, by=full))
    world.run(3)
    tries = len(world.told(PersistFailed, by=full)) - before
    assert 1 <= tries <= 4 * 3_000_000 // DEMO.data.hint_retry_us, tries
    world.hosts[full].disk_full = False
    world.until(lambda: drained(world), 5, "hints to drain")


def test_a_stale_replica_is_repaired_by_a_read(world: World) -> None:
    write(world, "n1", b"key", b"v")
    world.run(0.1)
    partition = partition_of(b"key", 64)
    stale = owners(world, b"key")[0]
    world.hosts[stale].records.records[partition].pop(b"key")
    assert read(world, stale, b"key") == {b"v"}
    world.run(0.1)
    assert ReadRepaired("key", (stale,)) in world.told(ReadRepaired)
    assert world.hosts[stale].records.load(partition, b"key") is not None


def test_keys_and_values_past_their_limits_are_refused_with_413(world: World) -> None:
    for request in (
        PutRequest(b"k" * 1_025, b"v"),
        PutRequest(b"k", b"v" * 1_048_577),
        GetRequest(b"k" * 1_025),
    ):
        response = world.call("n1", request)
        assert isinstance(response, Refusal)
        assert response.status == 413


def test_a_key_with_too_many_unresolved_values_refuses_more_before_storing_them(
    world: World,
) -> None:
    """Found by a breaker: ten blind writes of 1 MB made a key that no frame could carry."""
    outcomes: list[int] = []
    for _ in range(10):
        response = world.call("n1", PutRequest(b"key", b"x" * 1_000_000))
        outcomes.append(response.status if isinstance(response, Refusal) else 200)
    assert outcomes[:2] == [200, 200]
    assert outcomes[-1] == 409
    world.run(1)
    held = world.call("n2", GetRequest(b"key"))
    assert isinstance(held, ReadResponse)
    assert len(held.versions.siblings) == outcomes.count(200)
    assert write(world, "n3", b"key", b"one", held.versions.context).outcome == "ok"
    for i in range(DEMO.data.siblings_max):
        write(world, "n1", b"many", b"%d" % i)
    response = world.call("n1", PutRequest(b"many", b"one more"))
    assert isinstance(response, Refusal)
    assert response.status == 409


def test_contexts_that_no_read_gave_cannot_grow_a_key_out_of_its_messages(world: World) -> None:
    outcomes: list[int] = []
    for i in range(4):
        context = {f"x{i}.{n}": 1 for n in range(500)}
        response = world.call("n1", PutRequest(b"key", b"v", "", context))
        outcomes.append(response.status if isinstance(response, Refusal) else 200)
    assert outcomes == [200, 200, 409, 409]
    assert read(world, "n2", b"key") == {b"v"}


def test_a_new_owner_is_readable_only_after_merging_from_two_holders(world: World) -> None:
    for i in range(100):
        write(world, "n1", b"key%d" % i, b"v%d" % i)
    world.start("n6", ("n2",))
    newcomer = world.node("n6")
    world.until(
        lambda: (
            "n6" in newcomer.placement.ring.members and len(newcomer.placement.ring.members) == 6
        ),
        5,
    )
    assert newcomer.transfers.filling
    world.until(world.agreed, 10, "the newcomer to be filled")
    for partition in newcomer.placement.owned():
        sources = {
            f.payload.source
            for f in world.facts
            if f.node == "n6"
            and isinstance(f.payload, TransferFinished)
            and f.payload.partition == partition
        }
        assert len(sources) >= 2
    assert {p.partition for p in world.told(PartitionFilled, by="n6")} >= set(
        newcomer.placement.owned()
    )
    for i in range(100):
        assert read(world, "n6", b"key%d" % i) == {b"v%d" % i}


def test_a_waiting_transfer_says_what_it_waits_for() -> None:
    world = World(3)
    world.until(world.agreed, 5, "a ring")
    world.kill("n2")
    world.kill("n3")
    world.until(lambda: world.all_see("n3", MemberState.DEAD), 5)
    world.start("n4", ("n1",))
    world.run(3)
    waits = {w.waiting_on for w in world.told(TransferWaited, by="n4")}
    assert any(why.endswith("to come back") for why in waits)
    assert world.node("n4").transfers.filling


def test_three_nodes_left_of_five_fill_every_partition_and_then_fall_silent(world: World) -> None:
    """Found by a user who killed two nodes: the survivors waited for each other for ever."""
    for i in range(60):
        write(world, "n1", b"key%d" % i, b"v%d" % i)
    world.kill("n3")
    world.run(1)
    world.kill("n4")
    world.until(lambda: len(world.node("n1").placement.ring.members) == 3, 15, "both removed")
    world.until(world.agreed, 5, "every partition to be filled")
    before = len(world.sent)
    world.run(2)
    fetches = [p for _, _, p in world.sent[before:] if type(p.body).__name__ == "Fetch"]
    assert fetches == []
    for i in range(60):
        assert read(world, "n2", b"key%d" % i) == {b"v%d" % i}


def test_a_transfer_that_can_only_wait_asks_nobody_again(world: World) -> None:
    for name in ("n2", "n3", "n4"):
        world.kill(name)
    world.until(lambda: world.all_see("n4", MemberState.DEAD), 5)
    world.start("n6", ("n1",))
    world.run(5)
    before = len(world.sent)
    world.run(3)
    fetches = [p for _, _, p in world.sent[before:] if type(p.body).__name__ == "Fetch"]
    assert world.node("n6").transfers.filling
    assert len(fetches) <= 6 * sum(len(n.transfers.filling) for n in world.live())


def test_a_source_that_refuses_is_not_asked_in_a_storm() -> None:
    """Found by seed 203: a refused page was asked for again at once, and refused again."""
    world = World(4)
    world.until(world.agreed, 5, "a ring")
    world.kill("n2")
    world.start("n5", ("n1",))
    world.run(3)
    asked = [s for s in world.told(MessageSent) if s.kind == "fetch" and s.to == "n2"]
    counted = sum(p.sent.get("fetch", 0) for p in world.told(PulseReported, by="n5"))
    assert len(asked) <= counted <= 600


def test_hints_of_an_earlier_life_go_home_after_a_restart(world: World) -> None:
    """A keeper killed while it holds hints found them again but never looked at them."""
    gone = owners(world, b"key0")[0]
    world.kill(gone)
    world.until(lambda: world.all_see(gone, MemberState.DEAD), 5)
    live = [n.name for n in world.live()]
    for i in range(30):
        write(world, live[i % 4], b"key%d" % i, b"v")
    world.run(0.5)
    keeper = next(n.name for n in world.live() if n.hints.depth(gone))
    world.kill(keeper)
    world.start(gone)
    world.start(keeper)
    world.until(lambda: drained(world), 10, "the keeper to deliver")


def test_a_removed_member_that_returns_is_refilled_before_it_may_answer(world: World) -> None:
    for i in range(60):
        write(world, "n1", b"key%d" % i, b"old")
    world.kill("n2")
    world.until(lambda: world.all_see("n2", MemberState.REMOVED), 15)
    world.until(world.agreed, 5)
    for i in range(60):
        context = world.call("n1", GetRequest(b"key%d" % i))
        assert isinstance(context, ReadResponse)
        write(world, "n3", b"key%d" % i, b"new", context=context.versions.context)
    world.start("n2")
    world.until(lambda: bool(world.node("n2").transfers.filling), 2, "n2 to doubt its data")
    world.until(lambda: world.agreed() and drained(world), 10)
    for i in range(60):
        assert read(world, "n2", b"key%d" % i) == {b"new"}


def test_both_sides_of_a_split_stay_writable_and_lose_nothing(world: World) -> None:
    world.partition(("n1", "n2"), ("n3", "n4", "n5"))
    world.run(15)
    for i in range(50):
        assert write(world, "n1", b"key%d" % i, b"small side").outcome == "ok"
        assert write(world, "n4", b"key%d" % i, b"large side").outcome == "ok"
    world.heal()
    world.until(lambda: world.agreed() and drained(world), 20, "one view again")
    for i in range(50):
        assert read(world, "n5", b"key%d" % i) == {b"small side", b"large side"}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_acknowledged_is_lost_under_random_faults(seed: int) -> None:
    print(f"seed {seed}")
    rng = Random(seed)
    world = World(5, seed=seed)
    world.until(world.agreed, 20, "a ring")
    acked: dict[bytes, bytes] = {}
    pending: dict[RequestId, tuple[bytes, bytes]] = {}
    for _ in range(6):
        fault = rng.choice(["kill", "pause", "partition", "loss"])
        victim = rng.choice(sorted(world.hosts))
        if fault == "kill":
            world.kill(victim)
        elif fault == "pause":
            world.pause(victim)
        elif fault == "partition":
            names = sorted(world.hosts)
            rng.shuffle(names)
            world.partition(tuple(names[:2]), tuple(names[2:]))
        else:
            world.loss = 0.2
        for _ in range(int(rng.choice([1, 4, 12]) / 0.05)):
            key = b"key%d" % (len(acked) + len(pending))
            at = rng.choice([n.name for n in world.live()])
            pending[world.ask(at, PutRequest(key, key))] = (key, key)
            world.run(0.05)
        if fault == "kill":
            world.start(victim)
        elif fault == "pause":
            world.resume(victim)
        world.heal()
        world.loss = 0
        world.until(lambda: world.agreed() and drained(world), 30, f"calm after {fault} {victim}")
    world.run(3)
    for request, (key, value) in pending.items():
        response = world.replies.get(request)
        if isinstance(response, WriteResponse) and response.outcome == "ok":
            acked[key] = value
    assert len(acked) > 100
    for key, value in acked.items():
        assert value in read(world, rng.choice(sorted(world.hosts)), key)


def test_quorum_defaults_make_reads_and_writes_meet() -> None:
    assert DEMO.data.read_quorum + DEMO.data.write_quorum > DEMO.ring.replicas
