"""What fits on a stage of a given size: where words, picture, claims and caption stand, in cells.

Decides the geometry of a slide, which the painter and the lint share, and how words wrap. A stage is
a blank row, the title and its rule, a blank row, the body, a blank row, the rule and the last line.
On a wide stage a picture `right` stands beside a text area of 60 columns; on a narrow one, and when it
is `below`, it stands under the words and takes what they leave. Ignores colour and glyphs.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from rich.cells import cell_len

from talk.deck.deck import Block, Live, Say, Show, Slide

MARGIN: Final = 3
"""Blank columns at the left; one is left free at the right."""
ABOVE: Final = 4
"""Rows over the body."""
UNDER: Final = 3
"""Rows beneath it."""
BESIDE_FROM: Final = 110
"""Columns from which a picture stands beside the words."""
TEXT: Final = 60
"""Columns of the words beside a picture."""
PICTURE_ROWS: Final[dict[str, int]] = {"right": 6, "below": 6, "whole": 12}
"""The least a picture needs when it stands under the words: less says nothing from the last row."""
CAPTION_ROWS: Final = 2
INDENT: Final = 3
"""Columns of an item's mark, and of each level of depth."""


class Room(Struct, frozen=True):
    """What a stage of one size has for one slide."""

    text: int
    """Columns for words."""
    rows: int
    """Rows of the body."""
    picture: int
    """Rows of the body that a picture takes at least."""


def room(slide: Slide, width: int, height: int) -> Room:
    """For all a slide shows, its captions included."""
    places = {live.place for live in shown(slide)}
    beside = width >= BESIDE_FROM and places == {"right"}
    rows = height - ABOVE - UNDER - bool(slide.subtitle)
    picture = 0 if beside else max((PICTURE_ROWS[place] for place in places), default=0)
    return Room(TEXT if beside else width - MARGIN - 1, rows, picture)


def shown(slide: Slide) -> tuple[Live, ...]:
    """Every picture of a slide: written on it, and shown by its cues."""
    by_cues = [s.live for cue in slide.cues for s in cue.steps if isinstance(s, Show)]
    return (*slide.lives, *by_cues)


def needed(slide: Slide, width: int) -> int:
    """Rows that words, claims and caption take when everything is revealed, in so many columns."""
    parts = [words(slide, width)]
    if slide.claims:
        parts.append(sum(max(1, rows(claim.text, width - 2)) for claim in slide.claims))
    if any(isinstance(step, Say) for cue in slide.cues for step in cue.steps):
        parts.append(CAPTION_ROWS)
    parts = [part for part in parts if part]
    return sum(parts) + max(0, len(parts) - 1)


def words(slide: Slide, width: int) -> int:
    """Rows of the words alone."""
    whole = [block for block in slide.blocks if not block.column]
    total = _stack(whole, width)
    left, right = column_widths(slide, width)
    columns = [
        _stack([block for block in slide.blocks if block.column == n + 1], w)
        for n, w in enumerate((left, right))
    ]
    return total + (max(columns) + (1 if whole else 0) if any(columns) else 0)


def column_widths(slide: Slide, width: int) -> tuple[int, int]:
    """How wide the two columns are, with two blank columns between them."""
    one, two = slide.columns
    left = max(1, (width - 2) * one // (one + two))
    return left, max(1, width - 2 - left)


def block_rows(block: Block, width: int) -> int:
    """Rows of one block."""
    match block.kind:
        case "table":
            return len(block.rows) + 1
        case "code":
            return len(block.lines)
        case "item" | "number":
            inner = width - INDENT * (block.depth + 1)
            return max(1, sum(rows(said(line), inner) for line in block.lines))
        case "quote":
            return sum(rows(said(line), width - 2) for line in block.lines)
        case "text" | "heading":
            inner = width - INDENT * (block.depth if block.kind == "text" else 0)
            return sum(rows(said(line), inner) for line in block.lines)


def least_width(block: Block) -> int:
    """Columns without which a block cannot be drawn whole: code and tables do not wrap."""
    match block.kind:
        case "table":
            columns = max((len(row) for row in block.rows), default=0)
            return sum(
                max((cell_len(row[n]) for row in block.rows if n < len(row)), default=0)
                for n in range(columns)
            ) + 2 * max(0, columns - 1)
        case "code":
            return max((cell_len(said(line)) for line in block.lines), default=0)
        case _:
            longest = [cell_len(word) for line in block.lines for word in said(line).split()]
            return max(longest, default=0)


def said(line: tuple[tuple[str, str], ...]) -> str:
    """The words of a line, without their styles."""
    return "".join(text for text, _ in line)


def wrap(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells; a longer word is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while cell_len(word) > width > 0:
            cut = _fitting(word, width)
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line or not lines else lines


def rows(text: str, width: int) -> int:
    """How many rows a text takes."""
    return sum(len(wrap(part, max(1, width))) for part in text.split("\n")) if text else 0


def _fitting(word: str, width: int) -> int:
    """How many characters of a word fit; at least one."""
    cut = 1
    while cut < len(word) and cell_len(word[: cut + 1]) <= width:
        cut += 1
    return cut


def _stack(blocks: list[Block], width: int) -> int:
    """Rows of blocks one under another: a blank row between them, but not between items."""
    total = 0
    before: Block | None = None
    for block in blocks:
        items = ("item", "number")
        if before and not (block.kind in items and before.kind in items):
            total += 1
        total += block_rows(block, width)
        before = block
    return total
