"""The presenter's page in a real browser: it shows the talk, leads it, and fetches from nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chromium import NEEDS_CHROMIUM, Page, chromium
from tests.talk.notes.stage import served

pytestmark = [NEEDS_CHROMIUM, pytest.mark.real]
PHONE = (390, 844)


def text(name: str) -> str:
    """JavaScript for what stands somewhere."""
    return f"(document.getElementById('{name}')?.textContent ?? '')"


async def click(page: Page, selector: str) -> None:
    """A real click in the middle of something."""
    x, y = await page.evaluate(
        f"(() => {{ const at = document.querySelector('{selector}').getBoundingClientRect();"
        "return [at.x + at.width / 2, at.y + at.height / 2]; })()"
    )
    await page.click(x, y)


async def test_the_page_shows_the_talk_and_leads_it(tmp_path: Path) -> None:
    async with served() as (notes, hand), chromium(tmp_path) as browser:
        page = await browser.open(notes.address)
        await page.until(f"{text('number')} === '1 / 4'")
        await click(page, "#forward")
        await page.until(f"{text('title')} === 'What happens when a node dies?'")
        await page.until(f"{text('notes')}.includes('Do not talk over the matrix <b>turning</b>.')")
        await page.until(f"{text('space')} === 'space: shows: So nobody can announce it.'")
        assert not await page.evaluate("document.querySelector('#notes b')"), "words are no markup"
        await page.press("Space")
        await page.until(f"{text('step')} === ', step 1 of 1'")
        await page.press("ArrowRight")
        await page.until("document.querySelector('#cues .done')?.textContent.includes('kill n3')")
        claim = "document.querySelector('#claims .held')?.textContent"
        await page.until(f"({claim} ?? '').includes('2 of 2 others')")
        await page.press("ArrowLeft")
        await page.until(f"{text('step')} === ', step 0 of 1'")
        await page.press("g")
        await page.press("4", "Enter")
        await page.until(f"{text('title')} === 'The end'")
        await click(page, "#strip button:nth-of-type(3)")
        await page.until("document.querySelector('#strip [aria-current]').firstChild.data === '3'")
        keys = [("next", 0), ("next", 0), ("next", 0), ("back", 0), ("go", 4), ("go", 3)]
        assert hand.pressed == keys
        base = notes.address.partition("/notes")[0]
        assert all(asked.startswith((base, "ws" + base[4:])) for asked in page.requests)
        assert page.errors == []


async def test_what_cannot_be_taken_back_is_asked_for_twice(tmp_path: Path) -> None:
    async with served() as (notes, hand), chromium(tmp_path) as browser:
        page = await browser.open(notes.address)
        await page.until(f"{text('number')} === '1 / 4'")
        await click(page, "#forward")
        await page.until(f"{text('space')}.startsWith('space: shows')")
        await click(page, "#ways button:nth-child(2)")
        await page.until(f"{text('ways')}.includes('press once more')")
        assert hand.pressed == [("next", 0)]
        await click(page, "#ways button:nth-child(2)")
        await click(page, "#ways button:nth-child(4)")
        await page.until(f"{text('states')} === 'black'")
        assert hand.pressed == [("next", 0), ("again", 0), ("black", 0)]


async def test_a_wrong_token_shows_a_sentence_and_nothing_else(tmp_path: Path) -> None:
    async with served() as (notes, _), chromium(tmp_path) as browser:
        page = await browser.open(notes.address[:-4] + "aaaa")
        await page.until("document.body?.textContent.includes('these notes are for the speaker')")
        assert "What happens" not in await page.evaluate("document.body.textContent")


async def test_on_a_phone_everything_is_within_reach_of_a_thumb(tmp_path: Path) -> None:
    async with served() as (notes, _), chromium(tmp_path) as browser:
        page = await browser.open(notes.address, size=PHONE, phone=True)
        await page.until(f"{text('number')} === '1 / 4'")
        await click(page, "#forward")
        await page.until(f"{text('space')}.startsWith('next: shows')")
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert await page.evaluate(wide), "nothing is cut off at the side"
        at = await page.evaluate(
            "(() => { const r = document.getElementById('forward').getBoundingClientRect();"
            "return [r.top, r.bottom, r.height, r.width]; })()"
        )
        assert at[1] <= PHONE[1], "the key is on the screen without scrolling"
        assert at[2] >= 48
        assert at[3] >= 200
        size = "parseFloat(getComputedStyle(document.getElementById('notes')).fontSize)"
        assert await page.evaluate(size) >= 18
        assert page.errors == []


async def test_a_stage_that_went_is_said_and_its_keys_do_nothing(tmp_path: Path) -> None:
    async with chromium(tmp_path) as browser:
        async with served() as (notes, _):
            page = await browser.open(notes.address)
            await page.until(f"{text('number')} === '1 / 4'")
        await page.until("document.body.classList.contains('alone')")
        await page.until(f"{text('line')}.startsWith('not connected')")
        await page.press("Space")
        assert await page.evaluate(f"{text('number')} === '1 / 4'"), "what was last heard stays"
