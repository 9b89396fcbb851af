"""`talk --serve` in a real browser: the hall sees the stage that the presenter's page leads, on any screen."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chromium import NEEDS_CHROMIUM, Page, chromium
from tests.talk.notes.stage import TEXT

pytestmark = [NEEDS_CHROMIUM, pytest.mark.real]
ROOT = Path(__file__).resolve().parents[3]
WALL = "(document.getElementById('wall')?.textContent ?? '')"


@asynccontextmanager
async def talk(deck: Path) -> AsyncGenerator[tuple[str, str]]:
    """A talk without a terminal: where the hall looks, and where the presenter does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "masterless.py", "talk", str(deck), "--simulated"),
        *("--serve", "0", "--notes", "0"),
        stdin=DEVNULL,
        stdout=PIPE,
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name != "NO_COLOR"},
    )
    assert process.stdout is not None
    hall = notes = ""
    try:
        async with asyncio.timeout(60):
            while not (hall and notes):
                line = (await process.stdout.readline()).decode()
                assert line, "it ended before it was served"
                hall = line.split()[-1] if "can look on at" in line else hall
                notes = line.split()[-1] if line.startswith("the presenter's view:") else notes
        yield hall, notes
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(30):
            await process.communicate()
        assert process.returncode == 0


async def test_the_hall_sees_the_stage_and_the_presenter_sees_it_small(tmp_path: Path) -> None:
    deck = tmp_path / "deck.md"
    deck.write_text(TEXT)
    async with talk(deck) as (hall, notes), chromium(tmp_path) as browser:
        wall = await browser.open(hall, size=(1280, 720))
        await wall.until(f"{WALL}.includes('1 / 4')")
        phone = await browser.open(hall, size=(390, 844), phone=True)
        lead = await browser.open(notes, size=(390, 844), phone=True)
        await lead.until("document.getElementById('number')?.textContent === '1 / 4'")
        await lead.press("Space")
        for page in (wall, phone):
            await page.until("document.title === 'What happens when a node dies?'")
            await page.until(f"{WALL}.includes('Nobody is in charge.')")
            await page.until("!document.body.classList.contains('alone')")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await wall.press("Space", "ArrowRight", "B")
        await wall.until(f"{WALL}.includes('n3')")
        assert await wall.evaluate(f"{WALL}.includes('2 / 4')"), "who looks on turns nothing"
        drawn = await wall.screenshot(tmp_path / "wall.png")
        await small_on_the_presenters_page(lead)
        await lead.press("B")
        await wall.until(f"{WALL}.trim() === ''")
        black = await wall.screenshot()
        assert len(drawn) > 3 * len(black), "there were letters, and then there were none"
        for page in (wall, phone, lead):
            assert page.errors == []
        elsewhere = [url for url in wall.requests if not url.startswith((hall, "ws" + hall[4:]))]
        assert [url for url in elsewhere if not url.startswith("data:")] == []


async def small_on_the_presenters_page(lead: Page) -> None:
    """Its picture was fetched, with the token, and drawn."""
    shown = "document.getElementById('wall')"
    await lead.until(f"!{shown}.hidden && {shown}.naturalWidth > 0 && {shown}.width > 200")
    before = await lead.evaluate(f"{shown}.src")
    assert "token=" in before
    await lead.until(f"{shown}.src !== {before!r}")
