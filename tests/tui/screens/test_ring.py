"""The ring screen: what it draws from the story, and what it says without colour."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.member import NodeId
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import (
    BACK,
    DEAD,
    KILLED,
    N4,
    QUIET,
    RECOVERED,
    SECOND,
    START,
    SUSPECTED,
    Teller,
    lively,
    opening,
    paused_story,
    removed_story,
    scene_at,
    split_story,
    story,
    table,
    view_at,
)
from tui.draw.circle import circle
from tui.draw.frame import Frame, ink_at
from tui.fold import fold
from tui.scene import Scene
from tui.screens.ring import Stage, paint
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]
MOMENTS = {"quiet": QUIET, "suspected": SUSPECTED, "dead": DEAD, "back": BACK}
ARC = "█▀▄"


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


def arcs(frame: Frame, hue: str) -> int:
    """How many cells of the picture carry some of a hue's arcs, in any band."""
    roles = {hue, hue + "b", hue + "c"}
    return sum(
        1
        for chars, inks in zip(frame.chars, frame.inks, strict=True)
        for char, ink in zip(chars, inks, strict=True)
        if char in ARC and ({ink_at(ink).fg, ink_at(ink).bg} & roles)
    )


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_ring_looks_as_it_did(moment: str, width: int, height: int) -> None:
    frame = paint(scene_at(MOMENTS[moment]), width, height)
    assert_golden(f"ring-{moment}-{width}x{height}", frame)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_ring_without_colour_looks_as_it_did(width: int, height: int) -> None:
    frame = paint(replace(scene_at(DEAD), colour=False), width, height)
    assert_golden(f"ring-dead-mono-{width}x{height}", frame)


def test_the_ring_in_ascii_is_ascii() -> None:
    """But for what is prose: arrows of keys, the ellipsis, middle dots."""
    frame = paint(replace(scene_at(DEAD), glyphs="ascii", colour=False), 80, 24)
    assert_golden("ring-dead-ascii-80x24", frame)
    picture = "".join("".join(row[:43]) for row in frame.chars[2:-2])
    assert picture.isascii()


def test_every_node_has_a_badge_and_can_be_clicked() -> None:
    frame = paint(scene_at(QUIET), 120, 36)
    for name in ("n1", "n2", "n3", "n4", "n5"):
        badge = next(hit for hit in frame.hits if hit.target == name and hit.height == 3)
        assert frame.target_at(badge.x + 2, badge.y + 1) == name


def test_arcs_of_an_owner_that_does_not_serve_are_broken_up() -> None:
    whole = arcs(paint(replace(scene_at(QUIET), selected=None), 120, 36), "owner3")
    dead = arcs(paint(replace(scene_at(DEAD), selected=None), 120, 36), "owner3")
    assert 0 < dead < whole * 0.75


def test_without_colour_a_dead_owner_is_a_cross_in_the_bands() -> None:
    quiet = text(paint(replace(scene_at(QUIET), colour=False), 120, 36))
    dead = text(paint(replace(scene_at(DEAD), colour=False), 120, 36))
    assert quiet.count("4") > 60
    assert dead.count("✕") > 60
    assert "444" not in dead


def test_the_chosen_arcs_stand_out_of_the_circle() -> None:
    chosen = arcs(paint(scene_at(QUIET), 120, 36), "owner3")
    plain = arcs(paint(replace(scene_at(QUIET), selected=None), 120, 36), "owner3")
    assert chosen > plain


def test_a_lost_message_ends_in_a_cross() -> None:
    quiet = paint(scene_at(QUIET), 120, 36)
    inner = text(paint(replace(scene_at(DEAD), selected=None), 120, 36))
    assert "✕" not in "".join("".join(row[:64]) for row in quiet.chars[2:34])
    assert inner.count("✕") > 3
    assert "to n4 have not arrived" in inner


def test_the_column_says_what_the_picture_shows() -> None:
    quiet, dead = (text(paint(scene_at(at), 120, 36)) for at in (QUIET, DEAD))
    assert "even share is 20.0%" in quiet
    assert "of 192" in quiet
    assert "3 of 3" in quiet
    assert "nothing: every copy is where it belongs" in quiet
    assert "✕ dead   4 of 4 say so   process gone" in dead
    assert "hints for n4" in dead


