"""The quiz's operations as the judge is told them: what is kept, what is forgotten, what it finds."""

from __future__ import annotations

from cluster.lab.quiz.deeds import Chronicle
from cluster.model.judging.linear import linearity
from cluster.model.judging.measures import measure
from cluster.model.judging.running import Outage
from cluster.model.member import NodeId
from tests.lab.test_workload import Board, made, until

N1, N2 = NodeId("n1"), NodeId("n2")


async def test_a_load_that_lost_nothing_is_judged_to_have_lost_nothing() -> None:
    board = Board()
    workload = made(board, [], keys_max=40, deeds_max=10_000)
    workload.start()
    await until(lambda: workload.acknowledged >= 100)
    await workload.pause()
    await workload.audit()
    await workload.stop()
    evidence = workload.chronicle.evidence(
        siblings=False, until=workload.chronicle.deeds()[-1].ended
    )
    found = measure(evidence)
    assert found.acknowledged == workload.acknowledged
    assert found.total.ok == found.total.tried == len(evidence.deeds)
    assert (found.lost_count, found.unread, found.stale_count, found.nowhere_count) == (0, 0, 0, 0)
    assert linearity(evidence.deeds).answer == "yes"
    assert workload.chronicle.running.total.ok == found.total.ok
    assert any(deed.saw for deed in evidence.deeds)


async def test_what_the_audit_finds_missing_the_judge_calls_lost() -> None:
    board = Board()
    workload = made(board, [], deeds_max=10_000)
    workload.start()
    await until(lambda: workload.acknowledged >= 30)
    await workload.pause()
    lost, hidden = sorted(board.values)[3], sorted(board.values)[7]
    del board.values[lost]
    board.values[hidden] = b"junk"
    audit = await workload.audit()
    await workload.stop()
    found = measure(workload.chronicle.evidence(siblings=True, until=0))
    assert sorted(loss.write.key for loss in found.lost) == sorted(audit.missing) == [lost, hidden]
    assert [(n.key, n.value) for n in found.nowhere] == [(hidden, "junk")]


async def test_refusals_fail_and_outcomes_nobody_knows_are_maybes() -> None:
    board = Board()
    board.broken = {"n1": "refused", "n2": "maybe", "n3": "refused"}
    workload = made(board, [], deeds_max=10_000)
    workload.start()
    await until(lambda: workload.maybe >= 5)
    board.broken["n2"] = "refused"
    await until(lambda: workload.failed >= 5)
    await workload.pause()
    await workload.stop()
    total = workload.chronicle.running.total
    assert (total.ok, total.maybe, total.failed) == (0, workload.maybe, workload.failed)
    assert measure(workload.chronicle.evidence(siblings=True, until=0)).availability == 0


async def test_a_write_that_one_node_took_in_silence_and_another_acknowledged_may_happen_again() -> (
    None
):
    board = Board()
    board.broken = {"n2": "maybe"}
    workload = made(board, [], deeds_max=10_000, avoid_us=0)
    workload.start()
    await until(lambda: workload.acknowledged >= 30)
    await workload.pause()
    await workload.stop()
    written = [deed for deed in workload.chronicle.deeds() if deed.kind == "write"]
    assert {deed.again for deed in written} == {False, True}
    assert {str(deed.node) for deed in written} == {"n1", "n3"}


async def test_nothing_is_kept_unless_asked_and_the_live_figures_are_there() -> None:
    board = Board()
    workload = made(board, [])
    workload.start()
    await until(lambda: workload.acknowledged >= 30)
    await workload.pause()
    await workload.stop()
    assert workload.chronicle.deeds() == ()
    assert workload.chronicle.running.total.ok >= 30


def test_past_its_bound_the_oldest_are_forgotten_and_nobody_is_accused_for_it() -> None:
    chronicle = Chronicle(0, deeds_max=2)
    for at, value in ((10, b"a"), (20, b"b"), (30, b"c")):
        number = chronicle.began("write", "k", at, value)
        chronicle.asks(number, N1)
        chronicle.ended(number, "ok", at + 5)
    number = chronicle.began("read", "k", 40)
    chronicle.ended(number, "ok", 45, (b"a",))
    chronicle.final = {"k": (b"a".decode(),)}
    assert [deed.value for deed in chronicle.deeds()] == ["c", ""]
    found = measure(chronicle.evidence(siblings=False, until=50))
    assert (found.lost_count, found.stale_count, found.nowhere_count) == (0, 0, 0)
    assert chronicle.running.total.ok == 4


def test_what_is_under_way_is_told_as_a_maybe_and_makes_a_screen_see_the_outage() -> None:
    chronicle = Chronicle(0, deeds_max=10)
    first = chronicle.began("write", "k", 10, b"a")
    chronicle.asks(first, N2)
    (deed,) = chronicle.deeds()
    assert (deed.outcome, deed.ended, deed.node) == ("maybe", 0, N2)
    outage = chronicle.running.outage(90, chronicle.waiting_since())
    assert outage == Outage(10, 90)
    chronicle.ended(first, "ok", 95)
    assert chronicle.waiting_since() is None
    second = chronicle.began("write", "k", 100, b"b", (b"a", b"from elsewhere"))
    chronicle.ended(second, "ok", 110)
    assert chronicle.deeds()[-1].saw == (first,)
