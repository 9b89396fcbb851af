"""The picture of a broadcast: who has it, who is dead, in words and shapes, at every size."""

from __future__ import annotations

from functools import cache
from math import hypot

import msgspec
import pytest

from cluster.sim.overlay.beyond import film
from cluster.sim.overlay.wave import NOBODY, Wave
from talk.live.overlay import paint_wave
from talk.live.rings import RIM, places
from talk.live.showing import PARTS, STANDS_US, Part, at, length_us, showing, slowed
from tests.tui.picture import assert_golden, assert_known_roles
from tui.draw.frame import Frame, ink_at
from tui.draw.glyphs import GlyphSet

PEERS = 300


@cache
def waves() -> tuple[Wave, ...]:
    return film(1, PEERS)


def wave(part: Part) -> Wave:
    return waves()[PARTS.index(part)]


def inks(frame: Frame) -> list[str]:
    return [ink_at(ink).fg for row in frame.inks for ink in row]


SIZES = [(120, 36), (80, 24), (60, 32)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(("part", "share"), [("flood", 0.6), ("calm", 0.5), ("disaster", 0.5)])
def test_a_wave_half_way(part: Part, share: float, width: int, height: int) -> None:
    seen = wave(part)
    frame = paint_wave(seen, int(seen.lasts_us * share), width, height)
    assert_golden(f"overlay-{part}-{width}x{height}", frame)


@pytest.mark.parametrize(("width", "height"), SIZES[:2])
def test_the_end_after_the_repair(width: int, height: int) -> None:
    seen = wave("after")
    frame = paint_wave(seen, seen.ends_us, width, height)
    assert_golden(f"overlay-after-{width}x{height}", frame)
    assert "210 of 210 reached" in "\n".join(frame.lines())


def test_plain_letters_tell_the_dead_by_shape() -> None:
    seen = wave("disaster")
    frame = paint_wave(seen, seen.lasts_us // 2, 80, 24, glyphs="ascii")
    assert_golden("overlay-disaster-ascii-80x24", frame)
    assert all(line.isascii() for line in frame.lines())
    assert sum(line.count("x") for line in frame.lines()) > 40


@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
@pytest.mark.parametrize("part", PARTS)
def test_no_size_is_too_small_and_every_colour_is_known(part: Part, glyphs: GlyphSet) -> None:
    for width, height in ((1, 1), (20, 6), (72, 3), (74, 12), (200, 60)):
        for at_us in (-5, 0, 1, 10**9):
            frame = paint_wave(wave(part), at_us, width, height, glyphs=glyphs, colour=False)
            assert (len(frame.chars), len(frame.chars[0])) == (height, width)
            assert_known_roles(frame)


@pytest.mark.parametrize("size", [*SIZES, (74, 14)])
def test_it_says_that_it_is_simulated_at_every_size(size: tuple[int, int]) -> None:
    for part in PARTS:
        text = "\n".join(paint_wave(wave(part), 0, *size).lines())
        assert f"simulated: {PEERS} peers" in text


def test_it_spreads_and_never_reaches_the_dead() -> None:
    seen = wave("disaster")
    shares = [0.0, 0.2, 0.6, 1.0]
    painted = [inks(paint_wave(seen, int(seen.lasts_us * s), 120, 36)) for s in shares]
    waiting = [frame.count("faint") for frame in painted]
    assert waiting == sorted(waiting, reverse=True)
    assert {frame.count("dead") > 30 for frame in painted} == {True}


def test_links_of_the_tree_go_outward_and_nobody_leaves_the_circle() -> None:
    for part in PARTS:
        seen = wave(part)
        found = places(seen.tree, seen.source)
        far = [hypot(x, y) for x, y in found]
        assert max(far) <= 1.0 + 1e-9
        assert far[seen.source] == 0
        for peer, parent in enumerate(seen.tree):
            if parent != NOBODY:
                assert far[peer] > far[parent]
        # No two of a tree stand in one place.
        inside = [place for place, parent in zip(found, seen.tree, strict=True) if parent >= 0]
        assert len({(round(x, 9), round(y, 9)) for x, y in inside}) == len(inside)
    rim = places(wave("after").tree, wave("after").source)
    assert all(hypot(*rim[peer]) == pytest.approx(1) for peer in wave("after").dead)
    assert max(hypot(x, y) for p, (x, y) in enumerate(rim) if p not in wave("after").dead) <= RIM


def test_the_disaster_keeps_everybody_in_their_places() -> None:
    assert wave("disaster").tree == wave("calm").parent


def test_a_film_shows_every_wave_to_its_end_and_begins_again() -> None:
    reel = waves()
    start = 0
    for seen in reel:
        assert showing(reel, start) == (seen, 0)
        end = start + length_us(seen)
        assert showing(reel, end - 1) == (seen, seen.ends_us)
        assert at(seen, length_us(seen) - STANDS_US // 2) == seen.ends_us
        assert 4_000_000 < seen.ends_us * slowed(seen) < 9_000_000
        start = end
    assert showing(reel, start) == (reel[0], 0)


def test_a_film_survives_the_way_from_the_process_that_makes_it() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(waves()), type=tuple[Wave, ...]) == waves()
