"""Large letters: what fits is drawn whole, what does not stays ordinary text."""

from __future__ import annotations

import pytest

from talk.stage.letters import large

TITLE = "The Road to a Masterless Multi-node Distributed System"


@pytest.mark.parametrize(("width", "height"), [(114, 27), (74, 16), (46, 60)])
def test_a_title_keeps_within_its_room(width: int, height: int) -> None:
    rows = large(TITLE, width, height)
    assert rows is not None
    assert len(rows) <= height
    assert max(map(len, rows)) <= width


def test_a_letter_is_what_it_looks_like() -> None:
    assert large("Hi", 12, 4) == ["█ █ █", "█▀█ █", "▀ ▀ ▀"]


def test_letters_are_larger_where_there_is_room_for_that() -> None:
    rows = large("Hi", 12, 10)
    assert rows is not None
    assert rows[0] == "██  ██  ██"
    assert rows[2] == "██████  ██"


def test_lines_are_as_even_as_their_number_allows() -> None:
    rows = large("one two six ten", 34, 9)
    assert rows is not None
    assert rows.count("") == 1
    assert abs(len(rows[0]) - len(rows[-1])) < 6


def test_what_has_no_room_or_no_letter_is_left_to_ordinary_text() -> None:
    assert large(TITLE, 30, 60) is None
    assert large(TITLE, 114, 4) is None
    assert large("μ-services", 114, 30) is None
    assert large("", 114, 30) is None
