"""What an engine does not tell is a sentence on every screen, and never a row of zeros."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from cluster.model.facts import PulseReported
from tests.tui.foreign.pictured import LOST, NAMES, TELLING, facts, scene_of
from tests.tui.picture import assert_golden
from tui.draw.frame import Frame
from tui.fold import fold
from tui.judge.foreign.telling import sampling, tells, untold, without
from tui.scene import Scene
from tui.screens import flow, home, matrix, plots, recovery, ring, rooms
from tui.screens.detail import key, node
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]
Paint = Callable[[Scene, int, int], Frame]
SENTENCES: dict[str, tuple[Paint, str]] = {
    "ring": (ring.paint, "There is no ring in Serf"),
    "flow": (flow.paint, "Serf tells no messages."),
    "rooms": (rooms.paint, "Serf tells of no rooms."),
    "plots": (plots.paint, "Serf tells no latencies."),
    "key": (key.paint, "Serf tells nothing of single keys"),
}


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SENTENCES)
def test_a_screen_without_its_facts_says_so(name: str, size: tuple[int, int]) -> None:
    paint, sentence = SENTENCES[name]
    assert sentence in text(paint(scene_of(3), *size))


@pytest.mark.parametrize("size", SIZES)
def test_home_of_a_foreign_cluster(size: tuple[int, int]) -> None:
    frame = home.paint(scene_of(3), *size)
    said = text(frame)
    assert "polled every 0.25 s: times ± 0.25 s" in said
    assert "health score 0" in said
    assert not any(word in said for word in ("ops/s", "p99", "probe ", "hints held"))
    assert_golden(f"foreign-home-{size[0]}x{size[1]}", frame)


@pytest.mark.parametrize("size", SIZES)
def test_a_foreign_node_has_only_rows_that_it_tells(size: tuple[int, int]) -> None:
    frame = node.paint(replace(scene_of(3), selected=NAMES[0]), *size)
    said = text(frame)
    assert "goroutines" in said
    assert "puts/s" not in said
    assert "incarnation" not in said
    assert_golden(f"foreign-node-{size[0]}x{size[1]}", frame)


def test_what_is_worked_out_is_marked_as_estimated() -> None:
    view = scene_of(3)
    assert "estimated round trip" in text(node.paint(view, 120, 36))
    assert "~0.4 ms" in text(node.paint(view, 80, 24))


def test_the_first_look_is_whole_with_what_only_the_engine_has() -> None:
    told = facts(0.25)
    assert sum(isinstance(fact.payload, PulseReported) for fact in told) == len(NAMES)
    view = fold(ClusterView(), told)
    assert all(each.extras and each.round_trips for each in view.nodes.values())


def test_who_tells_a_thing_is_not_said_to_lack_it() -> None:
    first = scene_of(1).view
    told = replace(TELLING, tells=("keys", "ring", "messages"))
    nodes = {name: replace(each, telling=told) for name, each in first.nodes.items()}
    view = replace(first, nodes=nodes)
    assert tells(view, "keys")
    assert not without(view, "ring")
    assert untold(told) == "Serf tells no operations, latencies, hints or rooms."
    assert sampling(told) == "polled every 0.25 s: times ± 0.25 s"
    assert tells(ClusterView(), "keys"), "our own clusters tell everything"


@pytest.mark.parametrize("size", SIZES)
def test_recovery_of_a_foreign_member_knows_how_exact_it_is(size: tuple[int, int]) -> None:
    frame = recovery.paint(scene_of(14, killed_s=3, back_s=8), *size)
    said = text(frame)
    assert "polled every 0.25 s: times ± 0.25 s" in said
    assert "< 0.25 s" in said
    assert " 0 ms" not in said, "nobody knows that"
    assert_golden(f"foreign-recovery-{size[0]}x{size[1]}", frame)


def test_who_told_a_member_is_not_invented() -> None:
    frame = matrix.paint(replace(scene_of(6, killed_s=3), selected=LOST), 120, 36)
    assert "from whom is not told" in text(frame)
    assert "by itself" not in text(frame)


def test_nobody_alive_is_drawn_for_who_fell_silent() -> None:
    view = scene_of(6, killed_s=3).view
    assert view.incidents[-1].subject == LOST
