"""Thousands of random keys, clicks, turns of the wheel and resizes, over an incident and over a world."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from cluster.config import SECOND
from cluster.sim.watch.orders import Act, Play, Setup
from cluster.sim.watch.watched import Watched
from tests.tui.driving.monkey import Kept, play
from tests.tui.test_app import COLOUR, see_text
from tui.acts import Hands
from tui.dashboard import Options, Recorded, Source, Take
from tui.sources.sim import SimHands, SimSource
from tui.timeline.recording import Recording
from tui.timeline.writer import Recorder

FEW, MANY = 600, 5_000
SLICE_US = SECOND // 10
ACTS = {
    60: Act("kill", "n4"),
    130: Act("start", "n4"),
    170: Act("isolate", "n2"),
    200: Act("isolate", "n2"),
    230: Act("pause", "n1"),
    250: Act("pause", "n1"),
}
"""By tenths of a second."""
WHOLE = 280
STARTS_WITHIN = 300
"""Tenths of a second."""


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a simulated cluster: a kill, a return, a cut, a pause."""
    path = tmp_path_factory.mktemp("fuzz") / "incident.rec"
    watched = Watched(Setup(11, 5))
    world = watched.world
    facts = watched.take()
    start = facts[0].at if facts else 0
    with Recorder(path, "sim", start, "sim") as recorder:
        recorder.hear(facts, start)
        for tenth in range(WHOLE):
            if tenth in ACTS:
                watched.act(ACTS[tenth])
            until = world.now + SLICE_US
            while not watched.play(Play(until, 10 * SECOND)):
                recorder.hear(watched.take(), world.now)
            recorder.hear(watched.take(), world.now)
    return path


def seed() -> int:
    """Another one with FUZZ_SEED."""
    return int(os.environ.get("FUZZ_SEED", "1"))


async def over_the_incident(path: Path, number: int, times: int) -> None:
    async def nothing(_take: Take) -> tuple[Source, None]:
        return Recorded(()), None

    said = f"FUZZ_SEED={number} over the incident"
    print(said)
    with Recording(path) as reel:
        app = Kept(
            nothing, Options(title="fuzz"), now=lambda _: reel.end_us, reel=reel, environ=COLOUR
        )
        async with app.run_test(size=(120, 36)) as pilot:
            await see_text(pilot, "fuzz / home")
            await play(pilot, Random(number), times, said)


async def over_a_world(number: int, times: int) -> None:
    source = SimSource(Setup(number, 5), 8.0)

    async def begin(_take: Take) -> tuple[Source, Hands]:
        return source, SimHands(source)

    said = f"FUZZ_SEED={number} over a world"
    print(said)
    app = Kept(
        begin, Options(title="sim"), now=lambda view: max(source.now, view.at), clockwork=source,
        environ=COLOUR,
    )  # fmt: skip
    source.on_again = app.begin_again
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            for _ in range(STARTS_WITHIN):  # a process has to come up first
                if app.view.nodes and not app.facts:
                    break
                await pilot.pause(0.1)
            await see_text(pilot, "sim / home")
            await play(pilot, Random(number), times, said)
    finally:
        await source.stop()


async def test_a_few_hundred_random_things_over_an_incident_break_nothing(
    incident: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await over_the_incident(incident, seed(), FEW)


async def test_a_few_hundred_random_things_over_a_hurt_world_break_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await over_a_world(seed(), FEW // 2)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", [2, 3])
async def test_thousands_of_random_things_over_an_incident_break_nothing(
    incident: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.chdir(tmp_path)
    await over_the_incident(incident, number, MANY)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_thousands_of_random_things_over_a_hurt_world_break_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await over_a_world(4, MANY)
