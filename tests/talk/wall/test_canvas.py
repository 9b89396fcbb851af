"""What is on the wall, row by row: whoever kept up and whoever did not see the same picture in the end."""

from __future__ import annotations

from random import Random

from msgspec import json

from talk.export.picture import Run, ground, runs
from talk.wall.canvas import CELLS_MAX, Canvas, Drawn, drawings, framed
from tui.draw.frame import Frame
from tui.draw.theme import Theme

THEME = Theme("truecolor")


def drawn(frame: Frame, *rows: int) -> Drawn:
    """Some rows of a frame, as the stage tells them; none named: all."""
    told = {y: list(runs(frame, y, THEME)) for y in rows or range(frame.height)}
    return Drawn(frame.width, frame.height, ground("dark"), "a slide", told)


def test_a_message_is_its_length_and_what_it_says() -> None:
    frame = Frame(9, 2)
    frame.text(1, 1, "a <b>", "suspect", bold=True)
    bytes_ = framed(drawn(frame))
    assert int.from_bytes(bytes_[:4], "big") == len(bytes_) - 4
    told = drawings.decode(bytes_[4:])
    assert told.rows[0] == []
    assert told.rows[1][0].text == "a <b>"
    assert (told.rows[1][0].x, told.rows[1][0].cells, told.rows[1][0].bold) == (1, 5, True)


def test_who_kept_up_is_told_what_changed_and_who_did_not_all_that_did() -> None:
    canvas, frame = Canvas(), Frame(10, 3)
    canvas.heed(drawn(frame))
    assert set(drawings.decode(canvas.since(0)).rows) == {0, 1, 2}
    assert drawings.decode(canvas.since(1)).rows == {}
    for y in (1, 2):
        frame.text(0, y, f"row {y}")
        canvas.heed(drawn(frame, y))
    assert set(drawings.decode(canvas.since(2)).rows) == {2}
    assert set(drawings.decode(canvas.since(1)).rows) == {1, 2}


def test_another_size_is_told_whole() -> None:
    canvas = Canvas()
    canvas.heed(drawn(Frame(10, 3)))
    canvas.heed(drawn(Frame(12, 5)))
    told = drawings.decode(canvas.since(1))
    assert (told.width, told.height) == (12, 5)
    assert set(told.rows) == set(range(5))


def test_whatever_was_missed_all_see_the_same_in_the_end() -> None:
    draw = Random(7)
    canvas, frame = Canvas(), Frame(20, 8)
    pages: list[tuple[int, dict[int, list[Run]]]] = [(0, {}) for _ in range(5)]
    canvas.heed(drawn(frame))
    for number in range(200):
        y = draw.randrange(8)
        frame.text(draw.randrange(20), y, str(number), draw.choice(["", "suspect", "muted"]))
        canvas.heed(drawn(frame, y))
        for place, (seen, rows) in enumerate(pages):
            if draw.random() < 0.3 or number == 199:
                rows |= drawings.decode(canvas.since(seen)).rows
                pages[place] = (canvas.version, rows)
    whole = drawn(frame).rows
    assert all(rows == whole for _, rows in pages)


def test_rows_and_sizes_that_cannot_be_are_passed_over() -> None:
    canvas = Canvas()
    canvas.heed(Drawn(4, 1, "#000000", "", {3: [], -1: []}))
    canvas.heed(Drawn(CELLS_MAX + 1, 1, "#000000", "", {}))
    assert json.decode(canvas.since(0))["rows"] == {"0": []}
    assert canvas.version == 1
