"""A file that is still written: it is told from one that was cut off, and is not mended under its writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.story import story
from tui.app import welcome
from tui.timeline.recording import NotARecordingError, Recording, repair
from tui.timeline.writer import Recorder

FACTS = list(story())[:3_000]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.rec"


def begun(path: Path) -> Recorder:
    """A recorder that has written some facts and goes on."""
    recorder = Recorder(path, "story", FACTS[0].at)
    recorder.hear(FACTS, FACTS[-1].at)
    return recorder


def test_a_recording_that_is_still_written_says_so_and_nobody_mends_it(path: Path) -> None:
    with begun(path):
        before = path.read_bytes()
        with Recording(path) as reel:
            assert reel.count > 0, "what is there is shown"
            assert "still being written" in welcome(reel)
            assert "--repair" not in welcome(reel)
        with pytest.raises(NotARecordingError, match="is still being written"):
            repair(path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]
    with Recording(path) as reel:
        assert (reel.count, reel.cut_off, reel.being_written) == (len(FACTS), False, False)
    assert "nothing to repair" in repair(path)


def test_a_record_that_is_half_written_is_no_damage(path: Path) -> None:
    with begun(path):
        whole = path.read_bytes()
        path.write_bytes(whole[:-7])
        with Recording(path) as reel:
            assert reel.count > 0
            assert "still being written" in welcome(reel)
        path.write_bytes(whole)
    path.write_bytes(path.read_bytes()[:-90])
    with Recording(path) as reel:
        assert "not readable" in welcome(reel), "nobody writes the rest of this one"


def test_one_that_was_cut_off_is_offered_its_mending(path: Path) -> None:
    recorder = begun(path)
    recorder.close()
    with Recording(path) as reel:
        assert "record --repair mends the file" in welcome(reel)
    assert "is whole again" in repair(path)


def test_a_recording_without_a_word_yet_is_not_called_damaged(path: Path) -> None:
    recorder = Recorder(path, "story", FACTS[0].at)
    with pytest.raises(NotARecordingError, match="still being written, and there is nothing"):
        Recording(path)
    recorder.close()


def test_many_may_read_a_recording_at_once(path: Path) -> None:
    with begun(path):
        pass
    with Recording(path) as one, Recording(path) as other:
        assert (one.being_written, other.being_written) == (False, False)


def test_a_recorder_knows_what_became_of_its_files_name(path: Path) -> None:
    recorder = begun(path)
    assert recorder.standing == ""
    path.rename(path.with_name("y.rec"))
    assert recorder.standing == "moved"
    path.write_bytes(b"another file")
    assert recorder.standing == "moved"
    path.with_name("y.rec").unlink()
    assert recorder.standing == "replaced"
    path.unlink()
    assert recorder.standing == "removed"
    recorder.close()
    path.write_bytes(b"another file")
    assert recorder.standing == "removed", "what comes after the end is somebody else's business"
