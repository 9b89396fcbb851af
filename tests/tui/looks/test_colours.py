"""Every theme measured: text on its background, owners for every kind of eye, and no other colours."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest
from rich.color import Color
from rich.color_triplet import ColorTriplet

from tests.tui.looks.sight import EYES, Eyes, apart, contrast, difference
from tests.tui.looks.walk import frames
from tui.draw.frame import Frame, Ink, ink_at
from tui.draw.theme import COLOURS, PALETTES, Depth, Palette, Theme

COLOURED: Final[tuple[Palette, ...]] = ("dark", "light", "contrast")
FIXED: Final[tuple[Depth, ...]] = ("truecolor", "256")
"""Depths whose colours are the same everywhere; the 16 are the terminal's own choice."""
TEXT_MIN: Final[dict[Palette, float]] = {"dark": 4.5, "light": 4.5, "contrast": 7.0}
"""WCAG 2.2: 1.4.3 (AA), and 1.4.6 (AAA) for high contrast."""
BAND_MIN: Final[dict[Palette, float]] = {"dark": 2.4, "light": 2.4, "contrast": 4.5}
"""Of an owner's second band, which is sparklines and arcs, never text."""
APART_MIN: Final[dict[Depth, float]] = {"truecolor": 10.0, "256": 9.5}
DECORATION: Final = ("rule", "thread", "track")
TUI: Final = Path(__file__).parents[3] / "tui"


def shown(theme: Theme, ink: Ink) -> tuple[str, str]:
    """The two colours of an ink, as #rrggbb."""
    return tuple(_hex(colour.get_truecolor()) for colour in theme.colours(ink))  # pyright: ignore[reportReturnType]


def _hex(triplet: ColorTriplet) -> str:
    return triplet.hex


def written(frame: Frame) -> set[Ink]:
    """The inks that words and figures are written in."""
    return {
        ink_at(ink)
        for chars, inks in zip(frame.chars, frame.inks, strict=True)
        for char, ink in zip(chars, inks, strict=True)
        if char.isalnum()
    }


def test_the_measures_are_those_of_the_papers() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    # Sharma, Wu, Dalal 2005, table 1, pairs 1, 7, 17 and 25.
    assert difference((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert difference((50, 0, 0), (50, -1, 2)) == pytest.approx(2.3669, abs=1e-4)
    assert difference((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)
    assert difference((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)) == pytest.approx(
        1.2644, abs=1e-4
    )
    assert apart("#ff0000", "#00ff00", "usual") > 80
    assert apart("#b30000", "#5c5c00", "deutan") < 10, (
        "red and olive look alike without green cones"
    )


def test_all_that_is_written_anywhere_can_be_read_in_every_theme() -> None:
    inks: dict[Ink, str] = {}
    for name, frame in frames():
        for ink in written(frame):
            inks.setdefault(ink, name)
    assert len(inks) > 40
    poor = [
        f"{palette} {depth}: {ink} {contrast(*shown(theme, ink)):.2f} ({name})"
        for palette in COLOURED
        for depth in FIXED
        for theme in [Theme(depth, palette)]
        for ink, name in inks.items()
        if contrast(*shown(theme, ink)) < TEXT_MIN[palette]
    ]
    assert not poor, "\n".join(poor)


@pytest.mark.parametrize("palette", COLOURED)
@pytest.mark.parametrize("depth", FIXED)
def test_every_text_role_can_be_read_on_every_quiet_background(
    palette: Palette, depth: Depth
) -> None:
    theme = Theme(depth, palette)
    colours = COLOURS[palette]
    roles = [r for r in colours.roles if not r.endswith(".bg") and r not in DECORATION]
    roles = [role for role in roles if role not in ("badge", "frozen")]  # these have their own
    for role in [*roles, *(f"owner{number}" for number in range(8))]:
        for behind in ("", "selected.bg"):
            ratio = contrast(*shown(theme, Ink(role, behind)))
            assert ratio >= TEXT_MIN[palette], f"{role} on {behind or 'the ground'}: {ratio:.2f}"
    for behind in [*(f"owner{number}" for number in range(8)), "selection"]:
        assert contrast(*shown(theme, Ink("badge", behind))) >= TEXT_MIN[palette]
    assert contrast(*shown(theme, Ink("frozen", "frozen.bg"))) >= TEXT_MIN[palette]


@pytest.mark.parametrize("palette", COLOURED)
def test_the_second_band_of_every_owner_is_seen(palette: Palette) -> None:
    theme = Theme("truecolor", palette)
    for number in range(8):
        assert contrast(*shown(theme, Ink(f"owner{number}b"))) >= BAND_MIN[palette]


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("depth", FIXED)
@pytest.mark.parametrize("palette", COLOURED)
def test_no_two_of_eight_owners_are_taken_for_each_other(
    palette: Palette, depth: Depth, eyes: Eyes
) -> None:
    # Any two of them may be neighbours on the ring. A ninth shares the first one's hue, and its
    # arcs are dashed (`tui.draw.circle.bands`).
    theme = Theme(depth, palette)
    hues = [shown(theme, Ink(f"owner{number}"))[0] for number in range(8)]
    for one, other in combinations(hues, 2):
        assert apart(one, other, eyes) >= APART_MIN[depth], f"{one} {other}"


@pytest.mark.parametrize("palette", COLOURED)
def test_the_bands_of_one_owner_differ_in_every_depth(palette: Palette) -> None:
    for depth in ("truecolor", "256"):
        theme = Theme(depth, palette)
        for number in range(8):
            bands = {shown(theme, Ink(f"owner{number}{band}"))[0] for band in ("", "b", "c")}
            assert len(bands) == 3


def test_all_themes_know_the_same_roles() -> None:
    assert {frozenset(COLOURS[name].roles) for name in PALETTES} == {
        frozenset(COLOURS["dark"].roles)
    }
    assert all(len(COLOURS[name].owners) == 8 for name in PALETTES)


def test_only_themes_name_colours() -> None:
    named = re.compile(r"#[0-9a-fA-F]{6}\b|Style\(color|Color\.parse")
    found = [
        path.relative_to(TUI).as_posix()
        for path in sorted(TUI.rglob("*.py"))
        if "draw/themes/" not in path.relative_to(TUI).as_posix()
        and named.search(path.read_text(encoding="utf-8"))
    ]
    assert found in (["draw/theme.py"], ["draw/theme.py", "web/server.py"]), (
        "a page's own frame is HTML; all else asks the theme"
    )


def test_without_colour_no_style_has_one() -> None:
    for theme in (Theme("none"), Theme("truecolor", "mono")):
        for _, frame in frames(colour=False):
            for index in {index for row in frame.inks for index in row}:
                style = theme.style(index)
                assert style.color == style.bgcolor == Color.default()
