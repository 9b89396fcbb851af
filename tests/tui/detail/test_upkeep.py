"""What all nodes do alike after a failure is one line with counts, told anew with each."""

from __future__ import annotations

import pytest

from cluster.model.facts import CopiesDropped, Fact, Payload, TreeCompared
from cluster.model.member import NodeId
from tui.fold import fold
from tui.view import OBSERVER, ClusterView, EventLine

START = 1_000_000_000


class Told:
    """Facts in order, numbered."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._seqs: dict[str, int] = {}

    def say(self, node: str, ms: int, payload: Payload) -> None:
        seq = self._seqs[node] = self._seqs.get(node, 0) + 1
        at = START + ms * 1_000
        self.facts.append(Fact(NodeId(node), 1, seq, at, at, payload))


def equal(peer: str, trees: int) -> TreeCompared:
    return TreeCompared(NodeId(peer), trees, 0, 0, 1_000, 0)


def after_a_kill() -> Told:
    told = Told()
    for place in range(10):
        node = ("n1", "n2", "n4")[place % 3]
        told.say(node, place * 50, CopiesDropped(place, 7))
        told.say(node, place * 50 + 1, equal("n5", 20))
    return told


def lines(view: ClusterView) -> list[tuple[str, str]]:
    return [(line.node, line.text) for line in view.events]


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_a_stretch_of_upkeep_is_one_line_of_each_kind(batch: int) -> None:
    view, facts = ClusterView(), after_a_kill().facts
    for start in range(0, len(facts), batch):
        view = fold(view, facts[start : start + batch])
    assert lines(view) == [
        (OBSERVER, "n1, n2 and n4 let go of 70 keys of 10 partitions: their owners have all"),
        (OBSERVER, "n1, n2 and n4 compared copies 10 times: 200 trees equal"),
    ]
    assert view.events[-1] == EventLine(START + 451_000, OBSERVER, lines(view)[-1][1], "plain")


def test_one_node_alone_speaks_for_itself() -> None:
    told = Told()
    told.say("n4", 0, CopiesDropped(33, 9))
    assert lines(fold(ClusterView(), told.facts)) == [
        ("n4", "let go of 9 keys of partition 33: its owners have all")
    ]
    told.say("n4", 40, CopiesDropped(34, 1))
    assert lines(fold(ClusterView(), told.facts)) == [
        ("n4", "let go of 10 keys of 2 partitions: their owners have all")
    ]


@pytest.mark.parametrize("batch", [1, 100])
def test_after_a_pause_a_new_line_begins_and_the_old_one_stays(batch: int) -> None:
    told = after_a_kill()
    told.say("n1", 20_000, CopiesDropped(60, 3))
    view = ClusterView()
    for start in range(0, len(told.facts), batch):
        view = fold(view, told.facts[start : start + batch])
    assert len(view.events) == 3
    assert lines(view)[-1] == ("n1", "let go of 3 keys of partition 60: its owners have all")


def test_what_was_mended_has_its_own_line() -> None:
    told = after_a_kill()
    told.say("n2", 900, TreeCompared(NodeId("n5"), 20, 2, 4, 1_000, 0))
    assert ("n2", "found n5's copies apart, mended 4 keys") in lines(
        fold(ClusterView(), told.facts)
    )
    assert len(fold(ClusterView(), told.facts).events) == 3
