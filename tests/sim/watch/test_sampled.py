"""Of a large world some nodes are watched, what is counted is counted over all, and both are said."""

from __future__ import annotations

from cluster.config import SECOND
from cluster.model.facts import Fact, MessageReceived, MessageSent, WatchSampled
from cluster.sim.watch.orders import Act, Setup
from cluster.sim.watch.watched import WATCHED, spread
from cluster.sim.watch.worker import Theatre
from cluster.sim.world import LAB, START
from tests.sim.watch.test_watched import play
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.verdict import verdict
from tui.scene import Scene
from tui.screens.matrix import paint as paint_matrix
from tui.screens.pieces.bundles import bundles
from tui.screens.ring import paint as paint_ring
from tui.view import ClusterView


def test_a_large_world_tells_of_some_nodes_and_counts_all() -> None:
    theatre = Theatre(Setup(3, 120, rooms=0))
    facts: list[Fact] = play(theatre, START + 5 * SECOND)
    watched = set(theatre.watched.watched)
    assert len(watched) == WATCHED
    assert {f.node for f in facts} <= watched | {LAB}
    for fact in facts:
        if isinstance(fact.payload, MessageSent):
            assert fact.payload.to in watched
        if isinstance(fact.payload, MessageReceived):
            assert fact.payload.sender in watched
    view = fold(ClusterView(), facts)
    assert len(view.nodes) == 120
    assert len(agreement(view, view.at).observers) == WATCHED
    assert "120 of 120 nodes hold one view" in verdict(view, view.at).text

    killed = next(name for name in theatre.watched.hand.expected if name not in watched)
    assert not theatre.answer(Act("kill", killed)).refused
    view = fold(view, play(theatre, START + 12 * SECOND))
    last = view.sample
    assert isinstance(last, WatchSampled)
    assert last.nodes == 119
    said = verdict(view, view.at).text
    assert killed in said, said
    scene = Scene(view=view, now=view.at)
    for size in ((120, 36), (80, 24), (200, 60)):
        matrix = "\n".join(paint_matrix(scene, *size).lines())
        assert "a column is" in matrix
        assert "32 of 119 are watched"[: size[0] - 80] in matrix
        assert killed in matrix
        assert killed in "\n".join(paint_ring(scene, *size).lines()), (
            "who is in trouble is named on the ring"
        )


def test_bundles_hold_everybody_once_in_order() -> None:
    names = [f"n{i}" for i in range(1, 1001)]
    for room in (1, 20, 48, 86, 999, 1_000):
        cut = bundles([*names], [*names[:32]], room, 10)  # pyright: ignore[reportArgumentType]
        assert [name for held in cut.columns for name in held] == names
        assert len(cut.columns) <= room
        assert len({len(held) for held in cut.columns[:-1]}) <= 1
        assert len(cut.rows) <= 10


def test_the_watched_are_spread_evenly() -> None:
    names = [f"n{i}" for i in range(1, 1001)]
    chosen = spread(names, 32)
    assert len(set(chosen)) == 32
    assert chosen[0] == "n1"
    assert chosen[-1] == "n1000"
