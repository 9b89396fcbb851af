"""The workload against nodes made of dictionaries: what it counts, retries and finds missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from cluster.lab.quiz.workload import PutResult, Reading, Workload, WorkloadOptions
from cluster.lab.slots import Door
from cluster.lab.witness import Witness
from cluster.model.facts import Fact, WorkloadCounted
from cluster.model.member import Address, NodeId
from cluster.model.versions import Context


def door(name: str) -> Door:
    return Door(NodeId(name), Address(f"{name}:1"), Address(f"{name}:2"))


class Board:
    """A cluster that is one dictionary behind several doors, each of which can be broken."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.broken: dict[str, PutResult] = {}
        self.tried: list[str] = []
        self.contexts: list[Context] = []

    async def put(self, door: Door, key: str, value: bytes, context: Context) -> PutResult:
        await asyncio.sleep(0)
        self.tried.append(door.name)
        self.contexts.append(context)
        if door.name in self.broken:
            return self.broken[door.name]
        self.values[key] = value
        return "acknowledged"

    async def get(self, door: Door, key: str) -> Reading | None:
        await asyncio.sleep(0)
        if door.name in self.broken:
            return None
        if key in self.values:
            return Reading((self.values[key],), {"n1.1.1": 1})
        return Reading((), {})

    async def close(self) -> None:
        pass


def made(board: Board, facts: list[Fact], **options: float) -> Workload:
    return Workload(
        WorkloadOptions(answers_per_s=2_000, period_us=10_000, **options),  # pyright: ignore[reportArgumentType]
        Witness(facts.append),
        Random(3),
        lambda: [door("n1"), door("n2"), door("n3")],
        board,
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def test_every_acknowledged_answer_is_readable_when_nothing_was_lost() -> None:
    board, facts = Board(), list[Fact]()
    workload = made(board, facts)
    workload.start()
    await until(lambda: workload.acknowledged >= 50)
    await workload.pause()
    audit = await workload.audit()
    await workload.stop()
    assert audit.asked == workload.acknowledged
    assert audit.unreadable == ()


async def test_the_audit_names_exactly_the_lost_and_the_changed_answers() -> None:
    board = Board()
    workload = made(board, [])
    workload.start()
    await until(lambda: workload.acknowledged >= 20)
    await workload.pause()
    lost, changed = sorted(board.values)[3], sorted(board.values)[7]
    del board.values[lost]
    board.values[changed] = b"not what was acknowledged"
    audit = await workload.audit()
    await workload.stop()
    assert audit.missing == tuple(sorted((lost, changed)))
    assert audit.unanswered == ()


async def test_a_failing_node_is_passed_over_and_tried_last_for_a_while() -> None:
    board = Board()
    board.broken["n2"] = "refused"
    workload = made(board, [], avoid_us=60_000_000)
    workload.start()
    # A busy machine lets many players start before the first of them is refused.
    await until(lambda: workload.acknowledged >= 3 * workload.options.in_flight_max)
    await workload.stop()
    assert workload.failed == 0
    assert "n2" in board.tried
    assert "n2" not in board.tried[-workload.options.in_flight_max :]


async def test_an_outcome_nobody_knows_is_a_maybe_and_a_refusal_by_all_a_failure() -> None:
    board = Board()
    board.broken = {"n1": "refused", "n2": "maybe", "n3": "refused"}
    workload = made(board, [])
    workload.start()
    await until(lambda: workload.maybe >= 5)
    board.broken["n2"] = "refused"
    failed = workload.failed
    await until(lambda: workload.failed >= failed + 5)
    await workload.stop()
    assert workload.acknowledged == 0


async def test_when_the_show_begins_again_answers_replace_what_was_read() -> None:
    board = Board()
    workload = made(board, [], keys_max=40)
    workload.start()
    await until(lambda: workload.acknowledged >= 100)
    await workload.pause()
    audit = await workload.audit()
    await workload.stop()
    assert audit.asked == 40
    assert audit.unreadable == ()
    assert board.contexts[0] == {}
    assert board.contexts[-1] == {"n1.1.1": 1}


async def test_the_counts_add_up() -> None:
    board, facts = Board(), list[Fact]()
    workload = made(board, facts)
    workload.start()
    await until(lambda: workload.acknowledged >= 30)
    await workload.pause()
    counted = len(facts)
    await until(lambda: len(facts) > counted + 1)
    await workload.stop()
    totals = [fact.payload for fact in facts if isinstance(fact.payload, WorkloadCounted)]
    assert totals[-1].acknowledged == workload.acknowledged
    assert sum(t.attempts for t in totals) == sum(t.successes for t in totals)
    assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
    assert totals[-1].unreadable == -1
    total = workload.chronicle.running.total
    assert totals[-1].answered == total.ok / total.tried == 1.0
    assert totals[-1].outage_us >= workload.chronicle.running.longest.us
