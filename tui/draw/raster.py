"""Pictures finer than characters: half-block pixels and braille dots, composited into a Frame.

`Pixels` has two square pixels to a cell (one over the other), each of its own role: filled arcs.
`Dots` has 2x4 dots to a cell and one ink for all of them, so what matters more is drawn with a
higher rank and takes the cell. Both assume cells twice as high as wide, which makes a pixel and a
dot square. Labels are text, written after the raster. Drawing outside is clipped.

What is drawn again in every frame can be traced once (`stroke`) and then stamped.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot
from typing import Final

from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import GlyphSet

DOTS_X: Final = 2
DOTS_Y: Final = 4
_BITS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_QUADRANTS: Final = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"


class Pixels:
    """`width` columns and `height` rows of pixels; a cell holds two rows. "" is nothing."""

    __slots__ = ("height", "roles", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height + height % 2
        self.roles: list[str] = [""] * (self.width * self.height)

    def put(self, x: int, y: int, role: str) -> None:
        """Colour one pixel."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.roles[y * self.width + x] = role

    def onto(self, frame: Frame, x0: int, y0: int) -> None:
        """Draw the coloured pixels into a frame whose cells they cover."""
        width = self.width
        for row in range(self.height // 2):
            top = row * 2 * width
            for x in range(width):
                upper = self.roles[top + x]
                lower = self.roles[top + width + x]
                if upper == lower:
                    if upper:
                        frame.put(x0 + x, y0 + row, "█", ink_index(Ink(upper)))
                elif not lower:
                    frame.put(x0 + x, y0 + row, "▀", ink_index(Ink(upper)))
                elif not upper:
                    frame.put(x0 + x, y0 + row, "▄", ink_index(Ink(lower)))
                else:
                    frame.put(x0 + x, y0 + row, "▀", ink_index(Ink(upper, lower)))


Point = tuple[float, float]
Stroke = tuple[tuple[int, int], ...]
"""Cells of one raster (counted row by row), and which of their dots."""


def stroke(width: int, height: int, points: Iterator[Point]) -> Stroke:
    """Some dots of a raster of `width` x `height` cells, by cell. Those outside are clipped."""
    cells: dict[int, int] = {}
    for x, y in points:
        column, row = int(x // 1), int(y // 1)
        if 0 <= column < width * DOTS_X and 0 <= row < height * DOTS_Y:
            cell = (row // DOTS_Y) * width + column // DOTS_X
            cells[cell] = cells.get(cell, 0) | _BITS[column % DOTS_X][row % DOTS_Y]
    return tuple(cells.items())


def along(start: Point, end: Point, every: float = 1.0) -> Iterator[Point]:
    """Points from `start` to `end`, one each `every` dots of length."""
    (x0, y0), (x1, y1) = start, end
    steps = int(hypot(x1 - x0, y1 - y0) / every)
    for step in range(steps + 1):
        t = step / steps if steps else 0.0
        yield x0 + (x1 - x0) * t, y0 + (y1 - y0) * t


class Dots:
    """`width` x `height` cells of braille. Coordinates are dots, from the top left.

    `merging`: what matters more takes a cell's ink, and the dots that were there stay.
    """

    __slots__ = ("_bits", "_inks", "_merging", "_ranks", "height", "width")

    def __init__(self, width: int, height: int, *, merging: bool = False) -> None:
        self.width = width
        self.height = height
        self._merging = merging
        self._bits: dict[int, int] = {}
        self._inks: dict[int, int] = {}
        self._ranks: dict[int, int] = {}

    def dot(self, x: float, y: float, ink: int, rank: int = 0) -> None:
        """One dot. In a cell that something of a higher rank holds, nothing happens."""
        column, row = int(x // 1), int(y // 1)
        if not (0 <= column < self.width * DOTS_X and 0 <= row < self.height * DOTS_Y):
            return
        cell = (row // DOTS_Y) * self.width + column // DOTS_X
        self._add(cell, _BITS[column % DOTS_X][row % DOTS_Y], ink, rank)

    def stamp(self, traced: Stroke, ink: int, rank: int = 0) -> None:
        """Dots that were traced for a raster of this size."""
        for cell, bits in traced:
            self._add(cell, bits, ink, rank)

    def _add(self, cell: int, bits: int, ink: int, rank: int) -> None:
        held = self._ranks.get(cell, -1)
        if rank > held:
            kept = self._bits.get(cell, 0) if self._merging else 0
            self._bits[cell], self._inks[cell], self._ranks[cell] = kept | bits, ink, rank
        elif rank == held or self._merging:
            self._bits[cell] |= bits

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        ink: int,
        *,
        rank: int = 0,
        every: float = 1.0,
    ) -> None:
        """Dots from `start` to `end`, one each `every` dots of length."""
        for x, y in along(start, end, every):
            self.dot(x, y, ink, rank)

    def onto(
        self, frame: Frame, x0: int, y0: int, glyphs: GlyphSet = "braille", *, free: bool = False
    ) -> None:
        """Draw into a frame, over whatever its cells hold; `free`: only into blank cells."""
        for cell, bits in self._bits.items():
            row, column = divmod(cell, self.width)
            if free and not frame.is_blank(x0 + column, y0 + row):
                continue
            match glyphs:
                case "braille":
                    char = chr(0x2800 + bits)
                case "block":
                    char = _QUADRANTS[_quadrants(bits)]
                case "ascii":
                    char = "." if bits.bit_count() < 3 else "*"
            frame.put(x0 + column, y0 + row, char, self._inks[cell])


def _quadrants(bits: int) -> int:
    upper_left = 1 if bits & 0x03 else 0
    upper_right = 2 if bits & 0x18 else 0
    lower_left = 4 if bits & 0x44 else 0
    lower_right = 8 if bits & 0xA0 else 0
    return upper_left | upper_right | lower_left | lower_right
