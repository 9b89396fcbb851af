"""Rooms on the ring: dots where nothing else is, in the hue of whoever runs them; moves as chords."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.rooms.tale import (
    CALM,
    EMPTYING,
    HOME_AGAIN,
    MOVING,
    TWINS,
    drained,
    fallen,
    scene_at,
    thousand,
    twins,
    view_at,
)
from tests.tui.teller import MS, N4
from tui.draw.frame import Frame, ink_at
from tui.scene import Scene, hue
from tui.screens.ring import paint
from tui.seen.rooms import Rooms

SIZES = [(120, 36), (80, 24)]
BARS = set("█▀▄")


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


def bare(scene: Scene) -> Scene:
    """The same moment without rooms."""
    return replace(scene, view=replace(scene.view, rooms=Rooms()))


def inside(frame: Frame, scene: Scene) -> dict[str, int]:
    """How many cells the rooms add, by role."""
    without = paint(bare(scene), frame.width, frame.height)
    roles: dict[str, int] = {}
    for y in range(2, frame.height - 2):
        for x in range(64 if frame.width == 120 else 40):
            if frame.chars[y][x] != without.chars[y][x]:
                role = ink_at(frame.inks[y][x]).fg
                roles[role] = roles.get(role, 0) + 1
    return roles


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_ring_with_rooms_looks_as_it_did(width: int, height: int) -> None:
    calm = scene_at(CALM, fallen, selected=None)
    assert_golden(f"ring-rooms-{width}x{height}", paint(calm, width, height))
    emptying = scene_at(EMPTYING, fallen, selected=None)
    assert_golden(f"ring-rooms-emptying-{width}x{height}", paint(emptying, width, height))


@pytest.mark.parametrize("size", [*SIZES, (40, 12), (200, 60), (60, 20)])
def test_dots_leave_the_bands_as_they_were(size: tuple[int, int]) -> None:
    for tell, at in ((fallen, CALM), (thousand, CALM), (twins, TWINS)):
        scene = scene_at(at, tell, selected=None)
        frame, without = paint(scene, *size), paint(bare(scene), *size)
        assert_known_roles(frame)
        for y in range(2, size[1] - 2):
            for before, after in zip(without.chars[y], frame.chars[y], strict=True):
                if before in BARS:
                    assert after == before


def test_each_node_that_runs_rooms_has_dots_of_its_hue() -> None:
    scene = scene_at(CALM, fallen, selected=None)
    roles = inside(paint(scene, 120, 36), scene)
    view = scene.view
    for name in view.nodes:
        assert roles[f"owner{hue(view, name)}"] >= view.rooms.held[name] // 2


def test_a_dead_nodes_dots_change_their_hue_when_its_rooms_serve_again() -> None:
    before, after = (scene_at(at, fallen, selected=None) for at in (EMPTYING, HOME_AGAIN))
    assert inside(paint(before, 120, 36), before)["dead"] >= 2
    later = replace(after, now=HOME_AGAIN + 2_000 * MS)
    roles = inside(paint(later, 120, 36), later)
    assert "dead" not in roles
    assert f"owner{hue(later.view, N4)}" not in roles


def test_rooms_on_their_way_are_chords_and_lines_beside_the_ring() -> None:
    scene = scene_at(MOVING + 100 * MS, drained, selected=None)
    shown = text(paint(scene, 120, 36))
    assert "■" in shown
    assert "n4 to n5: " in shown
    assert "■" not in text(paint(scene_at(CALM, drained), 120, 36))


def test_marks_travel_on_chords_unless_nothing_may_move() -> None:
    scene = scene_at(MOVING + 100 * MS, drained, selected=None)

    def marks(motion: bool, later: int) -> list[tuple[int, int]]:
        frame = paint(replace(scene, motion=motion, now=scene.now + later), 120, 36)
        return [(x, y) for y, row in enumerate(frame.chars) for x, c in enumerate(row) if c == "■"]

    assert marks(True, 0) != marks(True, 300 * MS)
    assert marks(False, 0) == marks(False, 300 * MS) != []


def test_without_colour_and_in_ascii_it_is_drawn_too() -> None:
    scene = scene_at(EMPTYING, fallen, colour=False, glyphs="ascii")
    frame = paint(scene, 80, 24)
    assert "".join("".join(row[:41]) for row in frame.chars[2:-2]).isascii()
    assert "of n4's 7 rooms" in text(frame)


def test_the_column_says_that_the_dots_are_rooms() -> None:
    assert "40 rooms too (the dots)" in text(paint(scene_at(CALM, fallen), 120, 36))
    assert view_at(CALM, thousand).rooms.held
    assert "1,000 rooms too (the dots)" in text(paint(scene_at(CALM, thousand), 120, 36))