def test_new_owners_that_fill_are_named() -> None:
    at = KILLED + 9_600_000
    shown = text(paint(scene_at(at, removed_story), 120, 36))
    assert "fills" in shown


def test_nodes_that_use_another_table_are_counted() -> None:
    tables = lively(lambda teller: None, 4)
    view = view_at(RECOVERED, lambda: tables)
    other = view_at(QUIET).nodes[NodeId("n1")].ring
    nodes = view.nodes | {NodeId("n2"): replace(view.nodes[NodeId("n2")], ring=other)}
    scene = Scene(replace(view, nodes=nodes), view.at)
    assert "1 of 4 nodes uses another table" in paint(scene, 120, 36).lines()[0]
    assert "another table" not in paint(Scene(view, view.at), 120, 36).lines()[0]


@pytest.mark.parametrize("nodes", [2, 3, 8, 12, 20])
def test_any_number_of_nodes_is_drawn(nodes: int) -> None:
    facts = lively(lambda teller: None, nodes)
    view = view_at(RECOVERED, lambda: facts)
    frame = paint(Scene(view, view.at, selected=NodeId("n1"), own=True), 120, 36)
    shown = text(frame)
    assert all(f" n{i} " in shown for i in range(1, nodes + 1))
    assert_known_roles(frame)


def test_a_node_alone_owns_the_whole_ring() -> None:
    one = NodeId("n1")
    view = view_at(QUIET)
    nodes = {one: replace(view.nodes[one], ring=table((one,)), beliefs={})}
    shown = text(paint(Scene(replace(view, nodes=nodes), QUIET, one, own=True), 120, 36))
    assert " n1  ● alive" in shown
    assert "64 of 64  100.0%" in shown


def test_before_any_table_it_says_so() -> None:
    assert "No node has reported its table yet." in text(paint(Scene(ClusterView(), 1), 80, 24))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 220),
    st.integers(1, 70),
    st.sampled_from([story, removed_story, paused_story, split_story]),
    st.sampled_from([QUIET, SUSPECTED, DEAD, BACK, RECOVERED]),
    st.booleans(),
)
def test_any_size_at_any_moment_is_a_frame_of_that_size(
    width: int, height: int, tell: object, at: int, colour: bool
) -> None:
    scene = scene_at(at, tell, colour=colour)  # pyright: ignore[reportArgumentType]
    frame = paint(scene, width, height)
    assert [len(row) for row in frame.chars] == [width] * height
    assert [len(row) for row in frame.inks] == [width] * height
    assert_known_roles(frame)


def test_a_stage_plays_the_same_messages_as_a_whole_paint() -> None:
    scene = scene_at(DEAD)
    assert (
        Stage(scene, 120, 36).play(scene.view, scene.now).lines() == paint(scene, 120, 36).lines()
    )


def test_messages_move_between_two_moments_and_nothing_else_does() -> None:
    view = view_at(QUIET)
    stage = Stage(Scene(view, QUIET, N4, own=True), 120, 36)
    first, later = stage.play(view, QUIET), stage.play(view, QUIET + 66_000)
    changed = [y for y in range(36) if first.chars[y] != later.chars[y]]
    assert changed
    shape = circle(64, 32, 3)
    inner = [x for y in changed for x in range(120) if first.chars[y][x] != later.chars[y][x]]
    assert min(inner) > 1 + shape.width / 2 - shape.nodes - 6
    assert max(inner) < 1 + shape.width / 2 + shape.nodes + 6


def test_without_motion_a_message_is_a_line() -> None:
    view = view_at(QUIET)
    still = [paint(Scene(view, QUIET + step, motion=False), 120, 36) for step in (0, 20_000)]
    rows = range(2, 34)
    assert [still[0].chars[y][:64] for y in rows] == [still[1].chars[y][:64] for y in rows]


def test_what_has_no_room_is_a_sentence_and_not_a_number_of_nothing() -> None:
    teller = Teller(30)
    opening(teller, START + 3 * SECOND)
    view = fold(ClusterView(), teller.sorted())
    busy = {name: replace(node, filling=4) for name, node in view.nodes.items()}
    lines = paint(Scene(replace(view, nodes=busy), START + 3 * SECOND), 80, 24).lines()
    assert any("30 transfers or hints under way" in line for line in lines)
