"""Pipelines across nodes: three ways to meet one overload, and what each does with what is too much."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, SECOND
from cluster.model.facts import FlowLost, FlowMeasured, FlowOverflowed, FlowStarted, FlowStopped
from cluster.model.flow.pipeline import MAX_DEMAND, FlowSpec, StageSpec, Way
from cluster.protocol.effects import FlowRoll
from cluster.protocol.inputs import FlowCommand, FlowQuery, FlowStop
from cluster.protocol.messages import Refusal
from tests.protocol.flow.pipes import (
    COST_US,
    N1,
    N2,
    N3,
    Books,
    asked_and_sent,
    declare,
    rows,
    stage,
    three,
    world_of,
)
from tests.world import World

EVERY_WAY: list[Way] = ["unbounded", "shed", "demand"]


def test_without_a_bound_the_queue_grows_by_what_arrives_and_is_not_done() -> None:
    world = world_of(3)
    declare(world, three("unbounded"))
    world.run(10)
    found = rows(world, 1)
    assert found[-1].queue == pytest.approx(10 * (1_000 - 200), rel=0.05)
    queues = [row.queue for row in found]
    assert queues == sorted(queues)
    assert rows(world, 2)[-1].p99_us > 7 * SECOND
    assert stage(world, 0).refused == stage(world, 1).refused == 0


def test_shedding_keeps_the_queue_within_its_bound_and_refuses_the_rest() -> None:
    world = world_of(3)
    declare(world, three("shed", queue=100))
    world.run(10)
    assert max(row.longest for row in rows(world, 1)) == 100
    assert stage(world, 1).refused == pytest.approx(8_000, rel=0.05)
    # An item that was let in waits for the 99 before it, and for nobody else.
    assert rows(world, 2)[-1].p99_us < 100 * COST_US + 100_000
    (first,) = world.told(FlowOverflowed)
    assert (first.stage, first.limit) == ("grade", 100)


def test_where_stages_ask_nothing_is_refused_and_what_is_too_much_waits_at_the_source() -> None:
    world = world_of(3)
    declare(world, three("demand", demand=100))
    world.run(10)
    for index in range(3):
        assert max(row.longest for row in rows(world, index)) <= 100
        assert stage(world, index).refused == 0
    source = rows(world, 0)[-1]
    assert source.waiting == pytest.approx(8_000, rel=0.05)
    assert source.waited_us == pytest.approx(8 * SECOND, rel=0.1)
    assert rows(world, 2)[-1].left == pytest.approx(2_000, rel=0.05)
    assert rows(world, 2)[-1].p99_us < 100 * COST_US + 300_000


@pytest.mark.parametrize("way", EVERY_WAY)
def test_nothing_vanishes(way: Way) -> None:
    world = world_of(3)
    books = Books(world)
    declare(world, three(way, lasting_s=4))
    for _ in range(8):
        world.run(0.5)
        found = books.balance()
        # What is on its way between two nodes is in no stage.
        assert 0 <= books.missing(found) <= 60
    world.run(40)
    found = books.balance()
    assert found["arrived"] == 4_000
    assert books.missing(found) == found["queued"] == found["waiting"] == found["lost"] == 0
    assert found["delivered"] == 4_000 - found["refused"]


def test_nobody_sends_more_than_was_asked_and_asks_are_gen_stages() -> None:
    world = world_of(3)
    declare(world, three("demand", demand=1_000, rate=5_000))
    world.run(8)
    asked, sent = asked_and_sent(world)
    assert len(sent) == 2
    # The first ask is for max_demand, each later one for what has become free: at least half.
    first_of_all, *later = sorted(asked.values())
    assert first_of_all >= 1_000
    assert all(total <= 1_000 + 8 * 200 for total in later)
    assert FlowSpec("x", "demand", three("demand").stages).max_demand == MAX_DEMAND == 1_000
    assert FlowSpec("x", "demand", three("demand").stages).low == 500


@pytest.mark.parametrize("way", EVERY_WAY)
def test_stages_of_one_node_work_like_those_of_several(way: Way) -> None:
    world = world_of(2)
    declare(world, three(way, nodes=(N2, N2, N2), lasting_s=2))
    world.run(20)
    books = Books(world).balance()
    assert books["arrived"] == 2_000
    assert books["delivered"] == 2_000 - books["refused"]
    assert (books["refused"] > 0) == (way == "shed")


def test_a_stage_is_busy_for_as_long_as_its_items_cost() -> None:
    world = world_of(3)
    declare(world, three("demand"))
    world.run(2)
    before = stage(world, 1).left
    world.run(10)
    assert stage(world, 1).left - before == pytest.approx(2_000, rel=0.01)


def test_a_paused_stage_does_no_work_meanwhile() -> None:
    world = world_of(3)
    declare(world, three("demand"))
    world.run(3)
    before = stage(world, 2).left
    world.pause("n2")
    world.run(2)
    world.resume("n2")
    world.run(1)
    assert stage(world, 2).left - before < 200 * 1.2 + 20


def test_a_flood_of_one_pipeline_starves_another_on_the_same_worker() -> None:
    world = world_of(3)
    declare(world, three("unbounded", name="flood", worker="grader"))
    declare(world, three("unbounded", name="calm", worker="grader", rate=20))
    world.run(10)
    assert rows(world, 2, "calm")[-1].p99_us > 5 * SECOND


def test_a_rate_limit_keeps_a_flood_from_starving_another_pipeline() -> None:
    world = world_of(3)
    declare(world, three("unbounded", name="flood", worker="grader", limit=100))
    declare(world, three("unbounded", name="calm", worker="grader", rate=20))
    world.run(10)
    assert rows(world, 2, "calm")[-1].p99_us < 150_000
    done = rows(world, 1, "flood")[-1].left
    assert done == pytest.approx(10 * 100, rel=0.05)
    assert done <= 10 * 100 + 100 * DEMO.flow.burst_us // SECOND + 1


def test_a_pipeline_may_be_declared_anywhere_and_is_known_everywhere() -> None:
    world = world_of(5)
    declare(world, three("demand"), at="n5")
    world.run(1)
    for name in ("n1", "n2", "n3", "n4", "n5"):
        roll = world.call(name, FlowQuery())
        assert isinstance(roll, FlowRoll)
        assert [(e.spec.name, e.by, e.stopped) for e in roll.entries] == [("quiz", "n5", False)]
        assert len(roll.rows) == (1 if name in ("n1", "n2", "n3") else 0)
    started = world.told(FlowStarted)
    assert sorted(s.stages for s in started) == [("answers",), ("grade",), ("store",)]


def test_a_stopped_pipeline_runs_nowhere_and_may_be_declared_anew() -> None:
    world = world_of(3)
    declare(world, three("unbounded"))
    world.run(2)
    assert world.call("n3", FlowStop("quiz")) is None
    world.run(1)
    assert len(world.told(FlowStopped)) == 3
    assert sum(row.queue for s in world.told(FlowStopped) for row in s.rows) > 1_000
    quiet = len(world.told(FlowMeasured))
    world.run(2)
    assert len(world.told(FlowMeasured)) == quiet
    declare(world, three("demand"), at="n2")
    world.run(2)
    assert stage(world, 2).left > 200


def test_a_node_that_was_down_while_a_pipeline_was_declared_runs_its_stage_when_it_is_back() -> (
    None
):
    world = world_of(3)
    world.kill("n2")
    world.run(2)
    declare(world, three("demand"))
    world.run(2)
    assert stage(world, 0).source is not None
    assert stage(world, 0).left == 0
    world.start("n2", ("n1",))
    world.run(6)
    assert stage(world, 2).left > 200


def test_a_dead_stages_demand_is_forgotten_and_it_asks_anew_when_it_returns() -> None:
    world = world_of(3)
    books = Books(world)
    declare(world, three("demand", lasting_s=6))
    world.run(3)
    books.kill("n2")
    world.until(lambda: closed(world), 5, "n2 is dead")
    sent = stage(world, 0).left
    world.run(3)
    assert stage(world, 0).left == sent
    lost = sum(fact.count for fact in world.told(FlowLost))
    assert 0 < lost <= 100 + 50
    world.start("n2", ("n1",))
    world.run(60)
    found = books.balance()
    assert found["arrived"] == 6_000
    assert found["queued"] == found["waiting"] == 0
    assert 0 < books.missing(found) <= found["lost"] == lost


def closed(world: World) -> bool:
    """Whether the producer takes the stage after it for dead."""
    outlet = stage(world, 0).outlet
    return outlet is not None and outlet.closed


def test_a_stage_wrongly_called_dead_loses_only_what_was_on_its_way() -> None:
    world = world_of(3)
    books = Books(world)
    declare(world, three("demand", lasting_s=3))
    world.run(2)
    world.pause("n2")
    world.until(lambda: closed(world), 10, "n2 is believed dead")
    assert sum(fact.count for fact in world.told(FlowLost)) > 0
    world.resume("n2")
    world.run(40)
    found = books.balance()
    assert sum(fact.count for fact in world.told(FlowLost)) == found["lost"]
    assert found["arrived"] == 3_000
    assert books.missing(found) == found["lost"] <= 50


def test_a_cut_swallows_items_and_the_link_is_made_anew_after_it() -> None:
    world = world_of(3)
    books = Books(world)
    declare(world, three("shed", lasting_s=3))
    world.run(1)
    world.partition(("n1", "n3"), ("n2",))
    world.run(0.5)
    world.heal()
    world.run(30)
    found = books.balance()
    assert found["arrived"] == 3_000
    assert books.missing(found) == found["lost"] > 0
    assert found["queued"] == 0


def test_a_full_registry_refuses_and_a_stopped_pipeline_makes_room() -> None:
    world = world_of(1)
    config = DEMO.flow
    for number in range(config.flows_max):
        declare(world, three("demand", name=f"f{number}", nodes=(N1, N1, N1), rate=1))
    refused = world.call("n1", FlowCommand(three("demand", nodes=(N1, N1, N1))))
    assert isinstance(refused, Refusal)
    assert refused.status == 503
    assert world.call("n1", FlowStop("f3")) is None
    declare(world, three("demand", nodes=(N1, N1, N1)))


GOOD = three("demand")
BAD: list[tuple[FlowSpec, int]] = [
    (replace(GOOD, stages=GOOD.stages[:1]), 400),
    (replace(GOOD, stages=GOOD.stages[::-1]), 400),
    (replace(GOOD, stages=(GOOD.stages[0], GOOD.stages[1])), 400),
    (replace(GOOD, stages=(GOOD.stages[0], *[GOOD.stages[1]] * 2, GOOD.stages[2])), 400),
    (replace(GOOD, max_demand=DEMO.flow.demand_max + 1), 400),
    (replace(GOOD, min_demand=100), 400),
    (replace(GOOD, queue_max=DEMO.flow.queue_max + 1), 400),
    (three("demand", rate=0), 400),
    (three("demand", rate=DEMO.flow.rate_max + 1), 400),
    (three("demand", limit=DEMO.flow.rate_max + 1), 400),
    (
        replace(GOOD, stages=(*GOOD.stages[:2], replace(GOOD.stages[2], rate_per_s=5))),
        400,
    ),
    (three("demand", nodes=(N1, N2, N3)), 404),
    (
        replace(
            GOOD,
            stages=(
                GOOD.stages[0],
                *(StageSpec(f"s{i}", "relay", N1) for i in range(DEMO.flow.stages_max)),
                GOOD.stages[2],
            ),
        ),
        400,
    ),
]


@pytest.mark.parametrize(("spec", "status"), BAD)
def test_what_is_no_pipeline_is_refused_in_a_sentence(spec: FlowSpec, status: int) -> None:
    world = world_of(1)
    refused = world.call("n1", FlowCommand(spec))
    assert isinstance(refused, Refusal)
    assert refused.status == status
    assert refused.detail
    stop = world.call("n1", FlowStop("quiz"))
    assert isinstance(stop, Refusal)
    assert stop.status == 404


def test_a_running_pipeline_is_not_declared_over() -> None:
    world = world_of(3)
    declare(world, three("demand"))
    world.run(1)
    refused = world.call("n2", FlowCommand(three("shed")))
    assert isinstance(refused, Refusal)
    assert refused.status == 409
