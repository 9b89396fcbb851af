"""What seeds found, told again by hand: one short story for each bug."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import DEMO, MS, SECOND
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.versions import EMPTY, Record, put
from cluster.protocol.effects import Persist, PutRecord, Response
from cluster.protocol.inputs import DrainCommand
from cluster.protocol.messages import GetRequest, PutRequest, ReadResponse, WriteResponse
from cluster.protocol.outbox import Outbox
from cluster.protocol.transfer.choice import Choice
from cluster.protocol.transfer.filling import Filling
from cluster.sim.faults.options import draw
from cluster.sim.trial.trial import run_trial
from cluster.sim.world import World
from tests.sim.test_world import agreed, asked, formed

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")


def test_a_delivered_hint_whose_disk_was_full_is_not_left_there_for_ever() -> None:
    # `sim --faults disks --seed 1`: the note was forgotten in memory and stayed on disk.
    world = formed(4, 1)
    world.kill("n1")
    world.run(world.now + 2 * SECOND)
    for number in range(20):
        asked(world, "n2", PutRequest(b"k%d" % number, b"v"))
    keepers = [host for host in world.hosts.values() if host.disk.durable.hints]
    assert keepers
    for host in keepers:
        host.disk.full = True
    world.start("n1", ("n2",))
    world.run(world.now + 3 * SECOND)
    for host in keepers:
        host.disk.full = False
    world.run(world.now + 3 * SECOND)
    assert [host.name for host in keepers if host.disk.durable.hints] == []


def test_a_write_whose_minter_has_no_room_for_its_hint_is_not_acknowledged_empty() -> None:
    # `sim --faults disks --seed 12`: the refusal came before there was anything to send, so the
    # next stand-in was sent an empty record, stored nothing, and was counted as a proof.
    config = replace(DEMO, data=replace(DEMO.data, hints_max=1))
    world = World(1, config)
    for index in range(1, 6):
        world.start(f"n{index}", ("n1",) if index > 1 else ())
    world.run(world.now + 3 * SECOND)
    world.kill("n1")
    world.run(world.now + 2 * SECOND)
    ring = world.hosts[N2].node.placement.ring  # pyright: ignore[reportOptionalMemberAccess]
    acknowledged = 0
    for number in range(200):
        key = b"k%d" % number
        partition = partition_of(key, config.ring.partitions)
        ranked = ring.ranking(partition)
        if "n1" not in ranked[:3] or ranked[3] != "n5":
            continue  # only where n5 is the first to stand in for n1
        answer = asked(world, "n5", PutRequest(key, b"v", w=3))
        if not isinstance(answer, WriteResponse) or answer.outcome != "ok":
            continue
        acknowledged += 1
        for replica in answer.replicas:
            record = world.hosts[replica].disk.record(partition, key)
            assert record is not None, f"{replica} proved {key!r} and has nothing"
            assert record.versions.siblings
    assert acknowledged


def test_who_left_and_is_started_again_on_its_old_disk_takes_its_place_again() -> None:
    # `sim --faults hell --seed 109`: it remembered the ring it had left behind, without itself,
    # and nothing ever made it look again.
    world = formed(4, 1)
    world.start("n5", ("n1",))
    world.run(world.now + SECOND // 10)
    world.leave("n4")
    assert world.until(lambda: world.hosts[NodeId("n4")].node is None, 20 * SECOND)
    world.run(world.now + SECOND)
    world.start("n4", ("n1",))
    assert world.until(lambda: agreed(world), 10 * SECOND)


def test_two_stand_ins_that_know_nothing_do_not_make_a_key_absent() -> None:
    # `sim --faults hell --seed 5`: all owners held the key and were merely slow to answer.
    world = formed(6, 1)
    node = world.hosts[N2].node
    assert node is not None
    ring = node.placement.ring
    keys = [b"k%d" % number for number in range(50)]
    key = next(k for k in keys if "n2" not in ring.owners[partition_of(k, ring.partitions)])
    assert isinstance(asked(world, "n2", PutRequest(key, b"v")), WriteResponse)
    for owner in ring.owners[partition_of(key, ring.partitions)]:
        world.network.slow(owner, N2, 600 * MS)
    answer = asked(world, "n2", GetRequest(key))
    assert isinstance(answer, ReadResponse)
    assert [sibling.value for sibling in answer.versions.siblings] == [b"v"]


def test_a_hint_for_a_member_that_has_left_meanwhile_goes_to_the_owners_of_today() -> None:
    # `sim --faults hell --seed 21`: a write under an older ring noted it after the ring had gone on.
    world = formed(5, 1)
    world.leave("n4")
    assert world.until(lambda: world.hosts[NodeId("n4")].node is None, 20 * SECOND)
    world.run(world.now + SECOND)
    host = world.hosts[N1]
    node = host.node
    assert node is not None
    ring = node.placement.ring
    partition = next(p for p, names in enumerate(ring.owners) if "n1" not in names)
    record = Record(put(EMPTY, {}, "n4.1.1", b"v", "", 0))
    note = node.hints.keep(NodeId("n4"), partition, b"late")
    assert note is not None
    host.disk.persist(Persist(999, (PutRecord(partition, b"late", record), note)))
    host.disk.begin()
    host.disk.end()
    world.run(world.now + 10 * SECOND)
    assert node.hints.depths() == ()
    assert host.disk.durable.hints == {}
    for owner in ring.owners[partition]:
        assert world.hosts[owner].disk.record(partition, b"late") == record, owner


def test_who_drained_and_has_places_again_is_not_waited_for_as_one_that_still_drains() -> None:
    # `sim --faults hell --seed 11`: asked for the whole partition again and again, for ever.
    world = formed(5, 1)
    node = world.hosts[N2].node
    assert node is not None
    out = Outbox(N2, node.epoch, DEMO)
    choice = Choice(out, DEMO.data, node.members, node.placement)
    filling = Filling(0, must={NodeId("n4")}, extra=True)
    assert choice.enough(filling)
    assert choice.next_source(filling) is None
    world.ask("n4", DrainCommand(on=True), lambda _answer: None)
    assert world.until(lambda: "n4" not in node.placement.ring.members, 10 * SECOND)
    assert not choice.enough(filling)
    assert choice.next_source(filling) == "n4"
    world.ask("n4", DrainCommand(on=False), lambda _answer: None)
    assert world.until(lambda: "n4" in node.placement.ring.members, 10 * SECOND)
    assert choice.enough(filling)


def test_an_answer_to_an_earlier_life_answers_nothing_that_this_life_asked() -> None:
    # `sim --faults hell --seed 246`: a read of one key returned what another key held, because a
    # slow answer to the coordinator's life before had the number of that read.
    world = formed(4, 1)
    node = world.hosts[N2].node
    assert node is not None
    ring = node.placement.ring
    keys = [b"k%d" % number for number in range(60)]
    away = [k for k in keys if "n2" not in ring.owners[partition_of(k, ring.partitions)]]
    for key in away:
        assert isinstance(asked(world, "n1", PutRequest(key, key)), WriteResponse)
    owners = {o for k in away for o in ring.owners[partition_of(k, ring.partitions)]}
    for owner in owners:
        world.network.slow(N2, NodeId(owner), 1_500 * MS)
    for key in away:
        world.ask("n2", GetRequest(key), lambda _answer: None)
    world.kill("n2")
    for owner in owners:
        world.network.mend(N2, NodeId(owner))
    world.start("n2", ("n1",))
    world.run(world.now + SECOND)
    answers: dict[bytes, Response | None] = {}
    for key in reversed(away):
        world.ask("n2", GetRequest(key), lambda answer, key=key: answers.update({key: answer}))
    for owner in owners:
        world.network.slow(NodeId(owner), N2, 0)
    assert world.until(lambda: len(answers) == len(away), 5 * SECOND)
    for key, answer in answers.items():
        if isinstance(answer, ReadResponse):
            assert [sibling.value for sibling in answer.versions.siblings] == [key]


def test_the_record_of_one_that_left_unheard_is_closed() -> None:
    # Its farewell was lost in a split, so it was given up as dead, and nobody comes back.
    result = run_trial(draw(342, "hell", 60 * SECOND))
    assert result.broken is None, result.broken
