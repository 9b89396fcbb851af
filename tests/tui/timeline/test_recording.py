"""Files: what was written is read, from anywhere; what was cut off or damaged is told, never thrown."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.facts import Fact
from tests.tui.story import DEAD, END, KILLED, QUIET, SECOND, START, story, view_at
from tests.tui.timeline.band import STEP_US, told
from tui.fold import fold
from tui.saving import SavingError, fresh, save_tape, save_text
from tui.timeline.deck import Deck
from tui.timeline.rec import MAGIC
from tui.timeline.recording import NotARecordingError, Recording, repair
from tui.timeline.writer import Recorder, header_of
from tui.view import ClusterView

FACTS = list(story())


def recorded(
    path: Path, facts: list[Fact] = FACTS, *, ended: bool = True, behind_us: int = 0
) -> Path:
    """A file that heard these; without an end, what a crash leaves. `behind_us`: how far the
    recorder's clock is behind that of the nodes."""
    recorder = Recorder(path, "story", facts[0].at - behind_us)
    start = 0
    while start < len(facts):
        heard = facts[start].at + STEP_US
        end = start + 1
        while end < len(facts) and facts[end].at <= heard:
            end += 1
        recorder.hear(facts[start:end], heard - behind_us)
        start = end
    left = path.read_bytes()
    with recorder:
        pass
    if not ended:
        path.write_bytes(left)
    return path


@pytest.fixture
def reel(file: Path) -> Iterator[Recording]:
    with Recording(file) as reel:
        yield reel


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("rec") / "story.rec")


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("rec") / "torn.rec", ended=False)


def same_as_replay(reel: Recording, t: int) -> None:
    place = reel.place_at(t)
    assert reel.view(place) == fold(ClusterView(), FACTS[:place])
    if place:
        assert reel.fact(place)[1] <= t
    if place < reel.count:
        assert reel.fact(place + 1)[1] > t


def test_a_file_tells_everything_that_was_heard(file: Path, reel: Recording) -> None:
    assert reel.count == len(FACTS)
    assert [reel.fact(seq)[0] for seq in range(1, reel.count + 1)] == FACTS
    assert [mark.label for mark in reel.marks] == [
        "n4 killed", "n4 suspected", "n4 dead", "n4 started again", "n4 back"
    ]  # fmt: skip
    header = reel.header
    assert (header.cluster, header.v, reel.cut_off) == ("story", 1, False)
    known = header_of(view_at(QUIET), "story", QUIET)
    assert (known.n, known.source, known.created) == (3, "live", QUIET)
    assert reel.begin_us == FACTS[0].at
    assert reel.end_us == FACTS[-1].at


def test_a_file_is_for_its_owner_alone(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@settings(max_examples=20, deadline=None, derandomize=True)
@given(t=st.integers(START - SECOND, END + SECOND))
def test_a_moment_of_a_file_by_seeking_is_the_moment_by_replay(file: Path, t: int) -> None:
    with Recording(file) as reel:
        same_as_replay(reel, t)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_torn_file_shows_what_is_whole_and_is_mended(torn: Path, data: st.DataObject) -> None:
    whole = torn.read_bytes()
    size = data.draw(st.integers(20_000, len(whole)), label="bytes left")
    path = torn.with_name("cut.rec")
    path.write_bytes(whole[:size])
    t = data.draw(st.integers(START, END), label="t")
    with Recording(path) as reel:
        assert reel.cut_off
        assert [reel.fact(n)[0] for n in range(1, reel.count + 1)] == FACTS[: reel.count]
        same_as_replay(reel, t)
        place, count = reel.place_at(t), reel.count
        view = reel.view(place)
    assert "is whole again" in repair(path)
    with Recording(path) as mended:
        assert (mended.cut_off, mended.count, mended.place_at(t)) == (False, count, place)
        assert mended.view(place) == view
    assert "nothing to repair" in repair(path)


def test_a_crash_costs_no_more_than_a_quarter_of_a_second(torn: Path) -> None:
    with Recording(torn) as reel:
        assert FACTS[reel.count - 1].at >= FACTS[-1].at - 300_000


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_no_damage_is_more_than_a_sentence(file: Path, seed: int) -> None:
    """Bytes changed, cut, doubled or swapped anywhere: it opens, or says in one sentence why not."""
    random = Random(seed)
    data = bytearray(file.read_bytes())
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(data))
        match random.randrange(4):
            case 0:
                data[at] ^= 1 << random.randrange(8)
            case 1:
                del data[at:]
                data += b"\0"
            case 2:
                data[at:at] = data[max(0, at - 300) : at]
            case _:
                data[at : at + 64] = random.randbytes(64)
    path = file.with_name("damaged.rec")
    path.write_bytes(data)
    try:
        with Recording(path) as reel:
            for t in (START, KILLED, DEAD, END):
                reel.view_at(t)
            for _ in range(5):
                reel.fact(random.randrange(reel.first, reel.count) + 1)
        assert repair(path)
    except NotARecordingError as error:
        sentence = str(error)
        assert str(path) in sentence
        assert "\n" not in sentence


