"""Each judge finds the violation it is there for, and lets what is right pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, SECOND
from cluster.model.facts import (
    Fact,
    FaultInjected,
    MemberChanged,
    NodeStarted,
    Payload,
    PulseReported,
    RingChanged,
)
from cluster.model.member import Address, Claim, MemberState, NodeId
from cluster.model.ring import partition_of
from cluster.model.summary import Rates, RingTable
from cluster.model.versions import EMPTY, Record, Sibling, Versions, put
from cluster.protocol.effects import DropRecord, Persist, PutRecord
from cluster.protocol.messages import WriteResponse
from cluster.sim.check.answers import Answers
from cluster.sim.check.bounds import Bounds
from cluster.sim.check.deletions import Deletions
from cluster.sim.check.dots import Dots
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.check.incidents import Incidents
from cluster.sim.check.judged import Judged
from cluster.sim.check.outcome import Outcome
from cluster.sim.check.readable import Readable
from cluster.sim.check.words import Words
from cluster.sim.load.history import History
from cluster.sim.world import World

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")
KEY = b"r1"


def nothing_lost(_node: NodeId, _since: int, _key: bytes) -> bool:
    return False


def finds(judge: str, act: Callable[[], object]) -> str:
    with pytest.raises(BrokenPromiseError) as caught:
        act()
    assert caught.value.judge == judge
    return caught.value.sentence


def world(size: int = 3) -> World:
    made = World(1, DEMO)
    for index in range(1, size + 1):
        made.start(f"n{index}", ("n1",) if index > 1 else ())
    made.run(made.now + 3 * SECOND)
    return made


def sibling(value: bytes | None, actor: str = "n1.1.1", counter: int = 1) -> Sibling:
    return Sibling(actor, counter, value, "", 0)


def held(*siblings: Sibling) -> Versions:
    return Versions({s.actor: s.counter for s in siblings}, siblings)


# --- dots ----------------------------------------------------------------------------------------


def test_a_dot_that_stands_for_two_values_is_found() -> None:
    dots, host = Dots(), world(1).hosts[N1]

    def store(value: bytes) -> None:
        dots.store(host, Persist(1, (PutRecord(0, KEY, Record(held(sibling(value)))),)))

    store(b"w1")
    store(b"w1")
    assert "w2 under n1.1.1:1" in finds("dots", lambda: store(b"w2"))


# --- words ---------------------------------------------------------------------------------------


def fact(payload: Payload, node: NodeId = N1, epoch: int = 5, seq: int = 1) -> Fact:
    return Fact(node, epoch, seq, 0, 0, payload)


def claim(name: NodeId, incarnation: int, state: MemberState) -> Claim:
    return Claim(name, 5, incarnation, state, Address("10.0.0.1:1"), Address("10.0.0.1:2"))


def pulse(incarnation: int) -> PulseReported:
    counts: dict[str, int] = {}
    return PulseReported(
        1, incarnation, Rates(), counts, counts, counts, 0, 0, 0, 0, 0, (), {}, "", "", 0, 0
    )


def judge_of_words(own: int | None = None) -> Words:
    return Words(lambda _name, _epoch: own)


def test_a_boot_epoch_used_twice_is_found() -> None:
    words = judge_of_words()
    started = NodeStarted("demo", 1, 0)
    words.hear(fact(started, epoch=5))
    words.hear(fact(started, epoch=6))
    finds("epochs", lambda: words.hear(fact(started, epoch=6)))


def test_an_incarnation_that_falls_is_found() -> None:
    words = judge_of_words()
    words.hear(fact(pulse(3), seq=1))
    finds("incarnations", lambda: words.hear(fact(pulse(2), seq=2)))


def test_facts_with_a_gap_in_their_numbers_are_found() -> None:
    words = judge_of_words()
    words.hear(fact(pulse(1), seq=1))
    finds("facts", lambda: words.hear(fact(pulse(1), seq=3)))


def test_a_death_taken_from_a_push_pull_is_found() -> None:
    dead = MemberChanged(claim(N2, 0, MemberState.DEAD), MemberState.ALIVE, "pushpull", N3)
    finds("membership", lambda: judge_of_words().hear(fact(dead)))


def test_a_belief_that_goes_back_is_found() -> None:
    words = judge_of_words()
    words.hear(fact(MemberChanged(claim(N2, 4, MemberState.DEAD), None, "gossip", N3), seq=1))
    back = MemberChanged(claim(N2, 3, MemberState.ALIVE), MemberState.DEAD, "gossip", N3)
    finds("membership", lambda: words.hear(fact(back, seq=2)))


def test_an_incarnation_raised_by_somebody_else_is_found() -> None:
    raised = MemberChanged(claim(N2, 4, MemberState.ALIVE), None, "gossip", N3)
    judge_of_words(own=4).hear(fact(raised))
    finds("incarnations", lambda: judge_of_words(own=3).hear(fact(raised)))


def test_different_owners_for_equal_members_are_found() -> None:
    words = judge_of_words()
    table = RingTable("aa", (N1, N2), 2, 1, ((0,), (1,)))
    words.hear(fact(RingChanged(table, 0, 0), node=N1))
    words.hear(fact(RingChanged(table, 0, 0), node=N2))
    other = replace(table, owners=((1,), (0,)))
    finds("ring", lambda: words.hear(fact(RingChanged(other, 0, 0), node=N3)))


# --- answers -------------------------------------------------------------------------------------


def judge_of_answers(made: World) -> Answers:
    answers = Answers(made, 2, nothing_lost)
    answers.history = History()
    return answers


def test_an_acknowledgement_that_is_not_on_w_disks_is_found() -> None:
    made = world()
    answers = judge_of_answers(made)
    op = answers.history.begin(1, "put", KEY, made.now)
    versions = put(EMPTY, {}, "n1.1.1", op.value, "", 0)
    response = WriteResponse("ok", (N1, N2), 2, versions.context, 1)
    partition = partition_of(KEY, DEMO.ring.partitions)
    write = (PutRecord(partition, KEY, Record(versions)),)
    made.hosts[N1].disk.durable.apply(write)
    made.hosts[N2].disk.persist(Persist(999, write))  # asked for, not durable
    assert "1 (n1) of 2 disks" in finds("durability", lambda: answers.wrote(op, response))
    made.hosts[N2].disk.durable.apply(write)
    answers.wrote(op, response)


def test_a_write_that_was_answered_with_not_written_is_not_found_later() -> None:
    answers = judge_of_answers(world(1))
    op = answers.history.begin(1, "put", KEY, 0)
    answers.siblings(KEY, held(sibling(op.value)), "read 2")
    answers.unwritten()
    op.outcome = "failed"
    finds("outcome", answers.unwritten)
    finds("outcome", lambda: answers.siblings(KEY, held(sibling(op.value)), "read 3"))


def test_a_value_that_nobody_wrote_is_found() -> None:
    answers = judge_of_answers(world(1))
    finds("values", lambda: answers.siblings(KEY, held(sibling(b"w77")), "read 1"))


def test_a_sibling_beside_what_its_writer_had_read_is_found() -> None:
    answers = judge_of_answers(world(1))
    first = answers.history.begin(1, "put", KEY, 0)
    second = answers.history.begin(1, "put", KEY, 1, context={"n1.1.1": 1})
    blind = answers.history.begin(2, "put", KEY, 1)
    old, new = sibling(first.value), sibling(second.value, "n2.1.1")
    answers.siblings(KEY, held(new, sibling(blind.value, "n3.1.1")), "read 3")
    finds("siblings", lambda: answers.siblings(KEY, held(old, new), "read 4"))


# --- outcome -------------------------------------------------------------------------------------


def acknowledged(history: History, *, saw: Versions = EMPTY) -> bytes:
    op = history.begin(1, "put", KEY, 0, context=saw.context, saw=history.seen_by(KEY, saw))
    op.outcome, op.proof = "ok", (N1, N2)
    return op.value


def test_an_acknowledged_write_that_is_gone_is_found() -> None:
    history = History()
    acknowledged(history)
    judge = Outcome(history, 2, nothing_lost)
    assert "is gone at n3" in finds("survival", lambda: judge.judge(KEY, EMPTY, "n3"))


def test_a_write_superseded_by_one_that_had_not_seen_it_is_found() -> None:
    history = History()
    acknowledged(history)
    blind = acknowledged(history)
    final = Versions({"n1.1.1": 1, "n2.1.1": 1}, (sibling(blind, "n2.1.1"),))
    judge = Outcome(history, 2, nothing_lost)
    finds("survival", lambda: judge.judge(KEY, final, "n3"))


def test_a_write_superseded_by_one_that_had_seen_it_has_not_been_lost() -> None:
    history = History()
    first = acknowledged(history)
    second = acknowledged(history, saw=held(sibling(first)))
    third = acknowledged(history, saw=held(sibling(second, "n2.1.1")))
    Outcome(history, 2, nothing_lost).judge(KEY, held(sibling(third, "n3.1.1")), "n3")


def test_a_write_whose_proofs_all_lost_their_disks_is_excused_and_counted() -> None:
    history = History()
    acknowledged(history)
    judge = Outcome(history, 2, lambda _node, _since, _key: True)
    judge.judge(KEY, EMPTY, "n3")
    assert judge.excused == 1


def test_a_deleted_value_that_comes_back_is_found() -> None:
    history = History()
    value = acknowledged(history)
    delete = history.begin(1, "delete", KEY, 0, context={"n1.1.1": 1})
    delete.outcome = "ok"
    judge = Outcome(history, 2, nothing_lost)
    gone = Versions({"n1.1.1": 1, "n2.1.1": 1}, (sibling(None, "n2.1.1"),))
    history.writes[KEY][1].saw = history.seen_by(KEY, held(sibling(value)))
    judge.judge(KEY, gone, "n3")
    finds("resurrection", lambda: judge.judge(KEY, held(sibling(value)), "n3"))


# --- the one judge's word -------------------------------------------------------------------------


def test_the_one_judge_finds_a_lost_write_and_excuses_one_whose_disks_were_lost() -> None:
    history = History()
    acknowledged(history)
    judge = Judged(history, 2, nothing_lost)
    assert "is lost" in finds("judged", lambda: judge.judge({KEY: EMPTY}))
    excusing = Judged(history, 2, lambda _node, _since, _key: True)
    excusing.judge({KEY: EMPTY})
    assert excusing.excused == 1


def test_the_one_judge_finds_a_value_from_nowhere_and_lets_what_is_right_pass() -> None:
    history = History()
    value = acknowledged(history)
    judge = Judged(history, 2, nothing_lost)
    judge.judge({KEY: held(sibling(value))})
    assert judge.measures is not None
    assert (judge.measures.acknowledged, judge.measures.lost_count) == (1, 0)
    strange = held(sibling(value), sibling(b"junk", "n2.1.1"))
    assert "nobody wrote it" in finds("judged", lambda: judge.judge({KEY: strange}))


# --- bounds, deletions, incidents ----------------------------------------------------------------


def test_a_queue_past_its_bound_is_found() -> None:
    made = world(1)
    Bounds(made).look()
    for number in range(200):
        made.hosts[N1].timers["probe", str(number)] = 0
    assert "timers" in finds("bounds", Bounds(made).look)


def test_a_record_dropped_before_an_owner_has_it_is_found() -> None:
    made = world(4)
    ring = made.hosts[N1].node.placement.ring  # pyright: ignore[reportOptionalMemberAccess]
    partition, owners = next((p, o) for p, o in enumerate(ring.owners) if "n1" not in o)
    record = Record(held(sibling(b"w1")))
    put_it = Persist(999, (PutRecord(partition, KEY, record),))
    drop = Persist(1_000, (DropRecord(partition, KEY),))
    host = made.hosts[N1]
    host.disk.persist(put_it)
    judge = Deletions(made, nothing_lost)
    finds("deletion", lambda: judge.store(host, drop))
    made.hosts[owners[0]].disk.durable.apply(put_it.writes)
    judge.store(host, drop)


def test_a_crash_without_an_incident_or_an_incident_that_stays_open_is_found() -> None:
    made = world(3)
    judge = Incidents(made)
    made.watchers.append(judge.hear)
    finds("detection", lambda: judge.noticed("n3", made.now, SECOND))
    killed_at = made.now
    made.tell(FaultInjected("kill", N3))
    made.run(made.now + 2 * SECOND)  # told of, but nobody was killed: nobody will notice
    finds("detection", lambda: judge.noticed("n3", killed_at, SECOND))


def test_an_owner_that_answers_for_what_it_does_not_have_is_found() -> None:
    made = world(3)
    history = History()
    op = history.begin(1, "put", KEY, made.now - 5 * SECOND)
    op.outcome, op.ended = "ok", made.now - 4 * SECOND
    judge = Readable(made, history)
    node = made.hosts[N1].node
    assert node is not None
    changed = fact(RingChanged(node.placement.table(), 0, 0))
    assert "has nothing of r1" in finds("readable", lambda: judge.hear(changed))
    partition = partition_of(KEY, DEMO.ring.partitions)
    record = Record(held(sibling(op.value)))
    made.hosts[N1].disk.persist(Persist(999, (PutRecord(partition, KEY, record),)))
    judge.hear(changed)
