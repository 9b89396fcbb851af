"""The dashboard through time: the same screens over what was, live or from a file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from cluster.model.happenings.outside import ProcessObserved
from cluster.model.member import Address, NodeId
from tests.tui.story import DEAD, KILLED, QUIET, SECOND, story
from tests.tui.test_app import COLOUR, see, see_text, shown
from tests.tui.timeline.test_recording import recorded as written
from tui.dashboard import MasterlessApp, Options, Recorded, Source, Take
from tui.keys import SCREENS
from tui.timeline.deck import Deck
from tui.timeline.recording import Recording
from tui.timeline.reel import has_picture
from tui.view import ClusterView


async def nothing(_take: Take) -> tuple[Source, None]:
    return Recorded(()), None


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("replay") / "story.rec")


def cut(path: Path) -> Path:
    torn = path.with_name("torn.rec")
    torn.write_bytes(path.read_bytes()[:-90_000])
    return torn


def made(directory: Path, ending: str) -> list[bytes]:
    return [path.read_bytes() for path in directory.iterdir() if path.name.endswith(ending)]


def replay(reel: Recording) -> MasterlessApp:
    return MasterlessApp(
        nothing, Options(title="story.rec"), now=lambda _: reel.end_us, reel=reel, environ=COLOUR
    )


def live(until: int = DEAD) -> MasterlessApp:
    """A cluster that is heard a few facts at a time."""

    class Slowly:
        async def run(self, take: Take) -> None:
            told = [fact for fact in story() if fact.at <= until]
            for start in range(0, len(told), 250):
                for fact in told[start : start + 250]:
                    take(fact)
                await asyncio.sleep(0)
            await asyncio.Event().wait()

    async def begin(_take: Take) -> tuple[Source, None]:
        return Slowly(), None

    return MasterlessApp(
        begin, Options(screen="home"), now=lambda view: min(view.at, until), environ=COLOUR
    )


async def heard(pilot: Pilot[int], app: MasterlessApp) -> None:
    await see(pilot, lambda: app.view.at >= DEAD - 300_000 and not app.facts)


async def test_a_recording_plays_from_its_beginning_and_every_mark_can_be_jumped_to(
    path: Path,
) -> None:
    with Recording(path) as reel:
        app = replay(reel)
        async with app.run_test(size=(120, 36)) as pilot:
            await see_text(pilot, "story.rec / home")
            await see_text(pilot, "REPLAY 1×")
            await pilot.press("space", "right_square_bracket")
            await see_text(pilot, "Nobody has noticed yet")
            await pilot.press("right_square_bracket", "right_square_bracket")
            await see_text(pilot, "n4 dead")
            await see_text(pilot, "FROZEN")
            await pilot.press("L")
            await see_text(pilot, "5 nodes agree")
            await pilot.press("R")
            await see_text(pilot, "this is a recording already")
            assert "kill" not in shown(app).splitlines()[-1]


async def test_while_the_cluster_goes_on_its_past_is_looked_at_on_every_screen() -> None:
    app = live()
    async with app.run_test(size=(120, 36)) as pilot:
        await heard(pilot, app)
        await pilot.press("left_square_bracket")
        for _ in range(4):
            if app.deck.moment(app.view, DEAD)[1] <= KILLED:
                break
            await pilot.press("left_square_bracket")
        await see_text(pilot, "Nobody has noticed yet")
        for key, screen in (("2", "ring"), ("3", "matrix"), ("5", "recovery"), ("6", "events")):
            await pilot.press(key)
            await see_text(pilot, f"demo / {screen}")
            await see_text(pilot, "FROZEN")
            assert "declares n4 dead" not in shown(app)
        await pilot.press("L")
        await see_text(pilot, "declares n4 dead")
        await see_text(pilot, "LIVE")


async def test_stepping_shows_the_fact_and_marks_its_line() -> None:
    app = live()
    async with app.run_test(size=(120, 36)) as pilot:
        await heard(pilot, app)
        await pilot.press("6", "comma")
        for _ in range(400):
            fact = app.deck.line(DEAD).fact
            if fact is not None and any(
                (line.at, line.node) == (fact.at, fact.node) for line in app.view.events
            ):
                break
            await pilot.press("comma")
        fact = app.deck.line(DEAD).fact
        assert fact is not None
        await see(pilot, lambda: shown(app).splitlines()[-2].startswith(" ▸ "))
        await see(pilot, lambda: any(x.startswith("▸") for x in shown(app).splitlines()[4:-2]))
        assert f"{fact.node}  " in shown(app).splitlines()[-2]
        seq = app.deck.player.spot
        await pilot.press("full_stop", "comma")
        assert app.deck.player.spot == seq


async def test_slow_motion_begins_from_the_live_picture_and_ends_in_it() -> None:
    app = live()
    async with app.run_test(size=(80, 24)) as pilot:
        await heard(pilot, app)
        await pilot.press("left_square_bracket", "left_curly_bracket", "space")
        await see_text(pilot, "REPLAY ½×")
        await pilot.press(*["right_curly_bracket"] * 5)
        await see_text(pilot, "LIVE")
        assert app.deck.following


async def test_the_keys_that_save_say_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = live(QUIET)
    async with app.run_test(size=(120, 36)) as pilot:
        await see_text(pilot, "5 nodes agree")
        await see(pilot, lambda: not app.facts)
        await pilot.press("S")
        await see_text(pilot, "this picture is saved as ./masterless-")
        await see(pilot, lambda: len(made(tmp_path, "-home.svg")) == 1)
        await pilot.press("R")
        await see_text(pilot, "masterless replay")
    (svg,) = made(tmp_path, ".svg")
    assert svg.startswith(b"<svg")
    assert b"agree" in svg
    saved = tmp_path / next(name for name in os.listdir(tmp_path) if name.endswith(".rec"))
    with Recording(saved) as reel:
        assert reel.count == app.deck.reel.count


async def test_any_keys_in_any_order_are_survived_by_a_torn_recording(path: Path) -> None:
    torn = cut(path)
    random = Random(20260107)
    keys = [
        *("comma", "full_stop", "left_square_bracket", "right_square_bracket", "space", "L"),
        *("left_curly_bracket", "right_curly_bracket", "tab", "down", "escape", "enter"),
        "question_mark",
    ]
    with Recording(torn) as reel:
        assert reel.cut_off
        app = replay(reel)
        async with app.run_test(size=(80, 24)) as pilot:
            await see_text(pilot, "story.rec")
            for _ in range(60):
                if random.randrange(9) == 0:
                    await pilot.resize_terminal(random.randint(20, 160), random.randint(8, 50))
                await pilot.press(keys[random.randrange(len(keys))])
            await pilot.resize_terminal(80, 24)
            await see_text(pilot, "q quit")
    assert app.desk.screen in (*SCREENS, "node")


def slow_to_speak(path: Path) -> Path:
    """A recording whose nodes say for eight seconds nothing that could be drawn."""
    facts = list(story())
    started = facts[0].at - 8 * SECOND
    payload = ProcessObserved(NodeId("n1"), "running", 1, Address("127.0.0.1:1"))
    silent = replace(facts[0], at=started, payload=payload)
    return written(path, [silent, *facts])


async def test_a_recording_begins_where_there_is_something_to_see_also_the_second_time(
    tmp_path: Path,
) -> None:
    with Recording(slow_to_speak(tmp_path / "slow.rec")) as reel:
        assert not has_picture(reel.view(reel.first + 1))
        deck = Deck(reel)
        assert has_picture(deck.moment(ClusterView(), 0)[0])
        assert deck.player.playing
        deck.press("live", 0)
        deck.press("freeze", 0)
        assert deck.player.playing
        assert has_picture(deck.moment(ClusterView(), 0)[0])


async def test_what_is_typed_before_there_is_a_picture_is_seen_and_can_be_given_up() -> None:
    async def begin(_take: Take) -> tuple[Source, None]:
        await asyncio.Event().wait()
        return Recorded(()), None

    app = MasterlessApp(begin, Options(expected=5), environ=COLOUR)
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, "starting n1 of 5")
        await pilot.press("colon", *"help")
        await see(pilot, lambda: shown(app).splitlines()[-1].startswith(" :help"))
        await pilot.press("escape")
        await see(pilot, lambda: shown(app).splitlines()[-1].startswith(" q quit"))
        await pilot.press("9", *"room")
        await see(pilot, lambda: shown(app).splitlines()[-1].startswith(" :key room"))
        await pilot.press("escape")
        await see(pilot, lambda: shown(app).splitlines()[-1].startswith(" q quit"))
