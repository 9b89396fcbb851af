"""The picture of a do and don't: the sentences, the bars and the claims, whatever the room."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from cluster.sim.pairs.record import Played
from cluster.sim.pairs.registry import PAIRS, play
from talk.deck.deck import Live
from talk.live.pair import alone, paint_pair, shared
from talk.stage.pictures import Playing, picture
from tests.tui.picture import assert_golden, assert_known_roles
from tui.scene import Scene
from tui.view import ClusterView

SHOWN = ("two-masters", "one-token", "per-subscriber")
"""Quickly played, and unlike each other."""
SIZES = [(116, 26), (56, 14)]


@cache
def played(name: str) -> tuple[Played, tuple[str, ...]]:
    said: list[str] = []
    return play(name, 7, said.append), tuple(said)


def painted(name: str, width: int, height: int, *, claimed: bool = False) -> str:
    record = played(name)[0]
    frame = paint_pair(PAIRS[name], width, height, record=record, claimed=claimed)
    return "\n".join(frame.lines())


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_was_counted(name: str, width: int, height: int) -> None:
    frame = paint_pair(PAIRS[name], width, height, record=played(name)[0])
    assert_golden(f"pair-{name}-{width}x{height}", frame)


def test_while_it_is_played_each_step_stands_as_soon_as_it_was_said() -> None:
    said = played("two-masters")[1]
    frame = paint_pair(PAIRS["two-masters"], 74, 14, said=said[:5])
    assert_golden("pair-playing-74x14", frame)
    text = "\n".join(frame.lines())
    assert "✕ n1 is master, everybody follows it" in text
    assert "✓ n1 is master" not in text
    late = "\n".join(paint_pair(PAIRS["two-masters"], 74, 14, said=said).lines())
    assert said[-1].removeprefix("right way: ") in late, "the newest is never left away"


@pytest.mark.parametrize("name", SHOWN)
def test_a_large_picture_has_every_number_and_every_claim(name: str) -> None:
    record, text = played(name)[0], painted(name, 116, 40)
    for claim in record.claims:
        assert claim.text in text
    for way, figure in alone(record):
        assert f"{'✕' if way == 'wrong' else '✓'} {figure.name[:40]}" in text
    assert len(shared(record)) >= 1
    assert f"{len(record.claims)} of {len(record.claims)} claims held" in text


def test_longer_bars_are_larger_numbers_and_nothing_has_no_bar() -> None:
    record = played("two-masters")[0]
    frame = paint_pair(PAIRS["two-masters"], 80, 40, record=record)
    lines = frame.lines()
    lost, two, three = (
        y for y, line in enumerate(lines) if line.startswith(("acknowledged on", "acknowledged w"))
    )
    assert lines[two].count("█") > 0
    assert lines[two + 1].count("█") == 0
    assert lines[lost + 1].endswith("✓ 0 writes")
    assert 0 < lines[three].count("█") < lines[three + 1].count("█")


@pytest.mark.parametrize(("width", "height"), [*SIZES, (80, 12)])
def test_a_broken_claim_is_never_left_out(width: int, height: int) -> None:
    record = played("two-masters")[0]
    broken = (*record.claims[:-1], replace(record.claims[-1], held=False))
    frame = paint_pair(PAIRS["two-masters"], width, height, record=replace(record, claims=broken))
    text = "\n".join(frame.lines())
    assert "✕ BROKEN: by majority: the larger side goes on" in text
    assert "✕ 5 of 6 claims held" in text


def test_claims_that_the_slide_shows_are_not_painted_twice() -> None:
    text = painted("two-masters", 116, 26, claimed=True)
    assert "on a timer: acknowledged" not in text
    assert "claims held" not in text
    assert "220 writes" in text


@pytest.mark.parametrize("name", SHOWN)
def test_no_size_is_too_small_and_plain_letters_are_plain(name: str) -> None:
    record, said = played(name)
    for width, height in ((1, 1), (9, 30), (20, 3), (56, 6), (91, 9), (92, 9), (200, 60)):
        for known in (None, record):
            frame = paint_pair(PAIRS[name], width, height, record=known, said=said, glyphs="ascii")
            assert (len(frame.chars), len(frame.chars[0])) == (height, width)
            assert all(line.isascii() for line in frame.lines())
            assert_known_roles(frame)


def test_the_stage_shows_it() -> None:
    record = played("two-masters")[0]
    scene = Scene(view=ClusterView(), now=0)
    text = "\n".join(
        picture(
            Live("pair", "two-masters"), scene, Playing(played={"two-masters": record}), 90, 30
        ).lines()
    )
    assert PAIRS["two-masters"].do in text
    assert "6 of 6 claims held" in text
