"""The presenter's view in a terminal: its pictures, and its keys over a real line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from cluster.config import SECOND
from talk.notes.line import line_of
from talk.notes.site import NotesError
from talk.notes.twin.app import TwinApp
from talk.notes.twin.painting import Looks, paint
from talk.pace import Pace
from talk.pace import Telling as Told
from tests.talk.notes.stage import Telling, served, telling
from tests.tui.picture import assert_golden, assert_known_roles
from tui.driving.dress import Dress

SIZES = ((120, 36), (80, 24))
DIES = "What happens when a node dies?"
REHEARSED = Pace(
    tuple(
        Told({DIES: 50.0}, {"the others notice": wait}) for wait in (0.78, 0.81, 0.74, 1.02, 0.79)
    )
)
LOOKS = Looks("14:34:20")


async def at_work(told: Telling) -> None:
    """The second slide, half a second after n3 was killed."""
    await told.press("next")
    told.wait(75)
    await told.press("next")
    await told.press("next")
    await told.pass_time(SECOND // 2)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_twin_while_a_cue_runs(width: int, height: int) -> None:
    async with telling(REHEARSED) as told:
        await at_work(told)
        frame = paint(told.programme, told.desk(), LOOKS, width, height)
        assert_golden(f"notes-{width}x{height}", frame)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_twin_of_a_slide_of_words(width: int, height: int) -> None:
    async with telling() as told:
        await told.press("go", 3)
        told.wait(20)
        frame = paint(told.programme, told.desk(), LOOKS, width, height)
        assert_golden(f"notes-words-{width}x{height}", frame)


async def test_every_size_shows_the_key_and_never_fails() -> None:
    async with telling(REHEARSED) as told:
        await at_work(told)
        desk = told.desk()
        desk = replace(desk, notes=desk.notes * 9, cues=desk.cues * 4, claims=desk.claims * 6)
        for width in (1, 20, 39, 40, 60, 80, 99, 100, 120, 200):
            for height in (1, 8, 12, 16, 19, 20, 24, 29, 30, 36, 60):
                frame = paint(told.programme, desk, LOOKS, width, height)
                assert (frame.width, frame.height) == (width, height)
                assert_known_roles(frame)
                if width >= 40 and height >= 8:
                    assert "twice goes on" in "\n".join(frame.lines()), (width, height)


async def test_what_does_not_fit_is_said_to_be_more_and_notes_scroll() -> None:
    async with telling() as told:
        await at_work(told)
        desk = replace(told.desk(), notes=tuple(f"paragraph {n}" for n in range(40)))
        lines = paint(told.programme, desk, LOOKS, 80, 24).lines()
        assert any("more, ↓ scrolls" in line for line in lines)
        assert not any("paragraph 39" in line for line in lines)
        scrolled = paint(told.programme, desk, replace(LOOKS, scroll=500), 80, 24).lines()
        assert any("paragraph 39" in line for line in scrolled)


async def test_ascii_pictures_are_ascii() -> None:
    async with telling() as told:
        await at_work(told)
        desk = replace(told.desk(), caption="", words=(), following=None)
        for width, height in SIZES:
            frame = paint(told.programme, desk, replace(LOOKS, glyphs="ascii"), width, height)
            odd = {char for row in frame.chars for char in row if ord(char) > 127}
            assert odd <= set("“”…"), odd


@pytest.mark.parametrize(
    "address",
    ["", "7500", "127.0.0.1:7500", "http://127.0.0.1:7500/notes", "ftp://a/notes?token=b"],
)
def test_an_address_without_a_token_is_no_address(address: str) -> None:
    with pytest.raises(NotesError, match="whole address"):
        line_of(address)


async def shown(app: TwinApp, so: Callable[[str], bool]) -> None:
    """Until its picture is so."""
    async with asyncio.timeout(20):
        while not so("\n".join(app.picture(120, 36).lines())):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_the_twin_sees_the_talk_and_leads_it() -> None:
    async with served() as (notes, hand):
        app = TwinApp(line_of(notes.address), Dress(), {"TERM": "xterm-256color"})
        async with app.run_test(size=(120, 36)) as pilot:
            await shown(app, lambda text: "A small talk" in text)
            await pilot.press("space")
            await shown(app, lambda text: "Do not talk over the matrix" in text)
            await pilot.press("g", "4")
            await shown(app, lambda text: "go to slide 4_" in text)
            await pilot.press("enter")
            await shown(app, lambda text: "Thank you." in text and "4 / 4" in text)
            await pilot.press("g", "9", "escape", "left")
            await shown(app, lambda text: " 3 / 4" in text)
            await pilot.press("B")
            await shown(app, lambda text: "black, " in text or "black" in text.partition("NEXT")[0])
            assert hand.pressed == [("next", 0), ("go", 4), ("back", 0), ("black", 0)]
            await notes.stop()
            await shown(app, lambda text: "not connected" in text)
            await pilot.press("q")


async def test_a_twin_with_a_wrong_token_says_so_and_ends() -> None:
    async with served() as (notes, _):
        app = TwinApp(line_of(notes.address[:-4] + "aaaa"), Dress(), {"TERM": "xterm"})
        async with app.run_test(size=(80, 24)) as pilot:
            async with asyncio.timeout(20):
                while not app.never:
                    await pilot.pause(0.02)
        assert "refuses this address" in app.never
