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


TALK = """\
A death
===

```live
nodes
```
```cue
start nodes=2 answers=20
on enter as die
kill n2
wait believing-dead n2 = all within 20s
```
```claim
it is seen: believing-dead n2 = all within 20s of die
```
"""


def test_a_deck_is_checked_recorded_exported_and_told_again_from_the_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deck, rec = tmp_path / "deck.md", tmp_path / "x.rec"
    deck.write_text(TALK)
    files = {name: tmp_path / f"x.{name}" for name in ("html", "xml", "json")}
    asked = ["--rehearse", str(rec), "--export", str(files["html"])]
    asked += ["--junit", str(files["xml"]), "--json", str(files["json"])]
    assert masterless.main(["talk", str(deck), "--check", *asked]) == 0
    said = capsys.readouterr().out
    assert "1 of 1 claims held, on simulated nodes" in said
    assert f"{rec}: " in said
    assert all(path.stat().st_size > 200 for path in files.values())
    assert masterless.main(["talk", str(deck), "--check", "--from", str(rec)]) == 0
    assert "1 of 1 claims held, on a recording" in capsys.readouterr().out
    assert masterless.main(["talk", str(deck), "--check", "--rehearse", str(rec)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert masterless.main(["talk", str(deck), "--check", "--from", str(deck)]) == 1
    assert "is no recording" in capsys.readouterr().err
