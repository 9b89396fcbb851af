"""Curves as characters, by plotext; axes, marks and words around them are `pane`'s.

plotext 6 has one figure for the whole process, so a picture is made in one go and from the event
loop only. It draws on the bare canvas, with no axes and no colours of its own: each curve gets a
number for a colour, which is read back from its text and becomes a role of our theme. What was
drawn is kept by its values: a frozen picture, or one whose slots have not moved on, costs nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from math import ceil
from typing import Final, Literal, NamedTuple, Protocol, cast

from tui.draw.glyphs import GlyphSet

Values = tuple[float | None, ...]
"""One a column, oldest first; None: nothing is known."""
Kind = Literal["line", "stem"]
CACHED_MAX: Final = 32
"""Pictures: a few screens' worth of panes. Each is some ten kilobytes."""
_MARKERS: Final[dict[GlyphSet, tuple[str, ...]]] = {
    "braille": ("braille",) * 8,
    "block": ("hd",) * 8,
    "ascii": ("*", "+", "o", "x", "#", "@", "%", "&"),
}
"""Per curve: where there are only letters, each curve has its own."""
_WORD: Final = re.compile(r"[^ ]+")
_PIECE: Final = re.compile(r"\x1b\[(?:0|38;5;(\d+))m|([^\x1b\n]+)|\n")


class Stroke(NamedTuple):
    """Neighbouring characters of one curve."""

    row: int
    column: int
    text: str
    curve: int


class _Signal(Protocol):
    def lines(self, active: bool = True) -> _Signal: ...
    def fillx(self, active: bool = True) -> _Signal: ...


class _Ruler(Protocol):
    def ticks(self, positions: list[float]) -> _Ruler: ...
    def lim(self, lower: float, upper: float) -> _Ruler: ...


class _Figure(Protocol):
    def clear(self) -> object: ...
    def theme(self, name: str) -> object: ...
    def plot_size(self, width: int, height: int) -> object: ...
    def axes(self, active: bool) -> object: ...
    def ruler(self, axis: int, side: int) -> _Ruler: ...
    def signal(self, xs: list[float], ys: list[float], *, marker: object) -> _Signal: ...
    def draw(self, signal: _Signal) -> object: ...
    def build(self) -> object: ...


class _Terminal(Protocol):
    def limit(self, width: bool, height: bool) -> object: ...


class _Plotext(Protocol):
    """The part of plotext that is used here; it brings no types of its own."""

    figure: _Figure
    terminal: _Terminal

    def pixel(self, foreground: int) -> object: ...
    def marker(self, symbol: str, pixel: object) -> object: ...


def marker_of(curve: int, glyphs: GlyphSet) -> str:
    """The letter a curve is drawn with where there are only letters; else empty."""
    marks = _MARKERS[glyphs]
    return marks[curve % len(marks)] if glyphs == "ascii" else ""


def row_of(share: float, rows: int) -> int:
    """The row, from the top, on which plotext draws a value at this share (0 to 1) of the height."""
    return rows - 1 - ceil(share * (rows - 1) - 0.5)


@lru_cache(maxsize=CACHED_MAX)
def strokes(
    width: int,
    height: int,
    top: float,
    curves: tuple[Values, ...],
    kind: Kind,
    glyphs: GlyphSet,
) -> tuple[Stroke, ...]:
    """Every curve from 0 (lowest) to `top` on `height` rows of `width` cells.

    Later curves lie over earlier ones. Values outside are drawn at the edge.
    """
    if width < 2 or height < 2 or top <= 0:
        return ()
    library = cast("_Plotext", import_module("plotext"))
    figure = library.figure
    figure.clear()
    figure.theme("colorless")
    library.terminal.limit(False, False)  # else it never draws more than what it takes for one
    figure.plot_size(width, height)
    figure.axes(False)
    figure.ruler(0, 0).ticks([]).lim(0, max(map(len, curves), default=2) - 1 or 1)
    figure.ruler(1, 0).ticks([]).lim(0, top)
    for number, values in enumerate(curves):
        symbol = _MARKERS[glyphs][number % 8]
        marker = library.marker(symbol, library.pixel(number + 1))
        for run in _runs(values):
            points = _bends(run) if kind == "line" else run
            xs = [float(column) for column, _ in points]
            ys = [min(max(value, 0.0), top) for _, value in points]
            signal = figure.signal(xs, ys, marker=marker)
            figure.draw(signal.lines() if kind == "line" else signal.fillx())
    text = str(figure.build())
    return _read(text, width, height)


Run = list[tuple[int, float]]
"""Columns and values, without a hole."""


def _runs(values: Values) -> list[Run]:
    """Stretches without a hole."""
    runs: list[Run] = []
    fresh = True
    for column, value in enumerate(values):
        if value is None:
            fresh = True
            continue
        if fresh:
            runs.append([])
            fresh = False
        runs[-1].append((column, value))
    return runs


def _bends(run: Run) -> Run:
    """The same without what lies on a level line between two others: each point costs 30 us."""
    inner = zip(run, run[1:], run[2:], strict=False)
    kept = [here for before, here, after in inner if not before[1] == here[1] == after[1]]
    return [run[0], *kept, *run[1:][-1:]]


def _read(text: str, width: int, height: int) -> tuple[Stroke, ...]:
    """plotext's text as strokes; whatever its size, ours is what was asked for."""
    found: list[Stroke] = []
    x = y = 0
    curve = -1
    for piece in _PIECE.finditer(text):
        colour, chars = piece.groups()
        if chars is not None:
            if curve >= 0 and y < height:
                words = _WORD.finditer(chars[: max(0, width - x)])
                found += [Stroke(y, x + word.start(), word.group(), curve) for word in words]
            x += len(chars)
        elif piece.group() == "\n":
            x, y = 0, y + 1
        else:
            curve = int(colour) - 1 if colour is not None else -1
    return tuple(found)
