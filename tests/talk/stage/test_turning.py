"""When a cue is late, or the presenter asks for it, the talk goes on from the recording at the same moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cluster.config import MS, SECOND
from talk.deck.deck import Act
from talk.grounds.ground import Done, GroundError, Tell
from talk.grounds.recorded import open_recording
from talk.grounds.simulated import SimGround
from talk.rehearsal import Rehearsal
from talk.stage.performance import Performance
from tests.talk.telling import GOOD, read, tell

DECK = read(
    GOOD.replace("within 20s\n```\n```claim\nn3", "within 20s else fallback\n```\n```claim\nn3")
)


@pytest.fixture(name="path", scope="module")
def _path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("turning") / "road.rec"

    async def rehearse() -> None:
        ground = SimGround(1)
        with Rehearsal(path, DECK, ground.now) as rehearsal:
            await tell(DECK, ground, rehearsal)

    asyncio.run(rehearse())
    return path


class Lame(SimGround):
    """A cluster to which nothing happens, whatever is done."""

    async def perform(self, act: Act, tell: Tell) -> Done:
        return Done(f"did not really {act.verb}")


async def on(path: Path, ground: SimGround) -> Performance:
    """At the second slide, n3 just killed."""
    told = Performance(DECK, ground)
    told.recording = open_recording(path, DECK, real=False)
    told.go(1)
    await told.settled()
    told.tick()
    told.forward()
    told.forward()
    await told.settled()
    told.tick()
    assert told.director.runs[0].at == 1
    return told


async def play(told: Performance, us: int) -> None:
    """Let time pass."""
    for _ in range(us // (50 * MS)):
        await told.settled()
        await told.ground.pass_time(50 * MS)
        told.tick()


async def test_at_a_key_the_recording_goes_on_where_the_slide_is(path: Path) -> None:
    told = await on(path, SimGround(7))
    step = told.director.step
    assert told.turn()
    assert told.ground.label() == "recorded, simulated"
    assert told.director.slide.number == 2
    assert told.director.step == step
    assert told.director.runs[0].state == "waiting"
    await play(told, 8 * SECOND)
    assert told.director.caption == "Somebody noticed."
    told.forward()
    await play(told, 20 * SECOND)
    assert told.director.runs[0].state == "done"
    told.forward()
    await told.settled()
    assert told.director.slide.number == 3
    assert told.shown[-1].place == 1
    assert [j.state for j in told.shown[-1].judgements] == ["held", "held", "held"]
    await play(told, 10 * SECOND)
    assert [j.state for j in told.judgements] == ["held"]
    await told.stop()


async def test_a_cue_that_is_late_turns_to_it_by_itself_where_the_deck_says_so(path: Path) -> None:
    told = await on(path, Lame(1))
    await play(told, 6 * SECOND)
    assert told.director.runs[0].state == "late", "this wait does not name the recording"
    assert told.ground.makes
    for _ in range(2):
        told.forward()
    told.again()
    await told.settled()
    told.tick()
    for _ in range(2):
        told.forward()
    await told.settled()
    told.tick()
    assert told.turn()
    assert told.turn(), "and back again"
    assert told.ground.makes
    assert told.director.preparing
    await told.stop()


async def test_the_wait_that_names_it_falls_back_to_it(path: Path) -> None:
    text = GOOD.replace("n3 >= 1 within 5s", "n3 >= 1 within 5s else fallback")
    told = Performance(read(text), Lame(1))
    told.recording = open_recording(path, told.deck, real=False)
    told.go(1)
    await told.settled()
    told.tick()
    told.forward()
    told.forward()
    await told.settled()
    told.tick()
    await play(told, 5 * SECOND + 100 * MS)
    assert not told.ground.makes
    assert told.ground.label() == "recorded, simulated"
    assert told.director.runs[0].state in ("waiting", "holding")
    await play(told, 8 * SECOND)
    assert told.director.runs[0].state == "holding"
    await told.stop()


async def test_back_on_the_cluster_the_slide_begins_anew(path: Path) -> None:
    told = await on(path, SimGround(3))
    told.turn()
    told.turn()
    await told.settled()
    told.tick()
    assert told.ground.label() == "simulated, 3 nodes"
    assert told.director.step == 0
    assert told.director.runs[0].state == "pending"
    assert len(told.view.nodes) == 3
    await told.stop()


async def test_a_cluster_that_cannot_be_made_is_no_reason_to_stop(path: Path) -> None:
    class Broken(SimGround):
        async def prepare(self, *_: object, **__: object) -> bool:  # type: ignore[override]
            raise GroundError("there is no memory left")

    told = Performance(DECK, Broken(1))
    told.recording = open_recording(path, DECK, real=False)
    told.go(1)
    await told.settled()
    assert not told.ground.makes
    told.tick()
    assert len(told.view.nodes) == 3
    await told.stop()


async def test_without_a_recording_it_is_said(path: Path) -> None:
    told = Performance(DECK, SimGround(1))
    assert not told.turn()
    assert "there is no recording of this talk" in told.director.notice
    await told.stop()
    alone = Performance(DECK, open_recording(path, DECK, real=False))
    assert not alone.turn()
    assert alone.director.notice == "there is only the recording"
    await alone.stop()