@pytest.mark.parametrize("what", [b"", b"hello", MAGIC, MAGIC + b"\0" * 40])
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path, what: bytes) -> None:
    path = tmp_path / "x.rec"
    path.write_bytes(what)
    with pytest.raises(NotARecordingError, match=r"nothing was recorded|does not begin like one"):
        Recording(path)


def test_the_live_buffer_is_saved_as_a_file_that_shows_the_same(tmp_path: Path) -> None:
    tape = told(story(), us=25 * SECOND)
    path = asyncio.run(save_tape(tape, tape.view(tape.count), "demo", "m", END, tmp_path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Recording(path) as reel:
        assert (reel.first, reel.count) == (tape.first, tape.count)
        assert reel.first > 0
        for t in range(tape.begin_us, END, 1_700_000):
            assert reel.view_at(t) == tape.view_at(t)
        assert [mark.label for mark in reel.marks] == [mark.label for mark in tape.marks]


def test_no_file_is_written_over_and_a_full_or_closed_directory_is_a_sentence(
    tmp_path: Path,
) -> None:
    assert [fresh("a", "svg", tmp_path).name for _ in range(3)] == ["a.svg", "a-2.svg", "a-3.svg"]
    with pytest.raises(SavingError, match="takes no file"):
        fresh("a", "svg", tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        Recorder(tmp_path / "a.svg", "x", 0)
    assert os.listdir(tmp_path)


def test_what_cannot_be_written_whole_leaves_nothing_behind(tmp_path: Path) -> None:
    tape = told(story(), us=25 * SECOND)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.raises(SavingError, match="could not be written: File too large"):
            asyncio.run(save_tape(tape, tape.view(tape.count), "demo", "m", END, tmp_path))
        with pytest.raises(SavingError, match="could not be written: File too large"):
            save_text("m", "svg", "x" * 30_000, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert os.listdir(tmp_path) == []
    assert save_text("m", "svg", "x", tmp_path).read_text() == "x"
    assert os.listdir(tmp_path) == ["m.svg"]


@pytest.mark.parametrize("ended", [True, False])
def test_the_time_line_and_the_picture_show_one_time_though_the_recorders_clock_was_wrong(
    tmp_path: Path, ended: bool
) -> None:
    years = 3 * 365 * 86_400 * SECOND
    right = recorded(tmp_path / "right.rec", ended=ended)
    wrong = recorded(tmp_path / "wrong.rec", ended=ended, behind_us=years)
    with Recording(right) as reel, Recording(wrong) as late:
        deck = Deck(late)
        for t in range(late.begin_us, late.end_us, 7 * SECOND):
            deck.seek(t, late.end_us)
            _, shown = deck.moment(ClusterView(), late.end_us)
            line = deck.line(late.end_us)
            assert line.begin <= shown <= line.end + SECOND
            assert abs(shown - t) < SECOND
        apart = [(a.t, b.t) for a, b in zip(reel.marks, late.marks, strict=True)]
        assert all(abs(a - b) < SECOND for a, b in apart)
        assert abs(reel.end_us - late.end_us) < SECOND


def test_one_node_whose_clock_is_ahead_moves_nobody_elses_time(tmp_path: Path) -> None:
    hour = 3_600 * SECOND
    ahead = [replace(f, at=f.at + hour) if f.node == "n2" else f for f in FACTS]
    path = tmp_path / "ahead.rec"
    with Recorder(path, "story", FACTS[0].at) as recorder:
        for start in range(0, len(FACTS), 100):
            heard = FACTS[start : start + 100][-1].at
            recorder.hear(ahead[start : start + 100], heard)
    with Recording(path) as reel:
        assert abs(reel.begin_us - FACTS[0].at) < SECOND
        assert abs(reel.end_us - FACTS[-1].at) < SECOND
