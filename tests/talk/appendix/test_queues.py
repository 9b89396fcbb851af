"""The picture of a flood through three pipelines: a ramp beside flat lines, on one scale."""

from __future__ import annotations

import asyncio
from functools import cache

import pytest

from cluster.config import SECOND
from cluster.sim.pairs.three_queues import QUEUE_MAX, Course, courses
from talk.appendix.queues import SLOWER, paint_queues
from talk.deck.deck import Live
from talk.live.filming import flooded
from talk.live.screening import FLOOD, Screening
from talk.stage.pictures import Playing, picture
from tests.tui.picture import assert_golden, assert_known_roles
from tui.draw.glyphs import GlyphSet
from tui.scene import Scene
from tui.view import ClusterView

LASTING_US = 2 * SECOND


@cache
def flood() -> tuple[Course, ...]:
    return courses(7, LASTING_US)


@pytest.mark.parametrize(("width", "height"), [(116, 26), (74, 14), (56, 14)])
def test_half_way(width: int, height: int) -> None:
    frame = paint_queues(flood(), SLOWER * LASTING_US // 2, width, height)
    assert_golden(f"queues-{width}x{height}", frame)


def test_what_is_too_much_is_somewhere_in_each_way_and_nowhere_else() -> None:
    unbounded, shed, demand = (course.pulses[-1] for course in flood())
    too_much = (flood()[0].arrive_per_s - flood()[0].served_per_s) * LASTING_US / SECOND
    for most, others in (
        (unbounded.queue, (unbounded.source, unbounded.refused)),
        (shed.refused, (shed.source, shed.queue - QUEUE_MAX)),
        (demand.source, (demand.refused, demand.queue - QUEUE_MAX)),
    ):
        assert most > 0.9 * too_much
        assert max(others) <= 0


def test_time_only_adds() -> None:
    for course in flood():
        for counted in ("at_us", "out", "refused"):
            values = [getattr(pulse, counted) for pulse in course.pulses]
            assert values == sorted(values)


def test_at_the_end_it_stands() -> None:
    end = paint_queues(flood(), SLOWER * LASTING_US, 100, 20).lines()
    assert end == paint_queues(flood(), 100 * LASTING_US, 100, 20).lines()
    assert f"{flood()[0].pulses[-1].queue:,}" in "\n".join(end)


@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_no_size_is_too_small(glyphs: GlyphSet) -> None:
    for width, height in ((1, 1), (12, 40), (40, 6), (74, 9), (200, 60)):
        for shown_us in (-1, 0, SECOND, 10**9):
            frame = paint_queues(flood(), shown_us, width, height, glyphs=glyphs)
            assert (len(frame.chars), len(frame.chars[0])) == (height, width)
            assert_known_roles(frame)
            if glyphs == "ascii":
                assert all(line.isascii() for line in frame.lines())


def test_the_stage_plays_it_beside_itself_and_shows_it_once_it_is_there() -> None:
    live, scene, screening = Live(FLOOD), Scene(view=ClusterView(), now=0), Screening(7)
    assert "being played" in "\n".join(picture(live, scene, Playing(), 90, 20).lines())
    assert screening.shown_us(live, 1.0, frozen=False) == 0
    screening.flood = asyncio.run(flooded(7))
    assert screening.shown_us(live, 2.0, frozen=False) == 0
    shown_us = screening.shown_us(live, 4.0, frozen=False)
    assert shown_us == 2 * SECOND
    frame = picture(live, scene, Playing(film_us=shown_us, flood=screening.flood), 90, 20)
    assert "1.0 s, 2 times slower" in frame.lines()[0]
