"""The words `record` and `replay`: what is wrong with a call is one sentence."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

import masterless
from tests.tui.story import story
from tests.tui.timeline.test_recording import recorded


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    try:
        code = masterless.main(list(words))
    except SystemExit as end:
        code = int(end.code or 0)
    out = capsys.readouterr()
    return code, out.out + out.err


def test_wrong_calls_are_told_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.rec"
    there.write_bytes(b"x")
    calls = [
        (("record",), 2, "record needs a node's ADDRESS and a FILE.rec"),
        (("record", "127.0.0.1:1", str(there)), 2, "is there already: choose another name"),
        (("record", "127.0.0.1:1", str(tmp_path / "new.rec")), 3, "no node answers"),
        (("record", "127.0.0.1:1", "--repair", str(there)), 2, "takes one file and no address"),
        (("record", "--repair", str(there)), 1, "is no recording"),
        (("record", "--repair", str(tmp_path / "none")), 1, "No such file"),
        (("replay", str(there)), 1, "is no recording"),
        (("replay", str(tmp_path / "none")), 1, "No such file"),
        (("replay", str(tmp_path)), 1, "Is a directory"),
        (("demo", "--host", "0.0.0.0"), 2, "--host says for whom a page is: add --serve PORT"),
    ]
    for words, code, sentence in calls:
        ended, text = said(capsys, *words)
        assert (ended, sentence in text) == (code, True), (words, text)
        assert text.count("\n") == 1


def test_options_may_stand_between_the_address_and_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.rec"
    there.write_bytes(b"x")
    code, text = said(capsys, "record", "127.0.0.1:1", "--for", "3", str(there))
    assert (code, "is there already" in text) == (2, True), text


def test_a_cut_off_file_is_mended_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path / "a.rec", list(story()[:3_000]), ended=False)
    assert said(capsys, "record", "--repair", str(path))[1].startswith(f"{path} is whole again")
    assert "nothing to repair" in said(capsys, "record", "--repair", str(path))[1]


def test_a_recording_is_not_shown_where_nobody_could_see_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path / "a.rec", list(story()[:3_000]))
    code, text = said(capsys, "replay", str(path))
    assert (code, text.count("\n")) == (2, 1)
    assert "nobody could see a dashboard here; --serve PORT shows it" in text


def test_a_full_disk_leaves_the_file_and_says_where_room_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path / "a.rec", list(story()[:3_000]), ended=False)
    before = path.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limit[1]))
    try:
        code, text = said(capsys, "record", "--repair", str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert (code, text.count("\n")) == (1, 1)
    assert f"{path} is as it was: File too large" in text
    assert f"MB into {tmp_path}: make room there, or copy" in text
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
