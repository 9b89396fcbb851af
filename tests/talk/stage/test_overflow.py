"""What the audience would miss at a size is found by painting; what it sees is not complained of."""

from __future__ import annotations

import pytest

from talk.stage.overflow import overflowing
from tests.talk.deck.writing import fenced, read

TITLE = "T\n===\n\n"


def said(text: str) -> list[tuple[int, str]]:
    return [(found.line, found.sentence) for found in overflowing(read(text))]


@pytest.mark.parametrize(
    "text",
    [
        TITLE + "- a few\n- words\n",
        TITLE + "one\n\n" + fenced("live", "matrix") + fenced("claim", "agree: views = 1 always"),
        TITLE + fenced("live", "events") + fenced("cue", 'say "short"'),
        TITLE + fenced("live", "home"),
        "One\n===\ntwo\n---\nwords\n",
        "<!-- jump_to_middle -->\nOne\n===\ntwo\n---\nwords\n",
        TITLE + "above\n\n<!-- column_layout: [3, 2] -->\n<!-- column: 0 -->\nleft\n"
        "<!-- column: 1 -->\nright\n<!-- reset_layout -->\nbelow\n",
        TITLE + "| " + "some words " * 9 + " | " + "and more " * 9 + "|\n|---|---|\n| 1 | 2 |\n",
    ],
)
def test_what_fits_is_not_complained_of(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("T" * 75 + "\n===\n", 1, "the title is cut, from"),
        (TITLE + fenced("code", "x = 1" + " " * 80 + "y"), 4, "this code is cut, from “y” on"),
        (TITLE + "x" * 90, 4, "this text is cut"),
        (TITLE + "\n\n".join(f"line{n}" for n in range(12)), 22, "from “line9” on, at 80x24"),
        (TITLE + "- word\n" * 12 + "\n" + fenced("live", "events"), 13, "this item is cut"),
        (TITLE + fenced("claim", "word " * 17 + "last: views = 1 always"), 5, "this claim is cut"),
        (TITLE + fenced("cue", 'say "' + "word " * 40 + 'last"'), 5, "this caption is cut"),
        (
            "One\n===\n" + "two" * 30 + "\n---\nx\n",
            1,
            "the subtitle is cut",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_its_line_and_the_size(
    text: str, line: int, what: str
) -> None:
    found = said(text)
    assert any(at == line and what in sentence for at, sentence in found), found
    assert all(sentence.endswith(("at 80x24", "at 120x36")) for _, sentence in found)


def test_a_picture_that_words_leave_no_rows_to_is_complained_of() -> None:
    claims = "\n".join(
        f"claim number {n} is one that takes two rows, or so it seems: views = 1 always"
        for n in range(5)
    )
    found = said(TITLE + "- a\n" * 7 + "\n" + fenced("live", "events") + fenced("claim", claims))
    assert any(
        "events has too few rows" in sentence and "80x24" in sentence for _, sentence in found
    )


def test_each_picture_of_a_slide_and_each_caption_is_tried() -> None:
    cue = 'show events\nsay "short"\nhold\nsay "' + "long " * 60 + 'end"'
    found = said(TITLE + fenced("live", "matrix") + fenced("cue", cue))
    assert {line for line, _ in found} == {4 + 3 + 4}
