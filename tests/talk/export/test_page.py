"""The page of a talk: every step, every claim with what was measured, no reference to any other file."""

from __future__ import annotations

import asyncio
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from cluster.sim.overlay.beyond import film
from talk.checking import Report, check
from talk.export.page import page
from talk.export.picture import svg
from talk.export.shots import FRAMES, Camera, Shot
from talk.grounds.simulated import SimGround
from tests.chromium import NEEDS_CHROMIUM, chromium
from tests.talk.telling import GOOD, read
from tui.draw.frame import Frame

DECK = read(GOOD.replace("A short road", "A <short> & narrow road"))


@cache
def told() -> tuple[Report, tuple[Shot, ...]]:
    camera = Camera(120, 36)
    report = asyncio.run(check(DECK, SimGround(1), lambda _slide: None, looking=camera))
    return report, tuple(camera.developed())


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


FILMS = """\
Waves
===

```live
overlay calm
```
<!-- end_slide -->

Mesh
===

```live
overlay mesh
```
"""


def test_a_film_is_on_the_page_in_moments_and_ends_as_it_ended() -> None:
    camera, deck = Camera(120, 36), read(FILMS)
    report = asyncio.run(check(deck, SimGround(1), lambda _slide: None, looking=camera))
    assert "are being played" in camera.developed()[0].frames[0], "no film has been made yet"
    camera.film = film(1, 60)
    wave, mesh = camera.developed()
    assert len(wave.frames) == len(mesh.frames) == FRAMES
    assert len(set(wave.frames)) > FRAMES // 2
    assert "60 of 60 reached" in wave.frames[-1]
    assert "60 of 60 reached" not in wave.frames[0]
    assert "499,500" in mesh.frames[-1]
    assert "simulated" in wave.frames[-1], "whatever the cluster was"
    html = page(report, [wave, mesh], seed=1)
    assert html.count('<figure class="film">') == 2


def test_the_clock_in_the_foot_goes_on_from_step_to_step() -> None:
    _, shots = told()
    clocks = [re.findall(r">([0-9]+):([0-9]{2})</text>", shot.frames[-1]) for shot in shots]
    seconds = [int(found[-1][0]) * 60 + int(found[-1][1]) for found in clocks]
    assert seconds == sorted(seconds)
    assert seconds[0] == 0
    assert seconds[-1] > 0


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


@NEEDS_CHROMIUM
async def test_a_browser_plays_a_film_while_it_is_on_and_prints_its_end(tmp_path: Path) -> None:
    camera = Camera(120, 36)
    report = await check(read(FILMS), SimGround(1), lambda _slide: None, looking=camera)
    camera.film = film(1, 60)
    file = tmp_path / "talk.html"
    file.write_text(page(report, camera.developed(), seed=1), encoding="utf-8")
    frames = "[...document.querySelectorAll('.step.on svg')]"
    on = f"{frames}.map(e => getComputedStyle(e).display === 'block')"
    async with chromium(tmp_path) as browser:
        shown = await browser.open(file.as_uri())
        await shown.until("document.querySelector('.step.on') !== null")
        await shown.until(f"{on}.indexOf(true) >= 1")
        await shown.until(f"{on}.lastIndexOf(true) === {FRAMES - 1}")
        assert await shown.evaluate(f"{on}.filter(Boolean).length") == 1
        await shown.send("Emulation.setEmulatedMedia", media="print")
        assert await shown.evaluate(f"{on}.indexOf(true)") == FRAMES - 1
        assert shown.errors == []
