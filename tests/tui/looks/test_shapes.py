"""Told without colour: states by shape and word, all of it in ASCII, and nothing that must move."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from tests.tui.looks.walk import SCREENS, SIZES, frames, paint, scenes
from tests.tui.story import DEAD, KILLED, MS, QUIET, SECOND, view_at
from tests.tui.test_app import dashboard, see_text
from tui.draw.flights import TALLY_US, tallies
from tui.draw.glyphs import SETS, GlyphSet, ascii_only, spelled
from tui.driving.dress import Dress, Worn, changed, dressed
from tui.driving.options import Options
from tui.judge.standing import Standing, Word
from tui.scene import Scene
from tui.screens.help import paint_help
from tui.screens.ring import Stage
from tui.widgets.frameview import FrameView

TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


@pytest.mark.parametrize("glyphs", SETS)
def test_every_state_has_a_shape_or_a_word_of_its_own(glyphs: GlyphSet) -> None:
    shapes = SETS[glyphs]
    states = (shapes.alive, shapes.suspect, shapes.dead, shapes.left, shapes.joining, shapes.silent)
    assert len(set(states)) == len(states)
    words: tuple[Word, ...] = get_args(Word)
    said = {(Standing(word, 1, 1).glyph(glyphs), word) for word in words}
    assert len(said) == len(words)
    # Where there is room for a shape alone, whoever serves is never taken for one who does not.
    assert [word for shape, word in sorted(said) if shape == shapes.alive] == ["alive"]


@pytest.mark.parametrize("glyphs", SETS)
def test_where_there_is_no_colour_every_state_is_still_seen(glyphs: GlyphSet) -> None:
    scene = replace(scenes()["dead"], glyphs=glyphs, colour=False)
    for width, height in SIZES:
        for screen in ("home", "ring"):
            lines = paint(screen, scene, width, height).lines()
            assert any(f"{SETS[glyphs].dead} dead" in line for line in lines), f"{screen} {width}"


def test_in_ascii_every_screen_is_ascii_and_as_wide() -> None:
    for name, frame in frames(glyphs="ascii", colour=False):
        for row in frame.chars:
            line = "".join(row)
            plain = ascii_only(line)
            assert plain.isascii(), f"{name}: {line}"
            assert len(plain) == len(line)
            unknown = {char for char, told in zip(line, plain, strict=True) if told == "?" != char}
            assert not unknown - {SETS["braille"].suspect}, (
                f"{name} needs a plain form of {unknown}"
            )


def test_what_people_wrote_is_shown_in_ascii_too() -> None:
    assert ascii_only("key жук – 5 × 3 …") == "key ??? - 5 x 3 ~"
    assert ascii_only("plain") == "plain"
    assert [spelled(speed, "ascii") for speed in ("⅛×", "½×", "16×")] == ["1/8x", "1/2x", "16x"]
    assert spelled("½×", "braille") == "½×"
    frame = paint("home", replace(scenes()["quiet"], glyphs="ascii", notice="at ⅛×"), 80, 24)
    assert frame.lines()[-2] == " > at 1/8x"


@pytest.mark.parametrize("screen", SCREENS)
async def test_what_reaches_the_terminal_is_ascii(screen: str) -> None:
    dress = Dress(glyphs="ascii")
    app = dashboard(DEAD, environ=TERMINAL, options=Options(screen=screen, dress=dress))  # pyright: ignore[reportArgumentType]
    async with app.run_test(size=(80, 24)) as pilot:
        await see_text(pilot, f"/ {screen}")
        canvas = app.query_one(FrameView)
        lines = [canvas.render_line(y).text for y in range(24)]
        assert all(line.isascii() and len(line) == 80 for line in lines), "\n".join(lines)


# --- how it is worn -------------------------------------------------------------------------------


def test_what_the_terminal_and_the_environment_ask_for_is_worn() -> None:
    assert dressed(Dress(), TERMINAL) == Worn("truecolor")
    assert dressed(Dress(), {"TERM": "linux"}) == Worn("16", glyphs="block")
    assert dressed(Dress(), TERMINAL | {"TEXTUAL_ANIMATIONS": "none"}) == Worn(
        "truecolor", motion=False
    )
    light = dressed(Dress(palette="light", motion=False), TERMINAL)
    assert (light.depth, light.theme.palette, light.motion) == ("truecolor", "light", False)
    assert changed(light, Dress(glyphs="ascii")) == replace(light, glyphs="ascii")


def test_nobody_who_asked_for_no_colour_gets_any() -> None:
    none = dressed(Dress(palette="light"), TERMINAL | {"NO_COLOR": "1"})
    assert none.depth == none.theme.depth == "none"
    mono = dressed(Dress(palette="mono"), TERMINAL)
    assert mono.depth == mono.theme.depth == "none"
    assert changed(mono, Dress(palette="dark")).depth == "truecolor"


# --- nothing that must move -----------------------------------------------------------------------


def test_without_motion_the_ring_stands_still_until_a_second_is_over() -> None:
    view = view_at(QUIET)
    begin = QUIET // TALLY_US * TALLY_US
    stage = Stage(Scene(view, QUIET, motion=False), 120, 36)
    first = stage.play(view, begin)
    for later in range(33 * MS, TALLY_US, 33 * MS):
        assert stage.play(view, begin + later).chars == first.chars


def test_what_stands_on_the_lines_is_how_many_messages_there_were() -> None:
    view = view_at(QUIET)
    end = QUIET // TALLY_US * TALLY_US
    found = {(tally.one, tally.other): tally.sent for tally in tallies(view, QUIET)}
    for (one, other), sent in found.items():
        ways = {(one, other), (other, one)}
        told = [m for m in view.messages.values() if (m.id[0], m.to) in ways]
        assert sent == sum(end - TALLY_US <= m.sent_at < end for m in told)
    assert found


def test_what_did_not_arrive_is_counted_at_whom_it_should_have_reached() -> None:
    at = KILLED + 2 * SECOND
    lost = [way for tally in tallies(view_at(at), at) for way in tally.lost]
    assert {to for to, _ in lost} == {"n4"}
    shown = "\n".join(paint("ring", replace(scenes()["dead"], motion=False), 120, 36).lines())
    assert "✕1" in shown or "✕2" in shown


def test_the_sheet_of_keys_says_what_is_drawn() -> None:
    for motion, word in ((True, "comet"), (False, "traced in the last second")):
        scene = replace(scenes()["quiet"], motion=motion)
        frame = paint("ring", scene, 120, 36)
        paint_help(frame, scene, "ring")
        assert word in "\n".join(frame.lines())


def test_with_reduced_motion_figures_change_once_a_second() -> None:
    still = dressed(Dress(motion=False), TERMINAL)
    assert still.stands_us(news=True, large=False) == SECOND
    usual = dressed(Dress(), TERMINAL)
    assert usual.stands_us(news=True, large=False) < usual.stands_us(news=True, large=True)
    assert usual.stands_us(news=False, large=False) < SECOND
