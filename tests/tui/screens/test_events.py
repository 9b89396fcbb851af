"""The events screen: the log, what it marks, and that it fits."""

from __future__ import annotations

import pytest

from cluster.model.member import NodeId
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import BACK, DEAD, QUIET, START, scene_at
from tui.scene import Scene
from tui.screens.events import paint
from tui.view import ClusterView


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
