"""Roles to colours, for each theme and each depth a terminal may have.

Painters name roles; only `tui.draw.themes` names colours. A ring's second and third band are the
owner's hue faded toward the ground; that does not survive naive conversion to fewer colours, so 256
and 16 have their own tables. With no colour at all (NO_COLOR, theme `mono`), weight and reverse
carry what they can, and painters are told, see `Scene.colour`. `dim` is never used (it crashed with
8-bit colours, textual#5946).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

from rich.color import Color
from rich.style import Style

from tui.draw.frame import Ink, ink_at
from tui.draw.themes.colours import Colours, Shade
from tui.draw.themes.contrast import CONTRAST
from tui.draw.themes.dark import DARK
from tui.draw.themes.light import LIGHT

Depth = Literal["truecolor", "256", "16", "none"]
Palette = Literal["dark", "light", "contrast", "mono"]
PALETTES: Final[tuple[Palette, ...]] = ("dark", "light", "contrast", "mono")
COLOURS: Final[dict[Palette, Colours]] = {
    "dark": DARK,
    "light": LIGHT,
    "contrast": CONTRAST,
    "mono": DARK,  # never seen: its depth is none
}
QUIET: Final = ("sheet.bg", "hollow.bg", "track", "selected.bg")
"""Backgrounds that only set something apart: without colour they are left away, not reversed."""
_BANDS: Final = ("", "b", "c")


def depth_of(environ: Mapping[str, str]) -> Depth:
    """What the terminal at hand can show, by the rules Rich follows too."""
    if environ.get("NO_COLOR") is not None:
        return "none"
    term = environ.get("TERM", "").strip().lower()
    if term in ("dumb", "unknown"):
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    return "256" if term.rpartition("-")[2] in ("256color", "kitty") else "16"


def blend(colour: str, ground: str, amount: float) -> str:
    """So much of a colour (0 to 1) over a ground, both as #rrggbb."""

    def channels(text: str) -> tuple[int, ...]:
        return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))

    pairs = zip(channels(colour), channels(ground), strict=True)
    return "#" + "".join(f"{round(b + (c - b) * amount):02x}" for c, b in pairs)


def _colour(shade: Shade, depth: Depth) -> Color:
    match depth:
        case "truecolor":
            return Color.parse(shade[0])
        case "256":
            return Color.parse(f"color({shade[1]})")
        case "16":
            return Color.parse(shade[2])
        case "none":
            return Color.default()


@lru_cache(maxsize=16)
def _table(depth: Depth, palette: Palette) -> dict[str, Color]:
    colours = COLOURS[palette]
    table = {role: _colour(shade, depth) for role, shade in colours.roles.items()}
    for number, owner in enumerate(colours.owners):
        for band, suffix in enumerate(_BANDS):
            hue = blend(owner.hue, colours.ground[0], colours.fade[band])
            shade = hue, owner.indexed[band], owner.named[min(band, 1)]
            table[f"owner{number}{suffix}"] = _colour(shade, depth)
    return table


def known(role: str) -> bool:
    """Whether a role has a colour: a painter's typing error is a test's failure, not a crash."""
    return all(role in _table("truecolor", palette) for palette in PALETTES)


class Theme:
    """The styles of one theme in one depth. Every style has a background: Textual's filters need it."""

    def __init__(self, depth: Depth, palette: Palette = "dark") -> None:
        self.depth: Depth = "none" if palette == "mono" else depth
        self.palette: Palette = palette
        self._styles: dict[int, Style] = {}

    def style(self, index: int) -> Style:
        """The style of an ink, by its index."""
        style = self._styles.get(index)
        if style is None:
            style = self._styles[index] = self._make(ink_at(index))
        return style

    def colours(self, ink: Ink) -> tuple[Color, Color]:
        """An ink's foreground and background."""
        table = _table(self.depth, self.palette)
        ground = _colour(COLOURS[self.palette].ground, self.depth)
        behind = table.get(ink.bg, ground) if ink.bg else ground
        return table.get(ink.fg, table[""]), behind

    def _make(self, ink: Ink) -> Style:
        if self.depth == "none":
            strong = ink.bold or ink.fg in ("title", "key", "bad", "dead", "selection")
            reverse = (ink.bg != "" and ink.bg not in QUIET) or ink.mark == "focus"
            plain = Style.from_color(Color.default(), Color.default())
            return plain + Style(bold=strong, reverse=reverse, underline=ink.mark == "link")
        marks = Style(bold=ink.bold, underline=ink.mark == "link", reverse=ink.mark == "focus")
        return Style.from_color(*self.colours(ink)) + marks
