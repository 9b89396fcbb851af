"""Half blocks and braille, and which messages are seen in flight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.model.member import NodeId
from tests.tui.story import QUIET, START, busy_story, view_at
from tui.draw.flights import (
    DOUBT,
    FAMILIES,
    FLIGHT_US,
    LINGER_US,
    flights,
    in_flight,
    losses,
    rates,
)
from tui.draw.frame import Frame, Ink, ink_at, ink_index
from tui.draw.raster import Dots, Pixels
from tui.view import ClusterView, Message

BUSY = START + 8_000_000
N1, N2 = NodeId("n1"), NodeId("n2")


def one(age: int, *, arrived: bool = True, kind: str = "ping") -> ClusterView:
    sent = QUIET - age
    message = Message((N1, 1, 7), N2, kind, "", NodeId(""), sent, sent + 900 if arrived else 0)
    return ClusterView(messages={message.id: message})


def test_two_pixels_share_a_cell() -> None:
    pixels = Pixels(4, 2)
    pixels.put(0, 0, "good")
    pixels.put(1, 1, "good")
    for y, role in ((0, "good"), (1, "bad")):
        pixels.put(2, y, role)
        pixels.put(3, y, "good")
    frame = Frame(4, 1)
    pixels.onto(frame, 0, 0)
    assert frame.lines() == ["▀▄▀█"]
    assert ink_at(frame.inks[0][2]) == Ink("good", "bad")


@given(st.integers(-9, 30), st.integers(-9, 30))
def test_drawing_outside_is_clipped(x: int, y: int) -> None:
    pixels, dots, frame = Pixels(5, 5), Dots(5, 3), Frame(4, 2)
    pixels.put(x, y, "good")
    dots.dot(x, y, 0)
    pixels.onto(frame, x, y)
    dots.onto(frame, x, y)
    assert len(frame.chars) == 2
    assert all(len(row) == 4 for row in frame.chars)


@pytest.mark.parametrize(("glyphs", "drawn"), [("braille", "⠑⢄"), ("block", "▀▄"), ("ascii", "..")])
def test_a_line_in_every_glyph_set(glyphs: str, drawn: str) -> None:
    dots, frame = Dots(2, 1), Frame(2, 1)
    dots.line((0, 0), (3, 3), 0)
    dots.onto(frame, 0, 0, glyphs)  # pyright: ignore[reportArgumentType]
    assert frame.lines() == [drawn]


def test_the_higher_rank_takes_the_cell() -> None:
    thread, comet = ink_index(Ink("thread")), ink_index(Ink("owner1"))
    dots, frame = Dots(1, 1), Frame(1, 1)
    dots.dot(0, 0, thread, 0)
    dots.dot(1, 0, comet, 3)
    dots.dot(0, 3, thread, 0)
    dots.onto(frame, 0, 0)
    assert frame.lines() == ["⠈"]
    assert frame.inks[0][0] == comet


def test_a_flight_is_stretched_to_be_seen_and_then_ends() -> None:
    at = {share: flights(one(int(FLIGHT_US * share)), QUIET) for share in (0.0, 0.5, 1.0, 1.01)}
    assert [flight.progress for flight in at[0.5]] == [pytest.approx(0.5)]
    assert not at[0.5][0].lost
    assert at[1.01] == []
    assert in_flight(one(FLIGHT_US // 2), QUIET)
    assert not in_flight(one(FLIGHT_US + LINGER_US + 1), QUIET)


def test_a_message_that_never_arrives_stops_half_way_with_a_cross_and_then_goes() -> None:
    early, late, over = (
        flights(one(age, arrived=False), QUIET)
        for age in (FLIGHT_US // 2, FLIGHT_US + LINGER_US // 2, FLIGHT_US + LINGER_US + 1)
    )
    assert [flight.lost for flight in early] == [False]
    assert [(flight.lost, flight.progress) for flight in late] == [(True, DOUBT)]
    assert over == []
    assert losses(one(FLIGHT_US, arrived=False), QUIET) == [(N2, 1)]
    assert losses(one(FLIGHT_US), QUIET) == []


def test_a_busy_cluster_is_thinned_to_what_an_eye_can_follow() -> None:
    view = view_at(BUSY, busy_story)
    assert len([m for m in view.messages.values() if 0 <= BUSY - m.sent_at < FLIGHT_US]) > 150
    assert 8 <= len(flights(view, BUSY)) <= 40
    assert len(flights(view, BUSY, 0.4)) < len(flights(view, BUSY))


def test_almost_nothing_vanishes_in_mid_flight() -> None:
    gone = shown = 0
    for step in range(20):
        now = BUSY - 600_000 + step * 33_000
        before, after = view_at(now, busy_story), view_at(now + 33_000, busy_story)
        flying = {flight.message.id for flight in flights(before, now) if flight.progress < 0.85}
        still = {flight.message.id for flight in flights(after, now + 33_000)}
        shown += len(flying)
        gone += len(flying - still)
    assert shown > 100
    assert gone <= shown * 0.05


def test_rates_are_the_pulses_exact_totals() -> None:
    view = view_at(QUIET)
    by_family = {rate.family: rate.per_second for rate in rates(view)}
    assert list(by_family) == list(FAMILIES)
    assert by_family["probe"] == pytest.approx(5 * 2 * 4)
    assert by_family["repair"] == 0
