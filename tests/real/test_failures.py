"""Real processes, real faults: what a newcomer is shown, as assertions."""

from __future__ import annotations

import pytest

from cluster.model.member import MemberState, NodeId
from tests.real.stage import Stage, stage

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

N2, N4 = NodeId("n2"), NodeId("n4")


async def recovered(on: Stage) -> None:
    """Everyone agrees, no hint waits, every partition is filled."""
    await on.until(on.all_alive, "everyone agrees again", 60)
    await on.until(lambda: on.hints() == 0, "hints drain to zero", 60)
    await on.until(lambda: on.filling() == 0, "every partition is filled", 60)


async def nothing_lost(on: Stage) -> None:
    """Every acknowledged answer can be read, once what stand-ins keep is home.

    The players went on until now: on a busy machine an owner may have been late for one of the last
    answers, and two owners that do not have it yet are a quorum too.
    """
    await on.quiz.pause()
    assert await on.lab.hints_home(), "hints drain to zero"
    audit = await on.quiz.audit()
    assert audit.unreadable == ()
    assert audit.asked == on.quiz.acknowledged >= 40


async def test_a_killed_node_costs_no_acknowledged_answer_and_everyone_agrees_again() -> None:
    async with stage() as on:
        await on.lab.kill(N4)
        await on.until(lambda: on.state(N4) is MemberState.DEAD and on.agree(), "n4 is dead to all")
        await on.answers(60)
        assert on.hints() > 0
        await on.lab.restart(N4)
        await recovered(on)
        await on.answers(40)
        assert on.outages() == []
        await nothing_lost(on)


async def test_a_pause_of_two_seconds_declares_nobody_dead() -> None:
    async with stage() as on:
        await on.lab.pause(N2)
        paused_at = on.view.at
        await on.until(lambda: on.view.at >= paused_at + 2_000_000, "two seconds have passed")
        await on.lab.resume(N2)
        await recovered(on)
        assert on.held(MemberState.DEAD) == []
        assert on.outages() == []
        await nothing_lost(on)


async def test_a_node_that_leaves_is_seen_as_left_and_never_as_failed() -> None:
    async with stage() as on:
        await on.lab.leave(N4)
        await on.until(
            lambda: on.state(N4) is MemberState.LEFT and on.agree(), "n4 has left, say all"
        )
        assert [seen for seen in on.held(MemberState.SUSPECT) if seen[1] == N4] == []
        assert [seen for seen in on.held(MemberState.DEAD) if seen[1] == N4] == []
        await on.until(lambda: on.filling() == 0, "its copies are rebuilt elsewhere", 60)
        await on.answers(40)
        assert on.outages() == []
        await nothing_lost(on)


async def test_a_partition_heals_without_losing_an_acknowledged_answer() -> None:
    async with stage() as on:
        await on.lab.links.partition((NodeId("n1"), N2))
        await on.until(lambda: _each_side_sees_the_other_dead(on), "both sides give the other up")
        await on.answers(80)
        await on.lab.links.heal()
        await recovered(on)
        await nothing_lost(on)


async def test_an_added_node_takes_its_share_and_loses_nothing() -> None:
    async with stage(3) as on:
        await on.lab.add()
        await on.until(on.all_alive, "all four agree")
        await on.until(lambda: on.view.nodes[N4].keys > 0, "n4 holds keys")
        await recovered(on)
        await on.answers(40)
        await nothing_lost(on)


def _each_side_sees_the_other_dead(on: Stage) -> bool:
    small, large = on.view.nodes[NodeId("n1")], on.view.nodes[NodeId("n5")]
    across = (small.beliefs.get(NodeId("n5")), large.beliefs.get(NodeId("n1")))
    return all(belief is not None and belief.state is MemberState.DEAD for belief in across)
