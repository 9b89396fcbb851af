"""The picture of one room written three ways: code that runs, what waits, and where."""

from __future__ import annotations

import pytest

from talk.appendix.quiz import CODE_MIN, TAKES_US, hearts, paint_quiz, played
from talk.deck.deck import Live
from talk.live.screening import Screening
from talk.stage.pictures import Playing, picture
from tests.tui.picture import assert_golden, assert_known_roles
from tui.scene import Scene
from tui.view import ClusterView

QUIZ = played(7)


@pytest.mark.parametrize(("width", "height"), [(116, 26), (74, 14), (56, 14)])
def test_half_way(width: int, height: int) -> None:
    frame = paint_quiz(QUIZ, TAKES_US * 2 // 5, width, height)
    assert_golden(f"quiz-{width}x{height}", frame)


def test_each_heart_is_code_that_fits_its_column() -> None:
    assert len(hearts()) == len(QUIZ.ways)
    for lines in hearts():
        assert 5 <= len(lines) <= 11
        assert lines[0].startswith("def heart(")
        assert all(len(line) <= CODE_MIN and "self" not in line for line in lines)
    text = "\n".join(paint_quiz(QUIZ, 0, 116, 26).lines())
    assert all(line in text for lines in hearts() for line in lines)


def test_at_the_end_all_three_are_right_and_stay_so() -> None:
    end, later = (paint_quiz(QUIZ, us, 74, 14).lines() for us in (TAKES_US, 9 * TAKES_US))
    assert end == later
    text = "\n".join(end)
    assert text.count(f"{QUIZ.bare.given} of {QUIZ.bare.given}") == 3
    assert all(f"{way.title} ✓" in text for way in QUIZ.ways)
    assert f"✕ nothing between them: {QUIZ.bare.lost} of {QUIZ.bare.given} points lost" in text


def test_points_only_grow() -> None:
    for way in QUIZ.ways:
        totals = [moment.board.total for moment in way.moments]
        assert totals == sorted(totals)


@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_no_size_is_too_small(glyphs: str) -> None:
    for width, height in ((1, 1), (12, 40), (40, 6), (74, 9), (114, 16), (200, 60)):
        for shown_us in (-1, 0, 1, TAKES_US // 2, 10**9):
            frame = paint_quiz(QUIZ, shown_us, width, height, glyphs=glyphs)  # type: ignore[arg-type]
            assert (len(frame.chars), len(frame.chars[0])) == (height, width)
            assert_known_roles(frame)
            if glyphs == "ascii":
                assert all(line.isascii() for line in frame.lines())


def test_the_stage_shows_it_and_it_moves() -> None:
    live, scene = Live("quiz"), Scene(view=ClusterView(), now=0)
    screening = Screening(7)
    seen: list[str] = []
    for second in range(3):
        shown_us = screening.shown_us(live, 100.0 + second, frozen=False)
        playing = Playing(film_us=shown_us, seed=7)
        seen.append("\n".join(picture(live, scene, playing, 90, 20).lines()))
    assert len(set(seen)) == 3
    assert "one room, one load" in seen[0]
