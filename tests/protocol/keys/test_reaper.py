"""Tombstones: they go when nobody can bring an older value back, and not a moment before."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, MS, SECOND, ReapConfig
from cluster.model import values
from cluster.model.facts import ReapingWaited, TombstonesReaped
from cluster.model.member import MemberState, NodeId
from cluster.model.ring import partition_of
from cluster.model.values.update import CounterAdd
from cluster.model.versions import Context, Versions
from cluster.protocol.inputs import LeaveCommand, Received
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    Packet,
    PutRequest,
    ReadResponse,
    ReapAsk,
    ReapCommit,
    ReplicaWrite,
    UpdateRequest,
    WriteResponse,
)
from tests.world import World

NAMES = ("n1", "n2", "n3", "n4", "n5")
GRACE_S = 3
QUICK = replace(
    DEMO,
    reap=ReapConfig(
        tombstone_grace_us=GRACE_S * SECOND, period_us=200 * MS, round_timeout_us=500 * MS
    ),
)


@pytest.fixture
def world() -> World:
    made = World(5, config=QUICK)
    made.until(made.agreed, 5, "a ring")
    return made


def place(key: bytes) -> int:
    return partition_of(key, 64)


def owners(world: World, key: bytes) -> tuple[NodeId, ...]:
    return world.live()[0].placement.ring.owners[place(key)]


def put(world: World, at: str, key: bytes, value: bytes, context: Context | None = None) -> None:
    response = world.call(at, PutRequest(key, value, context=context or {}))
    assert isinstance(response, WriteResponse)
    assert response.outcome == "ok"


def found(world: World, at: str, key: bytes) -> Versions:
    response = world.call(at, GetRequest(key))
    assert isinstance(response, ReadResponse), response
    return response.versions


def shown(world: World, at: str, key: bytes) -> set[bytes]:
    return {s.value for s in found(world, at, key).siblings if s.value is not None}


def delete(world: World, at: str, key: bytes) -> None:
    response = world.call(at, DeleteRequest(key, found(world, at, key).context))
    assert isinstance(response, WriteResponse)
    assert response.outcome == "ok"


def holders(world: World, key: bytes) -> list[str]:
    return [n for n, host in sorted(world.hosts.items()) if host.disk.load(place(key), key)]


def drained(world: World) -> bool:
    return not any(node.hints.depths() for node in world.live())


def test_a_deleted_key_is_forgotten_everywhere_after_its_grace_and_may_be_written_again(
    world: World,
) -> None:
    for i in range(30):
        put(world, "n1", b"key%d" % i, b"v")
        delete(world, "n2", b"key%d" % i)
    put(world, "n1", b"kept", b"v")
    world.run(GRACE_S - 1)
    assert all(holders(world, b"key%d" % i) for i in range(30))
    world.run(5)
    assert [i for i in range(30) if holders(world, b"key%d" % i)] == []
    assert sum(fact.count for fact in world.told(TombstonesReaped)) == 30
    assert shown(world, "n3", b"kept") == {b"v"}
    put(world, "n4", b"key0", b"again")
    world.run(0.1)
    assert [s.value for s in found(world, "n5", b"key0").siblings] == [b"again"]


def test_a_member_that_is_away_keeps_every_tombstone_and_the_wait_names_it(world: World) -> None:
    key = b"key"
    gone = owners(world, key)[2]
    put(world, "n1", key, b"old")
    world.run(0.2)
    world.kill(gone)
    at = world.live()[0].name
    world.until(lambda: world.all_see(gone, MemberState.DEAD), 5)
    delete(world, at, key)
    world.run(4 * GRACE_S)  # long past the grace, and past its removal from the ring
    assert world.sees(at, gone) is MemberState.REMOVED
    assert holders(world, key) != []
    assert world.told(TombstonesReaped) == []
    assert {fact.waiting_on for fact in world.told(ReapingWaited)} == {f"{gone} to come back"}
    assert shown(world, at, key) == set()
    world.start(gone)
    for _ in range(40):
        world.run(0.25)
        assert shown(world, at, key) == set()
    world.until(lambda: not holders(world, key), 20, "the tombstone to go")


def test_a_wiped_member_has_nothing_to_bring_back(world: World) -> None:
    key = b"key"
    gone = owners(world, key)[1]
    put(world, "n1", key, b"old")
    world.run(0.2)
    world.kill(gone)
    at = world.live()[0].name
    world.until(lambda: world.all_see(gone, MemberState.DEAD), 5)
    delete(world, at, key)
    world.run(GRACE_S + 1)
    assert world.told(TombstonesReaped) == []
    world.start(gone, (at,), wipe=True)
    world.until(lambda: not holders(world, key), 30, "the tombstone to go")
    assert shown(world, gone, key) == set()


def test_neither_side_of_a_split_forgets_what_the_other_may_bring_back(world: World) -> None:
    key = b"key"
    put(world, "n1", key, b"old")
    world.run(0.2)
    world.partition(("n1", "n2"), ("n3", "n4", "n5"))
    world.run(1)
    delete(world, "n4", key)
    world.run(5 * GRACE_S)
    assert world.told(TombstonesReaped) == []
    world.heal()
    world.until(lambda: world.agreed() and drained(world), 20, "one view again")
    world.until(lambda: not holders(world, key), 30, "the tombstone to go")
    assert all(shown(world, at, key) == set() for at in NAMES)


def test_a_former_owner_with_an_older_value_is_told_of_the_deletion_first(world: World) -> None:
    """Nothing is deleted at the source of a transfer, so old values lie about."""
    key = b"key"
    put(world, "n1", key, b"old")
    world.run(0.2)
    stranger = next(n for n in NAMES if n not in owners(world, key))
    record = world.hosts[owners(world, key)[0]].disk.load(place(key), key)
    assert record is not None
    for held in (world.hosts[NodeId(stranger)].records, world.hosts[NodeId(stranger)].disk):
        held.records.setdefault(place(key), {})[key] = record
    delete(world, owners(world, key)[0], key)
    world.until(lambda: not holders(world, key), 20, "the tombstone to go")
    assert all(shown(world, at, key) == set() for at in NAMES)


@pytest.mark.parametrize("restarted", [False, True])
def test_an_older_write_that_arrives_after_all_is_forgotten_resurrects_nothing(
    world: World, restarted: bool
) -> None:
    key = b"key"
    put(world, "n1", key, b"old")
    world.run(0.2)
    target = owners(world, key)[1]
    late = found(world, "n1", key)
    delete(world, "n2", key)
    world.until(lambda: not holders(world, key), 10, "the tombstone to go")
    if restarted:
        world.kill(target)
        world.start(target)
        world.run(0.5)
    sender = next(n for n in NAMES if n != target)
    for number, hint_for in ((0, ""), (7, ""), (8, "n3")):
        body = ReplicaWrite(number, place(key), key, late, NodeId(hint_for))
        say(world, sender, target, body)
    world.run(1)
    assert holders(world, key) == []
    assert all(shown(world, at, key) == set() for at in NAMES)
    put(world, str(target), key, b"new")
    world.run(0.2)
    assert {at: shown(world, at, key) for at in NAMES} == {at: {b"new"} for at in NAMES}
    assert len(found(world, "n1", key).siblings) == 1


def say(world: World, sender: str, target: str, body: ReplicaWrite | ReapAsk | ReapCommit) -> None:
    node = world.node(sender)
    packet = Packet("masterless", node.name, node.epoch, 10**9, 0, False, body)
    event = Received(packet, world.hosts[node.name].address, 50)
    world.give(world.hosts[NodeId(target)], event)


def test_what_is_written_between_the_question_and_the_commit_stays(world: World) -> None:
    key = b"key"
    put(world, "n1", key, b"old")
    delete(world, "n1", key)
    world.run(0.2)
    rows = ((key, found(world, "n1", key)),)
    owner = str(owners(world, key)[0])
    proposer = next(name for name in NAMES if name != owner)
    members = tuple(NodeId(name) for name in NAMES)
    say(world, proposer, owner, ReapAsk(1, place(key), members, rows))
    world.run(0.1)
    put(world, owner, key, b"new")
    say(world, proposer, owner, ReapCommit(place(key), rows))
    world.run(0.1)
    record = world.hosts[NodeId(owner)].disk.load(place(key), key)
    assert record is not None
    assert b"new" in {s.value for s in record.versions.siblings}
    world.run(3 * GRACE_S)
    assert all(b"new" in shown(world, at, key) for at in NAMES)


def test_nobody_drops_what_it_has_not_confirmed(world: World) -> None:
    key = b"key"
    put(world, "n1", key, b"old")
    delete(world, "n1", key)
    world.run(0.2)
    say(world, "n1", "n2", ReapCommit(place(key), ((key, found(world, "n1", key)),)))
    say(world, "n2", "n1", ReapCommit(place(key), ((key, found(world, "n1", key)),)))
    world.run(0.1)
    assert set(holders(world, key)) == set(owners(world, key))


def test_a_member_that_the_proposer_does_not_know_stops_it(world: World) -> None:
    key = b"key"
    put(world, "n1", key, b"old")
    delete(world, "n1", key)
    world.run(0.2)
    versions = found(world, "n1", key)
    ask = ReapAsk(1, place(key), (NodeId("n1"), NodeId("n2")), ((key, versions),))
    before = len(world.sent)
    say(world, "n1", "n2", ask)
    world.run(0.1)
    answers = [p.body for _, _, p in world.sent[before:] if type(p.body).__name__ == "ReapAnswer"]
    assert [answer for answer in answers if getattr(answer, "agreed", None)] == []


def test_a_tombstone_left_behind_by_a_lost_commit_is_proposed_again(world: World) -> None:
    key = b"key"
    put(world, "n1", key, b"old")
    delete(world, "n1", key)
    deaf = owners(world, key)[1]

    def asked() -> bool:
        return any(b == deaf and isinstance(p.body, ReapAsk) for _, b, p in world.sent)

    world.until(asked, 10, "a proposal")
    world.until(
        lambda: any(isinstance(p.body, ReapCommit) for _, _, p in world.sent), 5, "a commit"
    )
    world.kill(deaf)
    world.run(0.1)
    world.start(deaf)
    world.run(1)
    assert holders(world, key) == [deaf]
    world.until(lambda: not holders(world, key), 10 * GRACE_S, "the last tombstone to go")
    assert all(shown(world, at, key) == set() for at in NAMES)


@pytest.mark.parametrize("drained", [True, False])
def test_who_has_left_with_empty_hands_is_not_waited_for_and_who_has_not_is(
    world: World, drained: bool
) -> None:
    key = b"key"
    put(world, "n1", key, b"old")
    world.run(0.2)
    if drained:
        world.ask("n5", LeaveCommand())
        world.until(lambda: world.hosts[NodeId("n5")].halted is not None, 20, "n5 to leave")
    else:
        world.node("n5").members.leave(drained=False)
        world.run(2)
        world.kill("n5")
    world.until(lambda: world.all_see("n5", MemberState.LEFT), 5)
    world.until(world.agreed, 20)
    delete(world, "n1", key)
    world.run(4 * GRACE_S)
    assert (holders(world, key) == []) is drained
    if not drained:
        assert {w.waiting_on for w in world.told(ReapingWaited)} == {"n5 to come back"}


def test_a_counter_deleted_and_forgotten_starts_again_from_nothing(world: World) -> None:
    key = b"score"
    for _ in range(3):
        assert isinstance(world.call("n1", UpdateRequest(key, CounterAdd(5))), WriteResponse)
    delete(world, "n1", key)
    world.until(lambda: not holders(world, key), 10, "the tombstone to go")
    for at in NAMES:
        assert isinstance(world.call(at, UpdateRequest(key, CounterAdd(1))), WriteResponse)
    world.run(0.2)
    assert {values.typed(found(world, at, key)) for at in NAMES} == {("counter", 5)}


def hurt(world: World, rng: Random, fault: str, victim: str) -> None:
    if fault == "pause":
        world.pause(victim)
    elif fault == "partition":
        names = list(NAMES)
        rng.shuffle(names)
        world.partition(tuple(names[:2]), tuple(names[2:]))
    else:
        world.kill(victim)


def mend(world: World, fault: str, victim: str) -> None:
    if fault == "pause":
        world.resume(victim)
    elif fault in ("kill", "wipe"):
        others = tuple(n for n in NAMES if n != victim)
        world.start(victim, others[:1], wipe=fault == "wipe")
    world.heal()


@pytest.mark.parametrize("seed", range(6))
def test_nothing_deleted_returns_and_nothing_kept_goes_under_random_faults(seed: int) -> None:
    print(f"seed {seed}")
    rng = Random(seed)
    world = World(5, seed=seed, config=QUICK)
    world.until(world.agreed, 20, "a ring")
    deleted: set[bytes] = set()
    kept: set[bytes] = set()
    for step in range(6):
        fault = rng.choice(["kill", "wipe", "pause", "partition"])
        victim = rng.choice(sorted(world.hosts))
        fresh = [b"%d-%d" % (step, i) for i in range(8)]
        for key in fresh:
            put(world, rng.choice(NAMES), key, b"v")
        kept |= set(fresh)
        hurt(world, rng, fault, victim)
        world.run(rng.choice([0.2, 2, 6]))
        for key in rng.sample(sorted(kept), 6):
            at = rng.choice([n.name for n in world.live()])
            read = world.call(at, GetRequest(key))
            if not isinstance(read, ReadResponse) or not read.versions.siblings:
                continue
            answer = world.call(at, DeleteRequest(key, read.versions.context))
            kept.discard(key)
            if isinstance(answer, WriteResponse) and answer.outcome == "ok":
                deleted.add(key)
        world.run(rng.choice([0.2, 4, 12]))
        mend(world, fault, victim)
        world.until(lambda: world.agreed() and drained(world), 60, f"calm after {fault} {victim}")
        for key in sorted(deleted):
            assert shown(world, rng.choice(NAMES), key) == set(), key
    world.until(lambda: not any(holders(world, key) for key in deleted), 60, "all tombstones to go")
    assert len(deleted) > 20
    for key in sorted(kept):
        assert shown(world, rng.choice(NAMES), key) == {b"v"}, key
    for key in sorted(deleted):
        assert shown(world, rng.choice(NAMES), key) == set(), key
