"""A frame as SVG: text that can be searched and selected, coloured as a theme colours it. Pure.

Cells are one unit wide and two high; runs of one ink are one text, spread over exactly their cells, so
that a picture keeps its shape whatever monospaced font is at hand. Blanks are left away.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final, Protocol

from msgspec import Struct
from rich.color import Color

from tui.draw.frame import Frame, Ink, ink_at
from tui.draw.theme import Palette, Theme

CELL_W: Final = 10
CELL_H: Final = 20
BASE: Final = 15
"""Where letters stand in their cell."""
FONT: Final = 16.6
"""So large that a usual monospaced letter is as wide as a cell."""


class Run(Struct, frozen=True, array_like=True):
    """Neighbouring cells of one row that look alike: a text, or without one a patch of ground."""

    x: int
    cells: int
    text: str
    colour: str
    bold: bool = False


class Painted(Protocol):
    """A stage, as far as it is shown to others than its audience."""

    @property
    def frame(self) -> Frame:
        """What was painted last."""
        ...

    @property
    def slide_title(self) -> str:
        """Of the slide that is on."""
        ...

    @property
    def palette(self) -> Palette:
        """The theme that it is painted in."""
        ...


def svg(frame: Frame, palette: Palette = "dark") -> str:
    """The picture as one element."""
    theme = Theme("truecolor", palette)
    width, height = frame.width * CELL_W, frame.height * CELL_H
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f'<rect width="{width}" height="{height}" fill="{ground(palette)}"/>',
        f'<g font-family="monospace" font-size="{FONT}" xml:space="preserve">',
    ]
    for y in range(frame.height):
        parts += (_element(run, y) for run in runs(frame, y, theme))
    return "".join((*parts, "</g></svg>"))


def ground(palette: Palette) -> str:
    """The colour behind everything."""
    return _hex(Theme("truecolor", palette).colours(Ink())[1])


def runs(frame: Frame, y: int, theme: Theme) -> Iterator[Run]:
    """What one row is made of, from left to right; what lies behind before what is written on it."""
    x, plain = 0, theme.colours(Ink())[1]
    for index, run in groupby(frame.inks[y]):
        count = len(list(run))
        text = "".join(frame.chars[y][x : x + count])
        ink = ink_at(index)
        front, behind = theme.colours(ink)
        if behind != plain:
            yield Run(x, count, "", _hex(behind))
        for left, words in _words(text):
            yield Run(x + left, len(words), words, _hex(front), ink.bold)
        x += count


def _element(run: Run, y: int) -> str:
    x, width = run.x * CELL_W, run.cells * CELL_W
    if not run.text:
        return (
            f'<rect x="{x}" y="{y * CELL_H}" width="{width}" '
            f'height="{CELL_H}" fill="{run.colour}"/>'
        )
    bold = ' font-weight="bold"' if run.bold else ""
    return (
        f'<text x="{x}" y="{y * CELL_H + BASE}" '
        f'textLength="{width}" lengthAdjust="spacingAndGlyphs" '
        f'fill="{run.colour}"{bold}>{escape(run.text)}</text>'
    )


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Pieces between wide gaps, each with where it begins; single blanks stay within."""
    start = 0
    while start < len(text):
        if text[start] == " ":
            start += 1
            continue
        end = text.find("  ", start)
        end = len(text) if end < 0 else end
        yield start, text[start:end].rstrip()
        start = end


def _hex(colour: Color) -> str:
    return colour.get_truecolor().hex
