"""The events screen: the log, what it marks, and that it fits."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.model.member import NodeId
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import BACK, DEAD, QUIET, SECOND, START, scene_at
from tui.scene import Scene
from tui.screens.events import paint
from tui.view import EVENTS_MAX, ClusterView, EventLine


@pytest.mark.parametrize(("width", "height"), [(120, 36), (80, 24)])
@pytest.mark.parametrize(("moment", "at"), [("quiet", QUIET), ("dead", DEAD), ("back", BACK)])
def test_golden(moment: str, at: int, width: int, height: int) -> None:
    assert_golden(f"events-{moment}-{width}x{height}", paint(scene_at(at), width, height))


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (20, 4), (40, 9), (200, 60), (300, 3)])
def test_no_size_is_an_error(size: tuple[int, int]) -> None:
    assert_known_roles(paint(scene_at(BACK), *size))
    paint(Scene(ClusterView(), START), *size)


def test_lines_of_and_about_the_chosen_node_are_marked() -> None:
    lines = paint(scene_at(DEAD, selected=NodeId("n5")), 120, 36).lines()
    marked = [line for line in lines if line.startswith("▸")]
    assert any("n5 suspects n4 too" in line for line in marked)
    assert any("keeps a write for n4" in line and " n5 " in line for line in marked)
    assert not any("declares n4 dead" in line for line in marked)


def busy(lines: int) -> Scene:
    """A log of so many lines, five a second, of which the last is of now."""
    now = START + 3_600 * SECOND
    said = tuple(
        EventLine(now - i * 200_000, NodeId("n1"), f"read repaired quiz/{i}", "plain")
        for i in reversed(range(lines))
    )
    return replace(scene_at(QUIET), view=replace(scene_at(QUIET).view, events=said), now=now)


@pytest.mark.parametrize("width", [80, 120])
def test_a_full_log_says_how_far_back_it_goes_so_that_nobody_takes_it_for_all(width: int) -> None:
    full = busy(EVENTS_MAX)
    assert "the last 39.8 s" in text(full, width)
    assert "the last 39" not in text(busy(EVENTS_MAX - 1), width), "before, it has everything"
    hidden = text(replace(full, sieve="room-9"), width)
    assert f"{EVENTS_MAX} of {EVENTS_MAX} hidden, of the last 39.8 s" in hidden


def text(scene: Scene, width: int) -> str:
    return "\n".join(paint(scene, width, 24).lines())
