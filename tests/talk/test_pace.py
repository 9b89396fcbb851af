"""How long slides usually take: kept beside the deck, medians of the newest, damage said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from talk.deck.deck import Deck, Slide
from talk.pace import TELLINGS_MAX, UNKNOWN, PaceError, Telling, file_of, keep, known, names

SLIDES = (Slide(1, "One"), Slide(2, "Two"), Slide(3, "One"), Slide(4))


def deck(folder: Path) -> Deck:
    return Deck("a talk", SLIDES, path=str(folder / "talk.md"))


def test_a_deck_that_was_never_told_has_no_pace(tmp_path: Path) -> None:
    assert known(deck(tmp_path)) == UNKNOWN
    assert UNKNOWN.usual("One") is None
    assert UNKNOWN.waits("a claim") == ()


def test_what_is_kept_is_known_again_and_the_median_counts(tmp_path: Path) -> None:
    for seconds in (10.0, 90.0, 20.0):
        path = keep(deck(tmp_path), Telling({"One": seconds}, {"a claim": seconds / 10}))
    assert path == tmp_path / "talk.pace.json"
    pace = known(deck(tmp_path))
    assert pace.usual("One") == 20.0
    assert pace.usual("Two") is None
    assert pace.waits("a claim", 2) == (9.0, 2.0)
    assert [file.name for file in tmp_path.iterdir()] == ["talk.pace.json"]


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for number in range(TELLINGS_MAX + 5):
        keep(deck(tmp_path), Telling({"One": float(number)}))
    tellings = known(deck(tmp_path)).tellings
    assert len(tellings) == TELLINGS_MAX
    assert tellings[-1].slides == {"One": TELLINGS_MAX + 4.0}


def test_two_slides_of_one_title_are_told_apart() -> None:
    assert names(SLIDES) == ["One", "Two", "One (2)", "(no title)"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"tellings": 3}', '{"tellings": [{"slides": []}]}']
)
def test_a_damaged_file_is_named_and_not_written_over(tmp_path: Path, text: str) -> None:
    path = file_of(deck(tmp_path))
    path.write_text(text)
    with pytest.raises(PaceError, match=r"talk\.pace\.json"):
        known(deck(tmp_path))
    with pytest.raises(PaceError):
        keep(deck(tmp_path), Telling())
    assert path.read_text() == text


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    gone = replace(deck(tmp_path), path=str(tmp_path / "gone" / "talk.md"))
    with pytest.raises(PaceError, match="cannot be written"):
        keep(gone, Telling())
