"""Every architecture on real processes: it starts, serves the quiz, and breaks where it must."""

from __future__ import annotations

import pytest

from cluster.config import ArchitectureName
from cluster.model.member import NodeId
from tests.real.stage import Stage, stage

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

N1, N2 = NodeId("n1"), NodeId("n2")
FIXED: tuple[ArchitectureName, ...] = ("single", "primary")


@pytest.mark.parametrize("kind", FIXED)
async def test_a_node_that_joins_later_asks_the_same_master(kind: ArchitectureName) -> None:
    async with stage(nodes=3, architecture=kind) as show:
        await show.lab.add()
        await show.until(lambda: len(masters(show)) == 4, "the fourth knows a master")
        assert masters(show) == dict.fromkeys(show.lab.slots.names(), "n1")
        assert await show.lab.serving()
        await show.answers(40)
        assert not (await show.quiz.audit(50)).unreadable


@pytest.mark.parametrize("kind", FIXED)
async def test_without_its_fixed_master_nothing_is_acknowledged(kind: ArchitectureName) -> None:
    async with stage(nodes=3, architecture=kind) as show:
        await show.lab.kill(N1)
        before = show.quiz.acknowledged
        await show.until(lambda: show.quiz.failed + show.quiz.maybe > 60, "sixty failures")
        assert show.quiz.acknowledged - before <= 1  # one may have been on its way back
        assert len(show.lab.slots.running()) == 2
        await show.lab.undo()
        await show.answers(20)
        await show.lab.serving()
        assert not (await show.quiz.audit(50)).unreadable


async def test_failover_hands_over_and_majority_elects_when_the_master_dies() -> None:
    kinds: tuple[ArchitectureName, ...] = ("failover", "majority")
    for kind in kinds:
        async with stage(nodes=3, architecture=kind) as show:
            await show.until(lambda: len(set(masters(show).values())) == 1, "one master")
            first = next(iter(masters(show).values()))
            await show.lab.kill(first)
            await show.until(
                lambda first=first: first not in set(live_masters(show, first).values()),
                "the others follow another",
            )
            await show.answers(40)
            await show.lab.undo()
            assert await show.lab.serving()
            if kind == "majority":
                assert not (await show.quiz.audit(50)).unreadable


def live_masters(show: Stage, gone: NodeId) -> dict[NodeId, NodeId]:
    """Whom those follow that were not killed; a node that knows nobody follows the dead."""
    rules = {name: node.rule.master for name, node in show.view.nodes.items() if name != gone}
    return {name: master or gone for name, master in rules.items()}


def masters(show: Stage) -> dict[NodeId, NodeId]:
    """Whom each node takes for the master, of those that know one."""
    rules = {name: node.rule.master for name, node in show.view.nodes.items()}
    return {name: master for name, master in rules.items() if master}
