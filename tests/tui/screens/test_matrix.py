"""The matrix: beliefs, who differs, who is behind, who told whom."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.model.member import NodeId
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import (
    BACK,
    DEAD,
    KILLED,
    MS,
    QUIET,
    SECOND,
    START,
    SUSPECTED,
    Teller,
    opening,
    scene_at,
    split_story,
)
from tui.draw.frame import Frame, ink_at
from tui.fold import fold
from tui.judge.wording import brief
from tui.scene import Scene
from tui.screens.matrix import paint
from tui.screens.pieces.hearsay import hearsay, latest_news
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]
MOMENTS = {"quiet": QUIET, "suspected": SUSPECTED, "dead": DEAD}


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_golden(moment: str, width: int, height: int) -> None:
    assert_golden(
        f"matrix-{moment}-{width}x{height}", paint(scene_at(MOMENTS[moment]), width, height)
    )


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("height", [8, 12, 24, 36, 60])
def test_it_paints_at_any_size(width: int, height: int) -> None:
    assert_known_roles(paint(scene_at(SUSPECTED), width, height))


@pytest.mark.parametrize("size", [(1, 1), (20, 4), (300, 2), (0, 0)])
def test_no_size_is_an_error(size: tuple[int, int]) -> None:
    paint(scene_at(DEAD), *size)
    paint(Scene(ClusterView(), START), *size)


def crowd(count: int) -> Scene:
    teller = Teller(count)
    opening(teller, START + 3 * SECOND)
    return Scene(fold(ClusterView(), teller.sorted()), START + 3 * SECOND)


@pytest.mark.parametrize("count", [1, 2, 12, 40])
def test_any_number_of_nodes(count: int) -> None:
    scene = crowd(count)
    for width, height in (*SIZES, (200, 60)):
        assert "n1" in text(paint(scene, width, height))


def test_the_cell_that_differs_is_marked_and_its_row_says_how_far_behind() -> None:
    lines = paint(scene_at(SUSPECTED), 120, 36).lines()
    (row,) = [line for line in lines if line.startswith("  n3   ")]
    assert "▐●0" in row
    assert "3/4    0.1s" in row
    others = [line for line in lines if line.startswith(("  n1   ", "  n2   ", "  n5   "))]
    assert all("4/4    0.0s" in line and "▐" not in line for line in others)


def test_nobody_can_say_what_a_silent_node_believes() -> None:
    lines = paint(scene_at(SUSPECTED), 120, 36).lines()
    (row,) = [line for line in lines if line.startswith("▸ n4")]
    assert row.startswith("▸ n4 gone")
    assert row.count("○") == 4
    assert "●" not in row


def test_the_count_under_a_column_says_how_many_know() -> None:
    lines = paint(scene_at(SUSPECTED), 120, 36).lines()
    (row,) = [line for line in lines if line.startswith("  known by")]
    assert row.split()[2:] == ["3/3", "3/3", "3/3", "3/4", "3/3"]


def test_the_tree_follows_the_tellers() -> None:
    said = ["".join(t for t, _ in line) for line in hearsay(scene_at(SUSPECTED), 100, 9)]
    assert said == [
        "who learned that n4 is suspect, and from whom",
        "  +0.0 ms  n2  its own probe failed",
        "   +62 ms  ├─ n1  gossip, from n2",
        "   +84 ms  └─ n5  gossip, from n2",
        "n3 has not heard",
    ]


def test_a_teller_of_a_teller_is_a_deeper_branch() -> None:
    said = ["".join(t for t, _ in line) for line in hearsay(scene_at(DEAD), 100, 9)]
    assert said[0] == "who learned that n4 is dead, and from whom   all 4 in 122 ms"
    assert "  +122 ms  │  └─ n5  gossip, from n3" in said


def test_a_tree_too_tall_is_cut_and_says_so() -> None:
    said = ["".join(t for t, _ in line) for line in hearsay(scene_at(DEAD), 100, 4)]
    assert len(said) == 4
    assert said[-1] == "… 2 more"


def test_the_news_is_the_latest_change() -> None:
    news = latest_news(scene_at(BACK))
    assert news is not None
    assert (news.subject, next(iter(news.holders.values())).state.word) == ("n4", "alive")


def test_disagreements_are_listed_with_their_length() -> None:
    shown = text(paint(scene_at(DEAD), 120, 36))
    assert "n4 is suspect" in shown
    assert "  0.15 s" in shown
    shown = text(paint(scene_at(SUSPECTED), 120, 36))
    assert "0.11 s so far" in shown


def test_two_sides_of_a_split_hold_each_other_dead_and_agree_within() -> None:
    at = KILLED + 5 * SECOND
    frame = paint(scene_at(at, split_story), 120, 36)
    assert text(frame).count("▐") == 1  # in the legend
    assert "▐ differs from its own side" in text(frame)
    cells = [line[10:50] for line in frame.lines()[4:14]]
    assert sum(line.count("✕") for line in cells) == 12  # 2 x 3, both ways
    assert sum(line.count("●") for line in cells) == 2 + 6
    assert any(ink_at(i).fg == "dead" for row in frame.inks for i in row)


def test_the_chosen_row_is_marked() -> None:
    frame = paint(scene_at(QUIET, selected=NodeId("n2")), 80, 24)
    assert any(line.startswith("▸ n2") for line in frame.lines())
    assert frame.target_at(10, 5) in ("n1", "n2", "n3")


def test_ascii_has_no_other_characters() -> None:
    frame = paint(scene_at(KILLED + 420 * MS, glyphs="ascii"), 120, 36)
    odd = {c for row in frame.chars for c in row if ord(c) > 126} - set("–×·↑↓…")
    assert not odd


def test_who_joined_is_named_rather_than_whom_it_does_not_know() -> None:
    shown = text(paint(scene_at(QUIET), 120, 36))
    assert "n3 n4 n5 join" in shown
    assert replace(scene_at(QUIET), selected=None).selected is None


def test_long_names_are_cut_to_what_tells_them_apart() -> None:
    hosted = ["n1@127.0.0.1", "n2@127.0.0.1"]
    assert brief(hosted, 4) == dict(zip(hosted, ("n1", "n2"), strict=True))
    replicas = ["app@10.0.0.1", "app@10.0.0.2"]
    assert brief(replicas, 8) == dict(zip(replicas, ("10.0.0.1", "10.0.0.2"), strict=True))
    ports = ["127.0.0.1:7001", "127.0.0.1:7002"]
    assert brief(ports, 4) == dict(zip(ports, ("7001", "7002"), strict=True))
    assert brief(["n1", "n2"], 4) == {"n1": "n1", "n2": "n2"}
    assert brief(["alpha-1@h", "alpha-2@h"], 3) == {"alpha-1@h": "a-1", "alpha-2@h": "a-2"}
    assert brief(["alpha-1x", "beta-1x"], 2) == {}


def test_columns_that_do_not_fit_are_counted() -> None:
    said = text(paint(crowd(30), 80, 24))
    assert "columns: the first 24 of 30 nodes" in said
    assert "13 more rows" in said
    assert "columns: the first" not in text(paint(crowd(9), 80, 24))
