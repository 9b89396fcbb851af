"""The page of a talk: every step, every claim with what was measured, no reference to any other file."""

from __future__ import annotations

import asyncio
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from talk.checking import Report, check
from talk.export.page import page
from talk.export.picture import svg
from talk.export.shots import Camera, Shot
from talk.grounds.simulated import SimGround
from tests.chromium import NEEDS_CHROMIUM, chromium
from tests.talk.telling import GOOD, read
from tui.draw.frame import Frame

DECK = read(GOOD.replace("A short road", "A <short> & narrow road"))


@cache
def told() -> tuple[Report, tuple[Shot, ...]]:
    camera = Camera(120, 36)
    report = asyncio.run(check(DECK, SimGround(1), lambda _slide: None, looking=camera))
    return report, tuple(camera.shots)


@pytest.fixture(name="html", scope="module")
def _html() -> str:
    report, shots = told()
    return page(report, shots, seed=1, notes=True)


def test_a_frame_becomes_text_that_stands_where_it_stood() -> None:
    frame = Frame(20, 3)
    frame.text(2, 1, "a <b> & c", "suspect", bold=True)
    frame.text(14, 1, "far", "", bg="selected.bg")
    root = Xml.fromstring(svg(frame))
    texts = [element for element in root.iter() if element.tag.endswith("}text")]
    assert [element.text for element in texts] == ["a <b> & c", "far"]
    assert [element.get("x") for element in texts] == ["20", "140"]
    assert [element.get("textLength") for element in texts] == ["90", "30"]
    assert texts[0].get("font-weight") == "bold"
    assert texts[0].get("fill") != texts[1].get("fill")
    rects = [element for element in root.iter() if element.tag.endswith("}rect")]
    assert len(rects) == 2, "the ground, and behind the second text"


def test_every_step_has_its_picture_and_every_claim_its_measure(html: str) -> None:
    report, shots = told()
    assert html.count('<section class="step"') == len(shots) >= 6
    assert len({shot.place for shot in shots}) == 4
    for judgement in report.claims:
        assert judgement.text in html
    assert html.count('<tr class="held">') == 4
    assert "4 of 4 claims held, on simulated nodes, seed 1" in html
    assert "Say nothing." in html
    assert "A &lt;short&gt; &amp; narrow road" in html
    assert "<short>" not in html
    assert "Somebody noticed." in html


def test_notes_are_left_away_unless_asked_for() -> None:
    report, shots = told()
    assert "Say nothing." not in page(report, shots, seed=1)


def test_nothing_is_asked_of_anybody(html: str) -> None:
    without = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|src=|url\(|@import|<link", without)


@NEEDS_CHROMIUM
async def test_a_browser_turns_its_pages_with_keys(html: str, tmp_path: Path) -> None:
    _, shots = told()
    file = tmp_path / "talk.html"
    file.write_text(html, encoding="utf-8")
    on = "[...document.querySelectorAll('.step')].filter(e => e.offsetParent).length"
    async with chromium(tmp_path) as browser:
        shown = await browser.open(file.as_uri())
        await shown.until("document.querySelector('.step.on') !== null")
        assert await shown.evaluate(on) == 1
        assert await shown.evaluate("document.getElementById('where').textContent") == "1 / 4"
        for _ in shots:
            await shown.press("ArrowRight", "Space")
        assert await shown.evaluate("document.getElementById('where').textContent") == "4 / 4"
        await shown.press("ArrowLeft")
        assert await shown.evaluate("location.hash") == "#3.1"
        await shown.send("Emulation.setEmulatedMedia", media="print")
        assert await shown.evaluate(on) == len(shots), "all of them are printed"
        printed = await shown.send("Page.printToPDF", landscape=True)
        assert len(printed["data"]) > 10_000
        assert shown.errors == []
        assert [url for url in shown.requests if not url.startswith("file:")] == []
