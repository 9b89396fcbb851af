"""The dashboard over a simulated world: the same screens, and time that can be turned."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from cluster.config import SECOND
from cluster.sim.watch.orders import PAST, Setup
from cluster.sim.world import START
from tests.tui.test_app import see, see_text, shown
from tui.acts import Hands
from tui.dashboard import MasterlessApp, Options, Source, Take
from tui.keys import FAULTS, KEYS, OF_THE_PRESENT, offered
from tui.sources.sim import SimHands, SimSource


@asynccontextmanager
async def watching(setup: Setup, speed: float) -> AsyncGenerator[tuple[Pilot[int], SimSource]]:
    """A dashboard over a world."""
    source = SimSource(setup, speed)

    async def begin(_take: Take) -> tuple[Source, Hands]:
        return source, SimHands(source)

    app = MasterlessApp(
        begin,
        Options(title="sim"),
        now=lambda view: max(source.now, view.at),
        clockwork=source,
        environ={},
    )
    source.on_again = app.begin_again
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            yield pilot, source
    finally:
        await source.stop()


async def test_a_world_is_hurt_stopped_stepped_and_taken_back() -> None:
    async with watching(Setup(7, 5), 20.0) as (pilot, source):
        app = pilot.app
        assert isinstance(app, MasterlessApp)
        await see_text(pilot, "answers/s")
        assert "SIMULATED" in shown(app)
        await pilot.press("down", "down", "k")
        await see_text(pilot, "hold it dead")
        await pilot.press("space")
        await see_text(pilot, "SIMULATED, paused")
        await see(pilot, lambda: not app.facts)
        stood, facts = source.now, app.view.facts
        await pilot.press("full_stop")
        await see(pilot, lambda: app.view.facts > facts)
        assert stood <= source.now < stood + SECOND
        killed = next(i.began for i in app.view.incidents)

        await pilot.press("comma")
        await see_text(pilot, "FROZEN")
        await pilot.press("L")
        await see_text(pilot, "SIMULATED, paused")

        source.rewind(killed - SECOND)
        await see(pilot, lambda: not source.rewinding_to and not app.facts)
        assert not app.view.incidents, "in this past nobody was killed yet"
        assert killed - 2 * SECOND <= source.now < killed
        await pilot.press("space")
        await see(pilot, lambda: source.now > killed + SECOND and not app.facts)
        assert not app.view.incidents, "and nobody will be"


async def test_while_it_goes_back_no_key_lets_it_go_on_or_hurts_it() -> None:
    async with watching(Setup(5, 4), 20.0) as (pilot, source):
        app = pilot.app
        assert isinstance(app, MasterlessApp)
        await see(pilot, lambda: source.now > START + 8 * SECOND)
        assert "back" in (source.press("rewind", source.now) or "")
        back = app.scene(source.now)
        assert back.simulated is not None
        assert back.simulated.back == 0, "nothing is played again yet"
        shown_by = {key.action for key in KEYS if offered(key, back)}
        assert not shown_by & {*FAULTS, *OF_THE_PRESENT}
        for action in OF_THE_PRESENT:
            assert source.press(action, source.now) == PAST
        assert source.paused, "and it stands still when it is there"
        await see(pilot, lambda: not source.rewinding_to)
        there = source.now
        assert source.press("freeze", there) == "the world goes on"
        await see(pilot, lambda: source.now > there)


async def test_without_a_world_its_keys_are_not_offered() -> None:
    async def begin(_take: Take) -> tuple[Source, None]:
        from tui.dashboard import Recorded

        return Recorded(()), None

    app = MasterlessApp(begin, Options(), environ={})
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("full_stop", "r", "question_mark")
        await pilot.pause()
        assert "take the world back" not in shown(app)
