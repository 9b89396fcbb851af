"""A rehearsal, and the same talk told from its recording: the same slides, the same claims, no cluster."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import msgspec
import pytest

from cluster.config import SECOND
from cluster.model.member import NodeId
from talk.checking import Report, check
from talk.deck.deck import Act, Deck, Need
from talk.grounds.ground import GroundError
from talk.grounds.recorded import RecordedGround, open_recording
from talk.grounds.simulated import SimGround
from talk.grounds.visits import visits
from talk.pace import names
from talk.rehearsal import KIND, Rehearsal, beside
from talk.report import troubles
from talk.stage.performance import Performance
from tests.talk.telling import GOOD, read, tell
from tui.timeline.recording import Recording

TWO = (
    GOOD
    + """\
<!-- end_slide -->

Another cluster
===

```live
nodes
```
```cue
start nodes=2 answers=40
on key as write
put 50
audit
```
```claim
all are there: lost = 0 at end
answers came: answers >= 30 at end
```
<!-- end_slide -->

A pair
===

```live
pair modulo
```
```cue
on enter
play modulo
```
```claim
pair modulo
```
"""
)


async def rehearse(deck: Deck, path: Path) -> Report:
    ground = SimGround(1)
    with Rehearsal(path, deck, ground.now) as rehearsal:
        return await tell(deck, ground, rehearsal)


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    path = tmp_path_factory.mktemp("rehearsal") / "road.rec"
    return path, asyncio.run(rehearse(read(TWO), path))


async def test_the_same_deck_from_its_recording_holds_the_same_claims(
    made: tuple[Path, Report],
) -> None:
    path, told = made
    assert told.code == 0, troubles(told, "again")
    deck = read(TWO)
    replayed = await tell(deck, open_recording(path, deck, real=False))
    assert replayed.code == 0, troubles(replayed, "again")
    assert replayed.ground == "a recording"
    assert [s.slide.number for s in replayed.slides] == [s.slide.number for s in told.slides]
    for before, after in zip(told.slides, replayed.slides, strict=True):
        assert [(j.text, j.state) for j in after.judgements] == [
            (j.text, j.state) for j in before.judgements
        ]
        assert [run.state for run in after.runs] == [run.state for run in before.runs]
    measured = {j.text: j.measured for j in told.claims}
    for judgement in replayed.claims:
        first = measured[judgement.text]
        assert first is not None
        assert judgement.measured is not None
        assert judgement.measured.of_what == first.of_what
        if judgement.claim.pair or judgement.claim.when == "at":
            assert judgement.measured.value == first.value, judgement.text


def test_a_rehearsal_tells_of_each_slide_when_it_was_on_and_what_was_done(
    made: tuple[Path, Report],
) -> None:
    path, told = made
    with Recording(path) as recording:
        assert recording.header.source == "talk"
        found = visits(recording.marks)
        views = [recording.view(visit.end_seq) for visit in found]
    assert [visit.name for visit in found] == names(read(TWO).slides)
    deeds = [[deed.label for deed in visit.deeds] for visit in found]
    assert deeds == [[], ["kill n3"], ["start n3"], [], ["put 50", "audit"], ["play modulo"]]
    assert all(deed.done_t >= deed.t for visit in found for deed in visit.deeds)
    ends = [(visit.t, visit.end_t) for visit in found]
    assert all(a <= b for a, b in ends)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ends))
    took = {slide.slide.title: slide.took_us for slide in told.slides}
    for visit in found[1:]:
        assert abs(visit.end_t - visit.t - took[visit.name]) <= SECOND // 10
    assert sorted(views[1].nodes) == ["n1", "n2", "n3"]
    assert sorted(views[4].nodes) == ["n1", "n2"], "another cluster begins with nothing"
    assert found[4].later > 0, "both worlds began at the same moment"


async def test_time_stands_in_front_of_an_act_until_a_cue_asks_for_it(
    made: tuple[Path, Report],
) -> None:
    deck = read(TWO)
    ground = open_recording(made[0], deck, real=False)
    await ground.prepare(Need(), fresh=False, tell=print, slide=2)
    await ground.pass_time(60 * SECOND)
    brink = ground.now
    before = len(ground.take())
    await ground.pass_time(60 * SECOND)
    assert (ground.now, ground.take()) == (brink, [])
    assert ground.beginning().nodes[NodeId("n3")].process == "running"
    done = await ground.perform(Act("kill", ("n3",)), print)
    assert done.said == "kill n3, as recorded"
    await ground.pass_time(SECOND)
    facts = ground.take()
    assert len(facts) > before
    assert all(fact.at <= ground.now for fact in facts)
    with pytest.raises(GroundError, match="nobody did “kill n1” here"):
        await ground.perform(Act("kill", ("n1",)), print)
    await ground.stop()


async def test_at_the_walls_pace_it_goes_on_by_itself(made: tuple[Path, Report]) -> None:
    deck = read(TWO)
    clock = iter(range(0, 10**15, 10**8))  # a tenth of a second passes with every look
    whole = Recording(made[0])
    ground = RecordedGround(whole, deck, {}, clock_ns=lambda: next(clock))
    ground.seek(3)
    began = ground.now
    for look in range(1, 4):
        ground.take()
        assert ground.now <= began + look * SECOND // 10
    assert ground.label() == "recorded, simulated"
    await ground.stop()


ASLEEP = """\
Two seconds
===

