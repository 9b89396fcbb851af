"""The characters the screens draw with, in three sets, each one column wide.

`braille` is the default; `block` is for fonts whose braille looks broken (no dots, only blocks);
`ascii` for terminals and logs that have neither. State is told by shape and word first, colour
second, so each set keeps its state glyphs distinct.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

GlyphSet = Literal["braille", "block", "ascii"]


class Glyphs(Struct, frozen=True):
    """One set."""

    alive: str
    suspect: str
    dead: str
    silent: str
    """No answer, or a process that is gone while nobody has noticed yet."""
    joining: str
    left: str
    here: str
    """A thing in flight, a list's current row."""
    differs: str
    """Put before a cell that differs from its column's majority."""
    yes: str
    no: str
    spark: str
    """Eight heights, lowest first."""
    bar: str
    """A full cell of a horizontal bar, and of one that is only partly there."""
    ghost: str
    line: str
    """A horizontal rule."""
    tick: str
    """A mark on a rule."""
    cut: str
    """A rule's dashes, for what was lost."""
    crown: str
    """Believes to be master."""
    shadow: str
    """Did so when it was last heard."""
    room: str
    """A room that runs, where there is no space for its name."""
    up: str
    down: str
    """Where a thing went."""
    back: str
    """Where it arrived, coming from the right."""
    corner: tuple[str, str]
    """A line from the left that turns down, and one that turns up."""
    upright: str


_BLOCK: Final = Glyphs(
    alive="●",
    suspect="◐",
    dead="✕",
    silent="○",
    joining="◌",
    left="·",
    here="▸",
    differs="▐",
    yes="✓",
    no="✕",
    spark="▁▂▃▄▅▆▇█",
    bar="━",
    ghost="╌",
    line="─",
    tick="┬",
    cut="╌",
    crown="♛",
    shadow="♕",
    room="■",
    up="↑",
    down="↓",
    back="◂",
    corner=("╮", "╯"),
    upright="│",
)
_ASCII: Final = Glyphs(
    alive="o",
    suspect="?",
    dead="x",
    silent=".",
    joining="+",
    left="-",
    here=">",
    differs="|",
    yes="y",
    no="x",
    spark="_.-:=+*#",
    bar="=",
    ghost="-",
    line="-",
    tick="+",
    cut="-",
    crown="M",
    shadow="m",
    room="o",
    up="^",
    down="v",
    back="<",
    corner=(".", "'"),
    upright="|",
)


class _Plainly(dict[int, str]):
    """A table for `str.translate` that knows what to write for anything at all."""

    def __missing__(self, code: int) -> str:
        found = self[code] = chr(code) if code < 128 else "?"
        return found


_PLAINLY: Final = _Plainly(
    str.maketrans(
        {
            **dict.fromkeys("·–—─━╌", "-"),
            **dict.fromkeys("←◂", "<"),
            **dict.fromkeys("→▸", ">"),
            **dict.fromkeys("↑▲▴", "^"),
            **dict.fromkeys("↓▼▾", "v"),
            **dict.fromkeys("│▏▐▌├", "|"),
            **dict.fromkeys("╭╮┬", "."),
            **dict.fromkeys("╰╯", "'"),
            **dict.fromkeys("▀▄", "="),
            **dict.fromkeys("“”", '"'),
            **dict.fromkeys("‘’", "'"),
            "…": "~",
            "×": "x",
            "✕": "x",
            "●": "o",
            "◐": "?",
            "○": ".",
            "◌": "+",
            "◦": "*",
            "✓": "y",
            "■": "o",
            "█": "#",
            "▒": "+",
            "└": "`",
            "┆": ":",
        }
    )
)


def ascii_only(text: str) -> str:
    """The same text, as long, in ASCII: whatever a painter or a person wrote in other characters."""
    return text if text.isascii() else text.translate(_PLAINLY)


def spelled(text: str, glyphs: GlyphSet) -> str:
    """A text whose meaning would change if it had to stay as long: speeds, ⅛× is 1/8x."""
    if glyphs != "ascii":
        return text
    for fraction, plain in (("⅛", "1/8"), ("¼", "1/4"), ("½", "1/2")):
        text = text.replace(fraction, plain)
    return ascii_only(text)


SETS: Final[dict[GlyphSet, Glyphs]] = {
    "braille": _BLOCK,
    "block": replace(_BLOCK, crown="M", shadow="m"),  # a console's font has no chess pieces
    "ascii": _ASCII,
}
