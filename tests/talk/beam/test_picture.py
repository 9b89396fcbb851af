"""The picture of a BEAM cluster beside ours: what is measured, awaited, and not there."""

from __future__ import annotations

from functools import cache

import pytest

from cluster.sim.pairs.record import Played
from cluster.sim.pairs.registry import play
from talk.beam.course import Course, Notice
from talk.beam.picture import KILLED, OURS, STOPPED, paint_beam
from talk.deck.deck import Live
from talk.stage.pictures import Playing, picture
from tests.tui.picture import assert_golden, assert_known_roles
from tui.draw.glyphs import GlyphSet
from tui.scene import Scene
from tui.view import ClusterView

KILL = Notice("b3", ("b1", "b2"), 0.05, known=True)
AWAITED = Course("stopped", "25", 60, KILL, Notice("b2", ("b1",), 23.4, known=False))
DONE = Course("done", "25", 60, KILL, Notice("b2", ("b1",), 53.2, known=True))
COURSES = (Course("absent"), Course(), Course("starting"), AWAITED, DONE)
FAILED = Course("failed", "25", 60, KILL, trouble="after 120 s b2 was still listed by b1")


@cache
def ours() -> Played:
    return play(OURS, 7)


def text(course: Course, width: int = 116, height: int = 20) -> str:
    return "\n".join(paint_beam(course, width, height, ours=ours()).lines())


@pytest.mark.parametrize(("width", "height"), [(116, 20), (56, 14)])
@pytest.mark.parametrize(("name", "course"), [("awaited", AWAITED), ("absent", Course("absent"))])
def test_both_beside_each_other(name: str, course: Course, width: int, height: int) -> None:
    frame = paint_beam(course, width, height, ours=ours())
    assert_golden(f"beam-{name}-{width}x{height}", frame)


def test_our_numbers_are_the_pair_s() -> None:
    counted = {figure.name: figure.value for figure in ours().right}
    assert {KILLED, STOPPED} <= set(counted)
    for name in (KILLED, STOPPED):
        assert f"{counted[name]:g} s ✓" in text(DONE)


def test_what_is_awaited_is_no_result() -> None:
    assert "23 s, still listed" in text(AWAITED)
    assert "23 s ✓" not in text(AWAITED)
    assert "53.2 s ✓" in text(DONE)


def test_longer_bars_are_longer_times() -> None:
    bars = [
        line.count("━") for line in text(DONE).splitlines() if line.startswith(("BEAM", "ours "))
    ]
    killed, our_killed, stopped, our_stopped = bars
    assert killed <= our_killed < our_stopped < stopped


def test_without_erlang_it_says_so_and_shows_no_bar_of_it() -> None:
    assert "Erlang is not installed on this machine" in text(Course("absent"))
    assert "BEAM  " not in text(Course("absent"))


def test_what_went_wrong_is_said() -> None:
    assert "the comparison ended early: after 120 s b2 was still listed by b1" in text(FAILED)


@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
@pytest.mark.parametrize("course", [*COURSES, FAILED])
def test_no_size_is_too_small(course: Course, glyphs: GlyphSet) -> None:
    for width, height in ((1, 1), (20, 3), (40, 6), (200, 60)):
        frame = paint_beam(course, width, height, glyphs=glyphs)
        assert (len(frame.chars), len(frame.chars[0])) == (height, width)
        assert_known_roles(frame)
        if glyphs == "ascii":
            assert all(line.isascii() for line in frame.lines())


def test_the_stage_shows_it() -> None:
    playing = Playing(played={OURS: ours()}, course=AWAITED)
    frame = picture(Live("beam"), Scene(view=ClusterView(), now=0), playing, 90, 16)
    assert "three real BEAM nodes" in frame.lines()[0]
