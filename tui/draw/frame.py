"""A picture made of cells: what every screen paints on, without Textual.

A `Frame` is a grid of characters, each with an ink. An ink names *roles* (`"suspect"`, `"owner3"`),
never colours: `tui.draw.theme` turns roles into colours for the terminal at hand, so that a painter
cannot depend on colour. Painting outside the frame is clipped, never an error.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tui.driving.targets import Jump, Target


class Ink(NamedTuple):
    """How a cell looks, by role. An empty role is the theme's ordinary text or background."""

    fg: str = ""
    bg: str = ""
    bold: bool = False
    mark: str = ""
    """"link": it can be followed; "focus": it is what enter follows now."""


PLAIN: Final = Ink()
_INKS: list[Ink] = [PLAIN]
_INDEX: dict[tuple[str, str, bool, str], int] = {PLAIN: 0}


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


class Hit(NamedTuple):
    """A rectangle a mouse may choose, and what it stands for."""

    x: int
    y: int
    width: int
    height: int
    target: Target


class Frame:
    """`height` rows of `width` cells. `chars[y][x]` is one character of width one."""

    __slots__ = ("chars", "height", "hits", "inks", "scroll_max", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.chars: list[list[str]] = [[" "] * width for _ in range(height)]
        self.inks: list[list[int]] = [[0] * width for _ in range(height)]
        self.hits: list[Hit] = []
        self.scroll_max = 0
        """How many rows more there are than are shown, where a wheel can scroll."""

    def copy(self) -> Frame:
        """The same picture, to paint on further."""
        frame = Frame(0, 0)
        frame.width, frame.height = self.width, self.height
        frame.chars = [row.copy() for row in self.chars]
        frame.inks = [row.copy() for row in self.inks]
        frame.hits = self.hits.copy()
        frame.scroll_max = self.scroll_max
        return frame

    def text(
        self, x: int, y: int, text: str, fg: str = "", *, bg: str = "", bold: bool = False
    ) -> int:
        """Write `text` from (x, y), clipped; return the x after its last character."""
        end = x + len(text)
        if 0 <= y < self.height and x < self.width and end > 0:
            left = max(0, x)
            right = min(self.width, end)
            ink = _INDEX.get((fg, bg, bold, ""))  # an Ink is a tuple: most need not be made again
            if ink is None:
                ink = ink_index(Ink(fg, bg, bold))
            self.chars[y][left:right] = text[left - x : right - x]
            self.inks[y][left:right] = [ink] * (right - left)
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

    def put(self, x: int, y: int, char: str, ink: int) -> None:
        """One cell, by ink index. Clipped."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.chars[y][x] = char
            self.inks[y][x] = ink

    def is_blank(self, x: int, y: int) -> bool:
        """Whether nothing is drawn at (x, y), which may lie outside."""
        inside = 0 <= x < self.width and 0 <= y < self.height
        return inside and self.chars[y][x] == " "

    def paste(self, picture: Frame, x: int, y: int) -> None:
        """Copy a whole picture in, blanks too. `x` and `y` may not be negative; the rest clips."""
        width = min(picture.width, self.width - x)
        if width <= 0:
            return
        for row in range(min(picture.height, self.height - y)):
            self.chars[y + row][x : x + width] = picture.chars[row][:width]
            self.inks[y + row][x : x + width] = picture.inks[row][:width]

    def hit(self, x: int, y: int, width: int, height: int, target: Target) -> None:
        """A click inside this rectangle chooses `target`. Smaller rectangles lie on top of larger."""
        self.hits.append(Hit(x, y, width, height, target))

    def hit_at(self, x: int, y: int) -> Hit | None:
        """What lies on top at (x, y): the smallest rectangle there, of equals the latest."""
        there = [
            hit
            for hit in reversed(self.hits)
            if hit.x <= x < hit.x + hit.width and hit.y <= y < hit.y + hit.height
        ]
        return min(there, key=lambda hit: hit.width * hit.height, default=None)

    def target_at(self, x: int, y: int) -> Target | None:
        """What a click at (x, y) chooses."""
        hit = self.hit_at(x, y)
        return hit.target if hit is not None else None

    def cover(self, y: int, height: int) -> None:
        """Whatever could be clicked in these rows lies under something now."""
        self.hits = [hit for hit in self.hits if not y <= hit.y < y + height]

    def jumps(self) -> list[Hit]:
        """What tab walks through, in reading order; what is said twice counts once."""
        seen: dict[Jump, Hit] = {}
        for hit in sorted(self.hits, key=lambda hit: (hit.y, hit.x)):
            inside = 0 <= hit.x < self.width and 0 <= hit.y < self.height
            if inside and isinstance(hit.target, Jump):
                seen.setdefault(hit.target, hit)
        return list(seen.values())

    def mark(self, hit: Hit, mark: str) -> None:
        """Give the cells of a region a mark (see `Ink`)."""
        for y in range(max(0, hit.y), min(hit.y + hit.height, self.height)):
            row = self.inks[y]
            for x in range(max(0, hit.x), min(hit.x + hit.width, self.width)):
                row[x] = ink_index(_INKS[row[x]]._replace(mark=mark))

    def lines(self) -> list[str]:
        """The rows as text, without trailing blanks: what golden tests compare."""
        return ["".join(row).rstrip() for row in self.chars]
