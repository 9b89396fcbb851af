"""Theory beside observation: how fast gossip should have told everybody, and how fast it did."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.config import DEMO
from cluster.model.member import NodeId
from tests.tui.story import DEAD, KILLED, MS, SECOND, SUSPECTED, scene_at
from tui.judge.measured.epidemic import NODES_MAX, predicted
from tui.scene import Scene
from tui.screens.matrix import paint
from tui.screens.pieces.spreading import briefly, known
from tui.view import ClusterView

GOSSIP = DEMO.membership


def said(scene: Scene, width: int = 120, height: int = 36) -> str:
    return "\n".join(paint(scene, width, height).lines())


def played(nodes: int, rng: Random) -> list[int]:
    """One rumour by gossip's own rule: whoever knows tells `fanout` others each period."""
    knows = {0: 0}
    turns = [(rng.randrange(GOSSIP.gossip_period_us), 0)]
    while len(knows) < nodes:
        at, teller = heappop(turns)
        others = [n for n in range(nodes) if n != teller]
        for told in rng.sample(others, GOSSIP.gossip_fanout):
            if told not in knows:
                knows[told] = at
                heappush(turns, (at + rng.randrange(GOSSIP.gossip_period_us), told))
        heappush(turns, (at + GOSSIP.gossip_period_us, teller))
    return sorted(knows.values())


@pytest.mark.parametrize(("nodes", "within"), [(4, 0.1), (20, 0.15), (60, 0.1)])
def test_what_is_predicted_is_what_gossip_played_out_comes_to(nodes: int, within: float) -> None:
    seed = 3
    print(f"seed {seed}")
    rng = Random(seed)
    runs = [played(nodes, rng) for _ in range(200)]
    spread = predicted(nodes, nodes - 1, GOSSIP)
    assert spread is not None
    for us, k in ((spread.half_us, (nodes + 1) // 2 - 1), (spread.all_us, nodes - 1)):
        mean = sum(run[k] for run in runs) / len(runs)
        assert abs(us - mean) <= within * mean


@settings(deadline=None, derandomize=True)
@given(st.integers(2, 300), st.integers(0, 2))
def test_more_nodes_know_later_and_of_more_nodes_all_know_later(nodes: int, extra: int) -> None:
    spread = predicted(nodes, nodes - 1 + extra, GOSSIP)
    more = predicted(nodes + 1, nodes + extra, GOSSIP)
    assert spread is not None
    assert more is not None
    assert len(spread.times_us) == nodes
    assert list(spread.times_us) == sorted(spread.times_us)
    assert spread.all_us <= more.all_us


def test_a_wider_and_a_quicker_round_is_predicted_to_tell_sooner() -> None:
    slow = predicted(40, 39, GOSSIP)
    wide = predicted(40, 39, replace(GOSSIP, gossip_fanout=GOSSIP.gossip_fanout * 2))
    quick = predicted(40, 39, replace(GOSSIP, gossip_period_us=GOSSIP.gossip_period_us // 2))
    assert slow is not None
    assert wide is not None
    assert quick is not None
    assert wide.all_us < slow.all_us
    assert quick.all_us == pytest.approx(slow.all_us / 2, abs=1)


def test_nothing_is_predicted_of_nobody_or_of_too_many() -> None:
    assert predicted(1, 0, GOSSIP) is None
    assert predicted(NODES_MAX + 1, NODES_MAX, GOSSIP) is None


def test_who_learned_it_when_is_beside_when_half_and_all_were_predicted_to() -> None:
    scene = scene_at(SUSPECTED)
    found = known(scene)
    assert found is not None
    assert found.observed_us == (0, 62 * MS, 84 * MS)
    assert found.half_us == 62 * MS
    assert not found.all_know
    shown = said(scene)
    assert "3 of 4 know" in shown
    assert "half +44 ms, all +122 ms" in shown
    assert "for 4 nodes, fan-out 3 every 100 ms, gossip alone" in shown
    assert "all 4 by +122 ms" in said(scene_at(DEAD))


def test_a_narrow_screen_says_it_in_a_line() -> None:
    line = "half +48 ms, all +122 ms; predicted +50 ms, +50 ms (fan-out 3 / 100 ms)"
    assert line in said(scene_at(DEAD), 80, 24)
    assert "all not yet; predicted" in said(scene_at(SUSPECTED), 80, 24)


def test_the_curve_of_what_was_seen_ends_now() -> None:
    early, late = scene_at(KILLED + 375 * MS), scene_at(SUSPECTED)
    (row,) = [line for line in said(early).splitlines() if " observed  " in line]
    (longer,) = [line for line in said(late).splitlines() if " observed  " in line]
    assert sum(row.count(c) for c in "▁▂▃▄▅▆▇█") < sum(longer.count(c) for c in "▁▂▃▄▅▆▇█")


def test_without_a_profile_or_news_nothing_is_predicted() -> None:
    scene = scene_at(DEAD)
    nodes = {name: replace(node, profile="") for name, node in scene.view.nodes.items()}
    unknown = replace(scene, view=replace(scene.view, nodes=nodes))
    assert known(unknown) is None
    assert "predicted" not in said(unknown)
    assert "who learned that n4 is dead" in said(unknown)
    alone = {NodeId("n1"): scene.view.nodes[NodeId("n1")]}
    assert briefly(Scene(ClusterView(nodes=alone), DEAD + SECOND), 80) == []
