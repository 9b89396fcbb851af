"""A talk's real processes: made, hurt, mended, replaced by others, and none left behind."""

from __future__ import annotations

import asyncio
import os

import pytest

from cluster.config import SECOND
from talk.deck.deck import Act, Need
from talk.grounds.ground import GroundError
from talk.grounds.live import LiveGround
from tui.fold import fold
from tui.view import ClusterView

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


def runs(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_cluster_is_hurt_mended_replaced_and_nothing_is_left() -> None:
    ground = LiveGround(1)
    said: list[str] = []
    pids: set[int] = set()
    try:
        three = Need(nodes=3, answers_per_s=20)
        assert await ground.prepare(three, fresh=False, tell=said.append)
        assert said == ["starting 3 nodes"]
        assert ground.label() == "live cluster, 3 processes"
        view = await heard(ground, ClusterView(), 3)
        pids |= {node.pid for node in view.nodes.values()}
        with pytest.raises(GroundError):
            await ground.perform(Act("kill", ("n9",)), said.append)
        done = await ground.perform(Act("kill", ("n3",)), said.append)
        assert "n3" in done.said
        assert not await ground.prepare(three, fresh=False, tell=said.append), "the same, mended"
        assert ground.label() == "live cluster, 3 processes"
        view = await heard(ground, view, 3)
        pids |= {node.pid for node in view.nodes.values()}
        assert await ground.prepare(Need(nodes=2), fresh=False, tell=said.append)
        view = await heard(ground, ground.beginning(), 2)
        assert sorted(view.nodes) == ["n1", "n2"], "nothing of the one before is told"
        assert not any(map(runs, pids))
        pids |= {node.pid for node in view.nodes.values()}
        assert 1 <= ground.stretch <= 4
    finally:
        await ground.stop()
        await ground.stop()
    assert len(pids) >= 5
    assert not any(map(runs, pids))
    assert ground.label() == "no cluster"


async def test_stopping_while_it_is_being_made_leaves_nothing() -> None:
    ground = LiveGround(2)
    making = asyncio.create_task(
        ground.prepare(Need(nodes=3), fresh=False, tell=lambda _word: None)
    )
    await ground.pass_time(SECOND)
    view = fold(ClusterView(), ground.take())
    making.cancel()
    await asyncio.wait([making])
    await ground.stop()
    assert not any(runs(node.pid) for node in view.nodes.values() if node.pid)


async def heard(ground: LiveGround, view: ClusterView, nodes: int) -> ClusterView:
    """Until all nodes have said who they are."""
    async with asyncio.timeout(60):
        while True:
            view = fold(view, ground.take())
            if sum(node.pid > 0 and node.connected for node in view.nodes.values()) >= nodes:
                return view
            await asyncio.sleep(0.05)
