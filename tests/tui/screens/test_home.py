"""The home screen: golden frames, and what must be on it at any size."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest
from msgspec.structs import replace

from cluster.config import ArchitectureName
from cluster.model.facts import WatchSampled
from cluster.model.member import NodeId
from cluster.model.summary import Depth
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
    opening,
    removed_story,
    scene_at,
    split_story,
)
from tui.draw.frame import Frame, ink_at
from tui.fold import fold
from tui.scene import Scene
from tui.screens.home import paint
from tui.screens.pieces.forecast import forecasts
from tui.screens.pieces.roster import columns
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]
MOMENTS = {"quiet": QUIET, "suspected": SUSPECTED, "dead": DEAD, "back": BACK}


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


def claims_of(scene: Scene, words: str) -> list[str]:
    """The claims that contain these words, from their mark to their figure."""
    lines = paint(scene, 120, 36).lines()
    return [line[62:] for line in lines if words in line[62:]]


def many(count: int) -> Scene:
    teller = Teller(count)
    opening(teller, START + 4 * SECOND)
    view = fold(ClusterView(), teller.sorted())
    return Scene(view, START + 4 * SECOND, selected=NodeId(f"n{count}"))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_golden(moment: str, width: int, height: int) -> None:
    frame = paint(scene_at(MOMENTS[moment]), width, height)
    assert_golden(f"home-{moment}-{width}x{height}", frame)


@pytest.mark.parametrize("width", [40, 60, 79, 80, 99, 100, 119, 140, 200, 260])
@pytest.mark.parametrize("height", [8, 12, 18, 24, 30, 50, 70])
def test_it_paints_at_any_size(width: int, height: int) -> None:
    for at in (QUIET, DEAD):
        frame = paint(scene_at(at), width, height)
        assert_known_roles(frame)
        assert "n4" in text(frame)


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (20, 4), (300, 2), (0, 0)])
def test_no_size_is_an_error(size: tuple[int, int]) -> None:
    paint(scene_at(DEAD), *size)
    paint(Scene(ClusterView(), START), *size)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20, 50])
@pytest.mark.parametrize(("width", "height"), [*SIZES, (200, 60)])
def test_any_number_of_nodes_has_its_rows(count: int, width: int, height: int) -> None:
    shown = text(paint(many(count), width, height))
    assert f"n{count} " in shown, "the chosen node is always among the rows"
    assert shown.count("alive") >= min(count, 8)


def test_the_chosen_row_is_marked_without_colour() -> None:
    frame = paint(scene_at(QUIET, selected=NodeId("n2")), 120, 36)
    (row,) = [y for y, line in enumerate(frame.lines()) if line.startswith("▸")]
    assert "n2" in frame.lines()[row]
    assert ink_at(frame.inks[row][20]).bg == "selected.bg"


def test_a_click_on_a_row_chooses_its_node() -> None:
    frame = paint(scene_at(QUIET), 120, 36)
    rows = {line.split()[1 if line.startswith("▸") else 0]: y
            for y, line in enumerate(frame.lines()) if " alive " in line and "%" in line}  # fmt: skip
    assert {frame.target_at(30, y) for y in rows.values()} == set(rows)


def test_what_others_believe_of_a_node_is_in_its_row() -> None:
    lines = paint(scene_at(SUSPECTED), 120, 36).lines()
    (row,) = [line for line in lines if line.startswith("▸ n4")]
    assert row.endswith("◐◐●·◐")
    assert "◐ suspect" in row


def test_places_of_the_dead_are_crossed_out() -> None:
    lines = paint(scene_at(DEAD), 120, 36).lines()
    strip = [line[9:73] for line in lines if line.startswith(("  first", "  second", "  third"))]
    assert sum(line.count("✕") for line in strip) == 41
    assert not any("4" in line for line in strip)


def test_what_is_due_is_said_with_its_time() -> None:
    shown = text(paint(scene_at(SUSPECTED), 120, 36))
    assert "n4 is dead in 0.49 s unless it answers (15:04.9)" in shown
    shown = text(paint(scene_at(DEAD), 120, 36))
    assert "n4 leaves the ring in 5.7 s (15:12.9)" in shown
    assert "its 41 copies are rebuilt on n1 n2 n3 n5" in shown
    assert "60 hints go to n4 once it is back" in shown


def test_hints_for_who_is_off_the_ring_do_not_wait_for_it() -> None:
    scene = scene_at(KILLED + 10 * SECOND, removed_story)
    kept = Depth(N4, 7, KILLED)
    keeper = replace(scene.view.nodes[NodeId("n1")], hints=(kept,))
    view = replace(scene.view, nodes={**scene.view.nodes, keeper.name: keeper})
    due = forecasts(replace(scene, view=view))
    assert "7 hints for n4 go to who owns their places now" in due
    assert not any("once it is back" in text for text in due)


def test_a_claim_appears_only_when_it_was_measured() -> None:
    assert "read back" not in text(paint(scene_at(DEAD), 120, 36))
    (line,) = claims_of(scene_at(RECOVERED), "read back")
    assert line.startswith("✓ acknowledged answers read back")
    assert line.endswith("2,700 of 2,700")


def test_a_broken_claim_is_never_hidden() -> None:
    scene = scene_at(RECOVERED)
    load = scene.view.load
    assert load is not None
    broken = replace(scene, view=replace(scene.view, load=replace(load, unreadable=3)))
    (line,) = claims_of(broken, "read back")
    assert line.startswith("✕")
    assert line.endswith("2,697 of 2,700")


def test_ascii_has_no_other_characters() -> None:
    for at, tell in ((DEAD, removed_story), (KILLED + 5 * SECOND, split_story)):
        frame = paint(scene_at(at, tell, glyphs="ascii"), 120, 36)
        odd = {c for row in frame.chars for c in row if ord(c) > 126} - set("–×·↑↓…")
        assert not odd


def test_n4_is_the_one_the_story_is_about() -> None:
    assert N4 in scene_at(DEAD).view.nodes


def test_a_claim_with_failures_has_no_tick() -> None:
    scene = scene_at(RECOVERED)
    load = scene.view.load
    assert load is not None
    failed = replace(scene, view=replace(scene.view, load=replace(load, failed=20, maybe=3)))
    (line,) = claims_of(failed, "quiz answers")
    assert not line.startswith("✓")
    assert line.endswith("23 got no quorum")
    (line,) = claims_of(scene, "quiz answers")
    assert line.endswith("0 given up")


def test_hints_for_a_node_that_is_there_are_on_their_way() -> None:
    assert "15 hints are on their way to n4" in text(paint(scene_at(BACK), 120, 36))


def test_who_left_is_no_member() -> None:
    scene = scene_at(QUIET)
    nodes = {**scene.view.nodes, N4: replace(scene.view.nodes[N4], departed=True)}
    lines = paint(replace(scene, view=replace(scene.view, nodes=nodes)), 120, 36).lines()
    assert " 4 nodes " in lines[0]
    (row,) = [line for line in lines if line.startswith("  n1 ")]
    assert row.endswith("·●●·●")


def test_of_a_node_that_is_not_watched_no_figures_are_shown() -> None:
    scene = scene_at(QUIET)
    others = tuple(name for name in scene.view.nodes if name != N4)
    sample = WatchSampled(5, others, 1, 5)
    frame = paint(replace(scene, view=replace(scene.view, sample=sample)), 120, 36)
    (row,) = [line for line in frame.lines() if line.lstrip("▸ ").startswith("n4 ")]
    assert "not watched" in row
    assert not any(figure in row for figure in (",", " 0 "))


def test_only_lines_with_something_beside_them_are_cut() -> None:
    lines = paint(scene_at(SUSPECTED), 120, 36).lines()
    (next_to,) = [y for y, line in enumerate(lines) if " next  " in line]
    log = [y for y, line in enumerate(lines) if y > next_to and line[2:4].isdigit()]
    assert len(log) > 5
    assert not any("…" in lines[y] for y in log)


@pytest.mark.parametrize("kind", get_args(ArchitectureName))
@pytest.mark.parametrize("names", [("n1", "n2", "n3"), tuple(f"node-{n}" for n in range(1, 24))])
def test_no_two_columns_of_the_table_touch_at_any_width(
    kind: ArchitectureName, names: tuple[str, ...]
) -> None:
    for width in range(40, 201):
        place = columns(width, [NodeId(name) for name in names], kind)
        seen = 5 if place.seen_as_count else len(names)
        spans = [
            (place.state, 9),
            (place.share, 6),
            (place.follows, 8 if width < 100 else 10),
            (place.keys + 1, 6 if place.keys else 0),
            (place.ops, place.ops_spark + 6),
            (place.p99, place.p99_spark + 6),
            (place.hints + 1, 5 if place.hints else 0),
            (place.heard + 1, 5 if place.heard else 0),
            (place.seen, seen),
        ]
        drawn = sorted((start, length) for start, length in spans if start > 1 and length > 0)
        for (start, length), (after, _) in pairwise(drawn):
            assert start + length < after, f"{kind} at {width}: {place}"
        assert place.seen + seen <= width


@pytest.mark.parametrize("moment", [QUIET, DEAD, BACK])
def test_nor_are_two_figures_painted_as_one(moment: int) -> None:
    scene = scene_at(moment)
    names = list(scene.view.nodes)
    for width in range(40, 201):
        frame = paint(scene, width, 12)
        place = columns(width, names)
        for row in frame.lines()[3:8]:
            assert row[place.seen - 1] == " ", f"{width}: {row}"
            assert not place.p99 or row[place.p99 - 1] == " ", f"{width}: {row}"
            assert not place.ops or row[place.ops - 1] == " ", f"{width}: {row}"
