"""`talk --words` and `talk DECK --lint`: their answers and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import masterless
from talk.deck.words import VERBS

POOR = "One\n===\n\nsome words\n"


def test_the_words_of_a_deck_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert masterless.main(["talk", "--words"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in VERBS)


def test_a_deck_is_fine_or_poor_or_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deck = tmp_path / "deck.md"
    deck.write_text(POOR)
    assert masterless.main(["talk", str(deck), "--lint"]) == 1
    assert f"{deck}:1: how long is this slide?" in capsys.readouterr().out
    deck.write_text(
        "<!--\ntalk:\n  duration: 5min\n-->\n" + POOR + "<!--\ntalk:\n  plan: 9s\n-->\n"
    )
    assert masterless.main(["talk", str(deck), "--lint"]) == 0
    assert "nothing to complain of" in capsys.readouterr().out
    deck.write_text("x\n\n```cue\nkil n4\n```\n")
    assert masterless.main(["talk", str(deck), "--lint"]) == 3
    error = capsys.readouterr().err
    assert f"{deck}:4: “kil” is no step; did you mean kill?" in error
