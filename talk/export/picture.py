"""A frame as SVG: text that can be searched and selected, coloured as a theme colours it. Pure.

Cells are one unit wide and two high; runs of one ink are one text, spread over exactly their cells, so
that a picture keeps its shape whatever monospaced font is at hand. Blanks are left away.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

from rich.color import Color

from tui.draw.frame import Frame, Ink, ink_at
from tui.draw.theme import Palette, Theme

CELL_W: Final = 10
CELL_H: Final = 20
BASE: Final = 15
"""Where letters stand in their cell."""
FONT: Final = 16.6
"""So large that a usual monospaced letter is as wide as a cell."""


def svg(frame: Frame, palette: Palette = "dark") -> str:
    """The picture as one element."""
    theme = Theme("truecolor", palette)
    width, height = frame.width * CELL_W, frame.height * CELL_H
    ground = _hex(theme.colours(Ink())[1])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f'<rect width="{width}" height="{height}" fill="{ground}"/>',
        f'<g font-family="monospace" font-size="{FONT}" xml:space="preserve">',
    ]
    for y in range(frame.height):
        parts += _row(frame, y, theme, ground)
    return "".join((*parts, "</g></svg>"))


def _row(frame: Frame, y: int, theme: Theme, ground: str) -> Iterator[str]:
    x = 0
    for index, run in groupby(frame.inks[y]):
        count = len(list(run))
        text = "".join(frame.chars[y][x : x + count])
        ink = ink_at(index)
        front, behind = (_hex(colour) for colour in theme.colours(ink))
        if behind != ground:
            yield (
                f'<rect x="{x * CELL_W}" y="{y * CELL_H}" width="{count * CELL_W}" '
                f'height="{CELL_H}" fill="{behind}"/>'
            )
        for left, words in _words(text):
            bold = ' font-weight="bold"' if ink.bold else ""
            yield (
                f'<text x="{(x + left) * CELL_W}" y="{y * CELL_H + BASE}" '
                f'textLength="{len(words) * CELL_W}" lengthAdjust="spacingAndGlyphs" '
                f'fill="{front}"{bold}>{escape(words)}</text>'
            )
        x += count


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
