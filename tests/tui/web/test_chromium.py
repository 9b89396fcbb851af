"""In a real browser: the page shows the ring, takes keys, knows who may act, and fits a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.chromium import NEEDS_CHROMIUM, Browser, Page, chromium
from tests.tui.web.stage import Pages, served

pytestmark = [NEEDS_CHROMIUM, pytest.mark.real]

WORLD: Final = ("sim", "--nodes", "3", "--seed", "7", "--rooms", "0")
SIGHT: Final = """
const kept = [];
Object.defineProperty(Object.prototype, "fitAddon", {configurable: true, set(value) {
  Object.defineProperty(this, "fitAddon", {value});
  kept.push(this.terminal);
}});
window.size = () => [kept[0].cols, kept[0].rows];
window.text = () => {
  if (!kept.length) return "";
  const lines = kept[0].buffer.active;
  const {cols} = kept[0];
  const line = (_, y) =>
    lines.getLine(lines.viewportY + y)?.translateToString(true, 0, cols) ?? "";
  return Array.from({length: kept[0].rows}, line).join("\\n");
};
"""
"""The page's script keeps its terminal to itself; what is drawn is a canvas, and text only here."""
REFUSED: Final = "this page only looks: the address with the token may do this"


def shows(text: str) -> str:
    """An expression: whether this stands on the terminal."""
    return f"window.text().includes({text!r})"


async def look(
    browser: Browser, address: str, size: tuple[int, int] = (1280, 800), *, phone: bool = False
) -> Page:
    """Open the page and wait for the cluster."""
    page = await browser.open(address, size=size, phone=phone, first=SIGHT)
    await page.until(shows("n3"), within=40)
    return page


async def test_a_browser_shows_the_cluster_and_its_keys_work(tmp_path: Path) -> None:
    async with served(*WORLD) as pages, chromium(tmp_path) as browser:
        page = await look(browser, pages.looks)
        await it_takes_keys_and_refuses_faults(page)
        await it_redraws_when_it_is_resized(page)
        await it_is_a_picture(page, tmp_path / "ring.png")
        await the_token_lets_a_viewer_act(browser, pages, page)
        phone = await look(browser, pages.looks, (390, 844), phone=True)
        await it_fits_a_phone(phone)
        for each in (page, phone):
            assert each.errors == []
            elsewhere = [url for url in each.requests if not _same(url, pages.looks)]
            assert elsewhere == [], "the page works where there is no other machine"


async def it_takes_keys_and_refuses_faults(page: Page) -> None:
    assert "n1" in await page.evaluate("window.text()")
    await page.press("2")
    await page.until(shows("sim / ring"))
    await page.press("ArrowDown", "k")
    await page.until(shows(REFUSED))
    await page.press(":", *"add", "Enter")
    await page.press("1")
    await page.until(shows("sim / home"))
    await page.until(shows("3 nodes agree"))


async def it_redraws_when_it_is_resized(page: Page) -> None:
    before = await page.evaluate("window.size()")
    await page.viewport(900, 600)
    await page.until(f"window.size()[0] < {before[0]}")
    columns, rows = await page.evaluate("window.size()")
    assert columns >= 80
    # The last line is the footer again, and the first ends with the clock at the new edge.
    await page.until(f"window.text().split('\\n')[{rows - 1}].includes('quit')")
    await page.until("/:[0-9.]+$/.test(window.text().split('\\n')[0].trimEnd())")
    assert await page.evaluate("window.text().split('\\n')[0].length") >= columns - 3


async def it_is_a_picture(page: Page, path: Path) -> None:
    """Letters were really painted: a page without any is a far smaller file."""
    await page.press("2")
    await page.until(shows("sim / ring"))
    drawn = await page.screenshot(path)
    await page.evaluate("document.body.style.visibility = 'hidden'")
    empty = await page.screenshot()
    await page.evaluate("document.body.style.visibility = ''")
    assert drawn.startswith(b"\x89PNG")
    assert len(drawn) > 3 * len(empty)


async def the_token_lets_a_viewer_act(browser: Browser, pages: Pages, looking: Page) -> None:
    acting = await look(browser, pages.acts)
    await acting.press("ArrowDown", "k")
    await acting.until(shows("killed n1 (simulated)"))
    # All look at one world: who only looks sees it too, and still cannot start the node again.
    await looking.press("1")
    await looking.until("/n1 (was )?killed/.test(window.text())")
    await looking.press("s")
    await looking.until(shows(REFUSED))
    await acting.press("s")
    await acting.until(shows("started n1 again"))
    assert acting.errors == []
    await acting.press("q")
    await acting.until("document.body.classList.contains('-closed')")
    await looking.until(shows("n1"))


async def it_fits_a_phone(page: Page) -> None:
    columns, rows = await page.evaluate("window.size()")
    assert columns >= 80
    assert rows > columns / 2
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.press("2")
    await page.until(shows("sim / ring"))


def _same(url: str, page: str) -> bool:
    return urlsplit(url).netloc == urlsplit(page).netloc or url.startswith("data:")