```cue
start nodes=2 answers=40
on key
kill n2
sleep 2s
start n2
sleep 1s
```
"""


async def test_who_falls_asleep_later_than_at_the_rehearsal_still_comes_to_the_next_act(
    tmp_path: Path,
) -> None:
    deck, path = read(ASLEEP), tmp_path / "asleep.rec"
    assert (await rehearse(deck, path)).code == 0
    clock = iter(range(0, 10**15, 2 * 10**8))  # with every look a fifth of a second passes
    ground = RecordedGround(Recording(path), deck, {}, clock_ns=lambda: next(clock))
    told = Performance(deck, ground)
    told.go(0)
    await told.settled()
    told.forward()
    for _ in range(100):
        await told.settled()
        told.tick()
    (run,) = told.director.runs
    assert run.state == "done", run.step
    assert ground.stands == ""
    await told.stop()


async def test_an_edited_deck_finds_its_slides_by_their_titles(made: tuple[Path, Report]) -> None:
    swapped = read(TWO.replace("Words alone\n===", "Other words\n===", 1))
    said: dict[str, str] = {}
    ground = open_recording(made[0], swapped, real=False)
    report = await check(swapped, ground, lambda s: said.update({s.slide.title: s.stuck}))
    assert said["Other words"].startswith("no cluster: the recording has no slide “Other words”")
    assert said["It comes back"] == ""
    assert report.code == 2
    assert all(j.state == "held" for j in report.claims)


async def test_of_several_visits_the_one_in_which_most_was_done_is_shown(tmp_path: Path) -> None:
    path, deck = tmp_path / "twice.rec", read(GOOD)
    ground = SimGround(1)
    with Rehearsal(path, deck, ground.now) as rehearsal:
        await check(deck, ground, lambda _slide: None, listeners=[rehearsal])
        rehearsal.marked("slide 2", ground.now)
        rehearsal.marked("slide 3", ground.now)
    recorded = open_recording(path, deck, real=False)
    recorded.seek(2)
    recorded.skip(Act("kill", ("n3",)))
    await recorded.stop()


async def test_a_rehearsal_that_was_cut_off_is_shown_as_far_as_it_goes(
    made: tuple[Path, Report], tmp_path: Path
) -> None:
    path = tmp_path / "cut.rec"
    data = made[0].read_bytes()
    path.write_bytes(data[: len(data) // 3])
    deck = read(TWO)
    ground = open_recording(path, deck, real=False)
    report = await tell(deck, ground)
    assert report.slides[1].judgements, "its beginning is there"
    assert report.code > 0
    said = "\n".join(troubles(report, "again"))
    assert "the recording has no slide “A pair”" in said


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is no recording: it does not begin like one"),
        (b"# A deck\n", "is no recording"),
        (b"\x89TREC1\r\n", "is cut off before its first record"),
    ],
)
def test_a_file_that_is_none_is_refused_with_one_sentence(
    tmp_path: Path, data: bytes, sentence: str
) -> None:
    path = tmp_path / "x.rec"
    path.write_bytes(data)
    with pytest.raises(GroundError, match=sentence) as caught:
        open_recording(path, read(GOOD))
    assert "\n" not in str(caught.value)


def test_what_is_missing_beside_it_or_damaged_is_said(
    made: tuple[Path, Report], tmp_path: Path
) -> None:
    deck = read(TWO)
    with pytest.raises(GroundError, match="No such file"):
        open_recording(tmp_path / "none.rec", deck)
    path = tmp_path / "x.rec"
    path.write_bytes(made[0].read_bytes())
    open_recording(path, deck).recording.close()
    beside(path).write_bytes(b"[1, 2")
    with pytest.raises(GroundError, match="does not hold the records of pairs"):
        open_recording(path, deck)


def test_a_recording_of_a_cluster_is_no_rehearsal(
    made: tuple[Path, Report], tmp_path: Path
) -> None:
    from tui.timeline.writer import Recorder

    with Recording(made[0]) as recording:
        facts = recording.between(0, 50)
    path = tmp_path / "cluster.rec"
    with Recorder(path, "a cluster", facts[0].at) as recorder:
        recorder.hear(facts, facts[-1].at)
    with pytest.raises(GroundError, match="is no rehearsal of a talk"):
        open_recording(path, read(TWO))


def test_how_long_slides_and_claims_took_is_told(tmp_path: Path) -> None:
    seconds = iter(range(1_000))
    deck = read(GOOD)

    async def rehearse() -> Rehearsal:
        ground = SimGround(1)
        path = tmp_path / "a.rec"
        with Rehearsal(path, deck, ground.now, lambda: float(next(seconds))) as rehearsal:
            await tell(deck, ground, rehearsal)
            return rehearsal

    telling = asyncio.run(rehearse()).telling
    assert set(telling.slides) == set(names(deck.slides))
    assert all(took > 0 for took in telling.slides.values())
    assert set(telling.claims) == {"n3 is missed", "all are one again"}
    assert 0.1 < telling.claims["n3 is missed"] < 20


def test_records_of_pairs_stand_beside_the_file(made: tuple[Path, Report]) -> None:
    assert set(msgspec.json.decode(beside(made[0]).read_bytes())) == {"modulo"}
    with Recording(made[0]) as recording:
        assert max(len(note.label) for note in recording.marks if note.kind == KIND) < 200
