"""Damaged files: every whole record is kept, what is lost is counted, and nothing is thrown away."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from cluster.model.facts import Fact, FactsLost
from cluster.model.member import NodeId
from tests.tui.story import DEAD, END, story
from tests.tui.timeline.test_recording import recorded
from tui.fold import fold
from tui.timeline.cutter import Chunk, Kept
from tui.timeline.rec import HEAD, MAGIC
from tui.timeline.recording import NO_VIEW, NotARecordingError, Recording, repair
from tui.timeline.salvage import Records, survey
from tui.view import ClusterView

FACTS = list(story())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return recorded(tmp_path_factory.mktemp("rec") / "story.rec").read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.rec"


def parts(whole: bytes, path: Path) -> list[tuple[str, int, int, int]]:
    """Type, offset, bytes and facts of each record of an undamaged file."""
    path.write_bytes(whole)
    with path.open("rb") as file:
        records = Records(file)
        offset, found = len(MAGIC), list[tuple[str, int, int, int]]()
        while offset < records.size - len(MAGIC):
            kind, body, after = records.record(offset)
            count = body.count if isinstance(body, Chunk) else 0
            found.append((kind, offset, after - offset, count))
            offset = after
    return found


def flipped(whole: bytes, *offsets: int) -> bytes:
    data = bytearray(whole)
    for offset in offsets:
        data[offset] ^= 0x10
    return bytes(data)


def told(path: Path) -> list[Fact]:
    """All facts of a file but those that stand for what is missing."""
    with Recording(path) as reel:
        facts = [reel.fact(seq)[0] for seq in range(reel.first + 1, reel.count + 1)]
    return [fact for fact in facts if not isinstance(fact.payload, FactsLost)]


def test_a_hole_in_the_middle_costs_its_own_facts_and_no_others(whole: bytes, path: Path) -> None:
    chunks = [part for part in parts(whole, path) if part[0] == "E"]
    _, offset, size, count = chunks[len(chunks) // 2]
    before = sum(part[3] for part in chunks[: len(chunks) // 2])
    damaged = whole[:offset] + b"\0" * size + whole[offset + size :]
    path.write_bytes(damaged)
    left = FACTS[:before] + FACTS[before + count :]
    with Recording(path) as reel:
        assert f"{size:,} bytes in one place are not readable" in reel.trouble
        assert f"{count:,} facts are missing" in reel.trouble
        assert reel.view(before) == fold(ClusterView(), FACTS[:before])
        assert reel.view(before + 1).lost == count, "the gap is told where it is"
        assert not reel.cut_off
    assert told(path) == left
    said = repair(path)
    assert f"{len(left):,} facts are kept" in said
    assert f"{count:,} facts are missing" in said
    assert path.with_name("x.rec.damaged").read_bytes() == damaged, "the original is not lost"
    assert told(path) == left
    assert "nothing to repair" in repair(path)


def test_damage_in_a_view_is_damage_and_costs_no_fact(whole: bytes, path: Path) -> None:
    view = [part for part in parts(whole, path) if part[0] == "S"][1]
    path.write_bytes(flipped(whole, view[1] + view[2] // 2))
    assert f"{len(FACTS):,} facts are kept; {view[2]:,} bytes in one place" in repair(path)
    assert told(path) == FACTS
    with Recording(path) as reel:
        assert reel.view_at(DEAD) == fold(ClusterView(), FACTS[: reel.place_at(DEAD)])


def test_a_file_appended_to_itself_is_kept_once(whole: bytes, path: Path) -> None:
    path.write_bytes(whole + whole)
    assert f"{len(FACTS):,} facts were in it twice" in repair(path)
    assert told(path) == FACTS
    with Recording(path) as reel:
        assert [mark.label for mark in reel.marks] == [
            "n4 killed", "n4 suspected", "n4 dead", "n4 started again", "n4 back"
        ]  # fmt: skip


def test_a_second_repair_keeps_a_second_copy(whole: bytes, path: Path) -> None:
    for name in ("x.rec.damaged", "x.rec.damaged-2"):
        path.write_bytes(whole + b"rubbish")
        assert name in repair(path)
        assert path.with_name(name).read_bytes() == whole + b"rubbish"
    assert {each.name for each in path.parent.iterdir()} == {
        "x.rec", "x.rec.damaged", "x.rec.damaged-2"
    }  # fmt: skip


def test_without_its_first_view_a_file_begins_with_the_next_one(whole: bytes, path: Path) -> None:
    found = parts(whole, path)
    views = [part for part in found if part[0] == "S"]
    chunk = next(part for part in found if part[0] == "E")
    path.write_bytes(flipped(whole, views[0][1] + 20, chunk[1] + 20))
    with Recording(path) as reel, path.open("rb") as file:
        _, body, _ = Records(file).record(views[1][1])
        assert isinstance(body, Kept)
        assert reel.begin_us == body.t
        assert "come before any whole view" in reel.trouble
        assert reel.view(reel.first).nodes.keys() == fold(ClusterView(), FACTS).nodes.keys()
        assert reel.view_at(END).nodes[NodeId("n4")].ring is not None


def test_without_any_view_it_is_said_in_one_sentence(whole: bytes, path: Path) -> None:
    found = parts(whole, path)
    path.write_bytes(flipped(whole, *(part[1] + 20 for part in found if part[0] == "S")))
    with Recording(path) as reel:
        assert reel.trouble.startswith(NO_VIEW)
        assert "\n" not in reel.trouble


def test_a_damaged_header_costs_only_itself(whole: bytes, path: Path) -> None:
    path.write_bytes(flipped(whole, len(MAGIC) + HEAD.size + 3))
    assert f"{len(FACTS):,} facts are kept" in repair(path)
    assert told(path) == FACTS


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_damaged_every_whole_chunk_is_kept(whole: bytes, path: Path, seed: int) -> None:
    random = Random(seed)
    found = parts(whole, path)
    hurt = sorted(
        {random.randrange(len(MAGIC), len(whole)) for _ in range(random.randrange(1, 40))}
    )
    path.write_bytes(flipped(whole, *hurt))
    kept = sum(
        count
        for _, offset, size, count in found
        if not any(offset <= place < offset + size for place in hurt)
    )
    with path.open("rb") as file:
        assert survey(Records(file)).facts == kept
    try:
        said = repair(path)
    except NotARecordingError:
        assert not kept
    else:
        assert f"{kept:,} facts are kept" in said
        with path.open("rb") as file:
            mended = survey(Records(file))
        assert (mended.sound, mended.ended) == (True, True)
