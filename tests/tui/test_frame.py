"""The frame, the theme and the four shared lines: what every screen stands on."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.tui.picture import assert_known_roles
from tests.tui.story import DEAD, QUIET, scene_at
from tui.draw.chrome import fit, paint_chrome
from tui.draw.frame import PLAIN, Frame, Ink, ink_at, ink_index
from tui.draw.glyphs import SETS
from tui.draw.theme import Depth, Theme, depth_of, known


def test_text_outside_the_frame_is_clipped_on_every_side() -> None:
    frame = Frame(6, 2)
    frame.text(-2, 0, "abcd", "good")
    frame.text(4, 1, "wxyz")
    frame.text(0, 2, "below")
    frame.text(9, 0, "right")
    frame.text(-9, 0, "left")
    assert frame.lines() == ["cd", "    wx"]


def test_text_says_where_it_ended_even_when_clipped() -> None:
    frame = Frame(4, 1)
    assert frame.text(2, 0, "abcdef") == 8
    assert frame.runs(0, 0, [("a", ""), ("bc", "good")]) == 3


def test_a_copy_is_independent() -> None:
    frame = Frame(3, 1)
    frame.text(0, 0, "abc", "good")
    frame.hit(0, 0, 1, 1, "n1")
    other = frame.copy()
    other.text(0, 0, "xyz")
    other.hit(1, 0, 1, 1, "n2")
    assert frame.lines() == ["abc"]
    assert frame.target_at(1, 0) is None
    assert other.target_at(0, 0) == "n1"


def test_a_pasted_picture_clips_at_the_right_and_below() -> None:
    frame, picture = Frame(4, 2), Frame(3, 3)
    for y in range(3):
        picture.text(0, y, "###")
    frame.paste(picture, 2, 1)
    assert frame.lines() == ["", "  ##"]


def test_the_topmost_of_two_targets_is_chosen() -> None:
    frame = Frame(10, 3)
    frame.hit(0, 0, 10, 3, "row")
    frame.hit(2, 1, 3, 1, "badge")
    assert frame.target_at(3, 1) == "badge"
    assert frame.target_at(9, 2) == "row"
    assert frame.target_at(3, 5) is None


def test_an_ink_keeps_its_number() -> None:
    number = ink_index(Ink("good", "sheet.bg", bold=True))
    assert ink_index(Ink("good", "sheet.bg", bold=True)) == number
    assert ink_at(number) == Ink("good", "sheet.bg", bold=True)
    assert ink_at(0) == PLAIN


@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
def test_every_style_has_a_background(depth: Depth) -> None:
    theme = Theme(depth)
    for ink in (
        PLAIN,
        Ink("owner3b"),
        Ink("badge", "owner7", bold=True),
        Ink("frozen", "frozen.bg"),
    ):
        style = theme.style(ink_index(ink))
        assert style.bgcolor is not None
        assert style.color is not None
        assert not style.dim


def test_without_colour_a_filled_label_is_reversed() -> None:
    theme = Theme("none")
    assert theme.style(ink_index(Ink("frozen", "frozen.bg"))).reverse
    assert not theme.style(ink_index(Ink("", "sheet.bg"))).reverse


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "dumb"}, "none"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
    ],
)
def test_the_depth_follows_the_environment(environ: dict[str, str], depth: Depth) -> None:
    assert depth_of(environ) == depth


def test_the_owners_have_three_bands_of_eight_hues() -> None:
    assert all(known(f"owner{n}{band}") for n in range(8) for band in ("", "b", "c"))
    assert not known("owner8")


def test_every_state_has_a_shape_of_its_own_in_every_set() -> None:
    for glyphs in SETS.values():
        shapes = (glyphs.alive, glyphs.suspect, glyphs.dead, glyphs.silent, glyphs.joining)
        assert len(set(shapes)) == len(shapes)
        assert len(glyphs.spark) == 8


def test_a_text_that_does_not_fit_ends_in_an_ellipsis() -> None:
    assert fit("verdict", 7) == "verdict"
    assert fit("a verdict", 7) == "a verd…"
    assert fit("a verdict", 0) == "…"


@pytest.mark.parametrize("width", [80, 120])
def test_the_footer_fits_its_line(width: int) -> None:
    for at in (QUIET, DEAD):
        frame = Frame(width * 2, 24)
        paint_chrome(frame, scene_at(at), "home")
        narrow = Frame(width, 24)
        paint_chrome(narrow, scene_at(at), "home")
        assert len(narrow.lines()[-1]) <= width
        assert narrow.lines()[-1].endswith("q quit")
        assert_known_roles(narrow)


def test_a_frozen_picture_says_so_in_words() -> None:
    frame = Frame(80, 24)
    paint_chrome(frame, replace(scene_at(QUIET), frozen=True), "home")
    assert " FROZEN " in frame.lines()[0]
    assert "LIVE" not in frame.lines()[0]
    assert "L live" in frame.lines()[-1]


def test_a_notice_takes_the_place_of_the_timeline() -> None:
    frame = Frame(80, 24)
    paint_chrome(frame, replace(scene_at(QUIET), notice="killing n4…"), "home")
    assert frame.lines()[-2] == " ▸ killing n4…"


def test_marks_of_the_last_two_minutes_are_on_the_timeline() -> None:
    frame = Frame(120, 36)
    paint_chrome(frame, scene_at(DEAD), "home")
    assert "✕" in frame.lines()[-2]
