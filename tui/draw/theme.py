"""Roles to colours, for each depth a terminal may have.

Painters name roles; only this file names colours. Owner hues are Okabe and Ito's eight, chosen to
stay apart for colour-blind eyes; a ring's second and third band are the same hue faded toward the
background. The faded bands do not survive naive conversion to fewer colours, so 256 and 16 have
their own tables. With no colour at all, weight and reverse carry what they can (and painters are
told, see `Scene.colour`). `dim` is never used (it crashed with 8-bit colours, textual#5946).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

from rich.color import Color
from rich.style import Style

from tui.draw.frame import Ink, ink_at

Depth = Literal["truecolor", "256", "16", "none"]
Palette = Literal["dark", "mono"]
PALETTES: Final[tuple[Palette, ...]] = ("dark", "mono")

BACKGROUND: Final = "#121212"
_PLAIN: Final[dict[str, tuple[str, int, str]]] = {
    # A role in each depth: true colour, 256, 16.
    "": ("#dcdcdc", 253, "white"),
    "plain": ("#dcdcdc", 253, "white"),
    "muted": ("#8f8f8f", 245, "white"),
    "faint": ("#5c5c5c", 240, "bright_black"),
    "rule": ("#3a3a3a", 237, "bright_black"),
    "thread": ("#585858", 240, "bright_black"),
    "title": ("#ffffff", 231, "bright_white"),
    "accent": ("#7cc4f0", 117, "bright_cyan"),
    "key": ("#f2f2f2", 255, "bright_white"),
    "crown": ("#ffd75f", 221, "bright_yellow"),
    "notice": ("#ffd479", 222, "bright_yellow"),
    "good": ("#6fd08c", 114, "bright_green"),
    "warn": ("#ffb454", 215, "bright_yellow"),
    "bad": ("#ff6b5e", 203, "bright_red"),
    "alive": ("#6fd08c", 114, "bright_green"),
    "suspect": ("#ffb454", 215, "bright_yellow"),
    "dead": ("#ff6b5e", 203, "bright_red"),
    "joining": ("#8fb8ff", 111, "bright_blue"),
    "frozen": ("#101010", 233, "black"),
    "frozen.bg": ("#ffd479", 222, "bright_yellow"),
    "selection": ("#ffffff", 231, "bright_white"),
    "selected.bg": ("#262b30", 236, "bright_black"),
    "sheet.bg": ("#1c1f22", 234, "black"),
    "badge": ("#0a0a0a", 232, "black"),
    "hollow.bg": ("#2a2020", 235, "black"),
    "track": ("#2a2a2a", 236, "bright_black"),
}
_OWNERS: Final[tuple[tuple[str, tuple[int, int, int], tuple[str, str]], ...]] = (
    # hue, the three bands in 256 colours, the first band and the others in 16
    ("#56b4e9", (75, 31, 23), ("bright_cyan", "cyan")),
    ("#e69f00", (214, 136, 94), ("bright_red", "red")),
    ("#009e73", (36, 29, 22), ("bright_green", "green")),
    ("#cc79a7", (175, 132, 53), ("bright_magenta", "magenta")),
    ("#f0e442", (227, 142, 58), ("bright_yellow", "yellow")),
    ("#3a8fd6", (32, 25, 17), ("bright_blue", "blue")),
    ("#d55e00", (202, 130, 52), ("bright_white", "white")),
    ("#a8a8a8", (248, 242, 238), ("white", "bright_black")),
)
_FADE: Final = (1.0, 0.52, 0.28)
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


def _blend(colour: str, amount: float) -> str:
    def channels(text: str) -> tuple[int, ...]:
        return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))

    pairs = zip(channels(colour), channels(BACKGROUND), strict=True)
    return "#" + "".join(f"{round(b + (c - b) * amount):02x}" for c, b in pairs)


@lru_cache(maxsize=8)
def _table(depth: Depth) -> dict[str, Color]:
    column = {"truecolor": 0, "256": 1, "16": 2, "none": 2}[depth]
    table: dict[str, Color] = {}
    for role, choice in _PLAIN.items():
        value = choice[column]
        table[role] = Color.parse(f"color({value})" if isinstance(value, int) else value)
    for number, (hue, indexed, ansi) in enumerate(_OWNERS):
        for band, suffix in enumerate(_BANDS):
            match depth:
                case "truecolor":
                    colour = Color.parse(_blend(hue, _FADE[band]))
                case "256":
                    colour = Color.parse(f"color({indexed[band]})")
                case "16" | "none":
                    colour = Color.parse(ansi[min(band, 1)])
            table[f"owner{number}{suffix}"] = colour
    return table


def known(role: str) -> bool:
    """Whether a role has a colour: a painter's typing error is a test's failure, not a crash."""
    return role in _table("truecolor")


def _background(depth: Depth) -> Color:
    match depth:
        case "truecolor":
            return Color.parse(BACKGROUND)
        case "256":
            return Color.parse("color(233)")
        case "16":
            return Color.parse("black")
        case "none":
            return Color.default()


class Theme:
    """The styles of one depth. Every style has a background: Textual's filters need one."""

    def __init__(self, depth: Depth) -> None:
        self.depth: Depth = depth
        self._styles: dict[int, Style] = {}

    def style(self, index: int) -> Style:
        """The style of an ink, by its index."""
        style = self._styles.get(index)
        if style is None:
            style = self._styles[index] = self._make(ink_at(index))
        return style

    def _make(self, ink: Ink) -> Style:
        if self.depth == "none":
            strong = ink.bold or ink.fg in ("title", "key", "bad", "dead", "selection")
            reverse = ink.bg != "" and ink.bg not in ("sheet.bg", "hollow.bg", "track")
            reverse = reverse or ink.mark == "focus"
            plain = Style.from_color(Color.default(), Color.default())
            return plain + Style(bold=strong, reverse=reverse, underline=ink.mark == "link")
        table = _table(self.depth)
        return Style.from_color(
            table.get(ink.fg, table[""]),
            table.get(ink.bg, _background(self.depth)) if ink.bg else _background(self.depth),
        ) + Style(bold=ink.bold, underline=ink.mark == "link", reverse=ink.mark == "focus")
