"""A world's history in the judge's words: every operation once, and what a write had seen whole."""

from __future__ import annotations

from cluster.config import DEMO, MS, SECOND, DataConfig
from cluster.model.judging.deeds import Deed
from cluster.model.judging.linear import linearity
from cluster.model.values.typed import updated
from cluster.model.values.update import CounterAdd
from cluster.model.versions import EMPTY, Sibling, Versions
from cluster.protocol.messages import PutRequest
from cluster.sim.faults.options import draw
from cluster.sim.load.clients import PATIENCE_US, Clients
from cluster.sim.load.deeds import deeds_of, final_of, totals_of
from cluster.sim.load.history import History, Op
from cluster.sim.trial.trial import Trial
from cluster.sim.world import World

SEED = 11


def versions(*values: bytes | None) -> Versions:
    siblings = [Sibling(f"n1.1.{place}", 1, value, "", 0) for place, value in enumerate(values, 1)]
    return Versions({s.actor: 1 for s in siblings}, tuple(siblings))


def closure(deeds: dict[int, Deed], number: int) -> set[int]:
    found: set[int] = set()
    waiting = list(deeds[number].saw)
    while waiting:
        seen = waiting.pop()
        if seen not in found:
            found.add(seen)
            waiting += deeds[seen].saw
    return found


def test_every_operation_of_a_world_is_told_once_with_all_that_it_had_seen() -> None:
    print(f"seed {SEED}")
    trial = Trial(draw(SEED, "partitions", 8 * SECOND, 5))
    trial.run()
    history = trial.history
    told = deeds_of(history)
    assert [deed.number for deed in told] == [op.number for op in history.ops]
    assert all(deed.node for deed in told)
    by_number = {deed.number: deed for deed in told}
    compared = 0
    for writes in history.writes.values():
        for op in writes:
            seen = {writes[p].number for p in range(len(writes)) if op.saw >> p & 1}
            assert closure(by_number, op.number) == seen
            compared += len(seen)
    assert compared > 100
    only = deeds_of(history, typed_too=False)
    assert {deed.key[0] for deed in only} == {"r"}
    assert 0 < len(only) < len(told)


def test_a_masterless_world_is_not_one_register_and_the_judge_says_why() -> None:
    print(f"seed {SEED}")
    trial = Trial(draw(SEED, "partitions", 8 * SECOND, 5))
    trial.run()
    found = linearity(deeds_of(trial.history))
    assert found.answer == "no"
    assert found.left_out > 0
    assert found.anomalies[0].name == "two values at once"
    assert trial.judged.measures is not None
    assert trial.judged.measures.lost_count == 0
    assert trial.judged.measures.acknowledged > 20


def test_an_acknowledgement_after_the_client_gave_up_ends_the_deed_when_it_came() -> None:
    world = World(SEED, DEMO)
    for name in ("n1", "n2", "n3"):
        world.start(name, () if name == "n1" else ("n1",))
    world.run(world.now + 3 * SECOND)
    clients = Clients(world, draw(SEED, "calm", SECOND, 3), ["n1"], [])
    op = clients.history.begin(1, "put", b"r1", world.now)

    def give_up(op: Op) -> None:
        op.ended, op.outcome = world.now, "maybe"

    world.pause("n1")
    clients.ask("n1", op, PutRequest(b"r1", op.value, "text/plain", {}), give_up)
    world.run(world.now + PATIENCE_US + 100 * MS)
    gave_up = op.ended
    assert deeds_of(clients.history)[0].outcome == "maybe"
    world.resume("n1")
    assert world.until(lambda: op.outcome == "ok", 10 * SECOND)
    (deed,) = deeds_of(clients.history)
    assert (deed.outcome, deed.node, deed.ended) == ("ok", "n1", world.now)
    assert deed.ended > gave_up == op.ended


def test_reads_show_all_values_and_no_tombstones() -> None:
    history = History()
    read = history.begin(1, "get", b"r1", 10)
    read.read, read.outcome, read.ended = versions(b"w1", None, b"w2"), "ok", 20
    nothing = history.begin(1, "get", b"r1", 30)
    nothing.read, nothing.outcome, nothing.ended = versions(None), "ok", 40
    assert [deed.told for deed in deeds_of(history)] == [("w1", "w2"), ()]
    assert final_of([(b"r1", versions(b"w1", None))]) == {"r1": ("w1",)}


def test_a_write_that_was_tried_twice_may_happen_again_and_one_that_was_refused_may_not() -> None:
    history = History()
    sure = history.begin(1, "put", b"r1", 10)
    sure.outcome, sure.ended, sure.tries, sure.unsure = "ok", 20, 2, 1
    again = history.begin(1, "put", b"r1", 30)
    again.outcome, again.ended, again.tries, again.unsure = "ok", 40, 2, 2
    assert [deed.again for deed in deeds_of(history)] == [False, True]


def test_what_is_under_way_when_the_world_ends_may_have_happened() -> None:
    history = History()
    history.begin(1, "put", b"r1", 10)
    (deed,) = deeds_of(history)
    assert (deed.outcome, deed.ended, deed.possible) == ("maybe", 0, True)


def test_a_counter_is_told_by_what_was_added_and_by_its_total() -> None:
    history = History()
    history.begin(1, "count", b"c1", 10, amount=3)
    held = updated(EMPTY, "n1", CounterAdd(3), 1, DataConfig())
    assert isinstance(held, Versions)
    assert [(deed.kind, deed.value) for deed in deeds_of(history)] == [("count", "3")]
    assert totals_of([(b"c1", held), (b"r1", versions(b"w1"))]) == {"c1": 3}
