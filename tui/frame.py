"""A picture made of cells: what every screen paints on, without Textual.

A `Frame` is a grid of characters, each with an ink. An ink names *roles* (`"suspect"`, `"owner3"`),
never colours: `tui.theme` turns roles into colours for the terminal at hand, so that a painter
cannot depend on colour. Painting outside the frame is clipped, never an error.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Ink(NamedTuple):
    """How a cell looks, by role. An empty role is the theme's ordinary text or background."""

    fg: str = ""
    bg: str = ""
    bold: bool = False


PLAIN: Final = Ink()
_INKS: list[Ink] = [PLAIN]
_INDEX: dict[Ink, int] = {PLAIN: 0}


def ink_index(ink: Ink) -> int:
    """The small integer that stands for an ink in `Frame.inks`."""
    index = _INDEX.get(ink)
    if index is None:
        index = _INDEX[ink] = len(_INKS)
        _INKS.append(ink)
    return index


def ink_at(index: int) -> Ink:
    """The ink behind an index."""
    return _INKS[index]


class Frame:
    """`height` rows of `width` cells. `chars[y][x]` is one character of width one."""

    __slots__ = ("chars", "height", "inks", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.chars: list[list[str]] = [[" "] * width for _ in range(height)]
        self.inks: list[list[int]] = [[0] * width for _ in range(height)]

    def text(
        self, x: int, y: int, text: str, fg: str = "", *, bg: str = "", bold: bool = False
    ) -> int:
        """Write `text` from (x, y), clipped; return the x after its last character."""
        end = x + len(text)
        if 0 <= y < self.height and x < self.width and end > 0:
            left = max(0, x)
            right = min(end, self.width)
            self.chars[y][left:right] = text[left - x : right - x]
            self.inks[y][left:right] = [ink_index(Ink(fg, bg, bold))] * (right - left)
        return end

    def right(
        self, x: int, y: int, text: str, fg: str = "", *, bg: str = "", bold: bool = False
    ) -> None:
        """Write `text` so that it ends just before column x."""
        self.text(x - len(text), y, text, fg, bg=bg, bold=bold)

    def runs(self, x: int, y: int, parts: list[tuple[str, str]]) -> int:
        """Write (text, role) parts one after another; return the x after the last."""
        for text, role in parts:
            x = self.text(x, y, text, role)
        return x

    def lines(self) -> list[str]:
        """The rows as text, without trailing blanks: what golden tests compare."""
        return ["".join(row).rstrip() for row in self.chars]
