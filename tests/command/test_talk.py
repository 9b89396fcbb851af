"""`talk --words` and `talk DECK --lint`: their answers and exit codes."""

from __future__ import annotations

import os
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
    whole = rec.read_bytes()
    rec.write_bytes(whole[:-100])
    masterless.main(["talk", str(deck), "--check", "--from", str(rec)])
    said = capsys.readouterr().err
    assert f"{rec}: it was cut off" in said
    assert "--rehearse FILE.rec records the talk anew" in said
    deck.write_text(TALK.replace("A death", "Another talk"))
    assert masterless.main(["talk", str(deck), "--check", "--from", str(rec)]) == 1
    assert "is a rehearsal of another deck" in capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and the sentence of a call that is refused before anything runs."""
    code = masterless.main(["talk", *words])
    said = capsys.readouterr()
    assert said.out == "", "nothing has begun"
    return code, said.err.strip()


def test_files_that_could_not_be_written_in_the_end_are_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deck, there = tmp_path / "deck.md", tmp_path / "there.rec"
    deck.write_text(TALK)
    there.write_bytes(b"kept")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    missing, fine = str(tmp_path / "none" / "x"), str(tmp_path / "fine")
    for words, sentence in (
        (("--json", missing), "cannot be written: No such file or directory; name another"),
        (("--junit", str(tmp_path)), "cannot be written: Is a directory; name another"),
        (("--export", missing), "cannot be written"),
        (("--rehearse", missing), "cannot be written"),
        (("--rehearse", str(there)), "is there already: choose another name"),
        (("--json", str(pipe)), "is a pipe or a socket: name a file"),
        (("--export", str(deck)), "would overwrite the deck's"),
        (("--json", fine, "--junit", fine), "would overwrite what --json writes"),
        (("--from", str(there), "--json", str(there)), "would overwrite the recording"),
    ):
        code, said = refused(capsys, str(deck), "--check", *words)
        assert code in (1, 2)
        assert sentence in said
        assert "\n" not in said
    assert there.read_bytes() == b"kept"
    assert deck.read_text() == TALK
    assert not Path(fine).exists(), "what was tried leaves nothing behind"


def test_options_that_would_be_passed_over_say_what_they_belong_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words, sentence in (
        (("--notes", "99999"), "--notes: 99999 is not a port from 0 to 65535"),
        (("--notes", "9" * 5_000), "is not a port from 0 to 65535"),
        (("--notes-host", "0.0.0.0"), "add --notes PORT"),
        (("--notes", "http://127.0.0.1:1/notes", "--notes-host", "0.0.0.0"), "add --notes PORT"),
        (("--with-notes", "--check"), "add --export FILE.html"),
        (("--serve-host", "0.0.0.0"), "add --serve PORT"),
        (("--serve", "0", "--check"), "--serve is for the stage"),
        (("--serve", "0"), "the stage needs a terminal"),
    ):
        code, said = refused(capsys, *words)
        assert code == 2
        assert sentence in said
