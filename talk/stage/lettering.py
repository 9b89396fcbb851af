"""A slide's words, laid out in lines of coloured runs: wrapped, revealed step by step. Pure.

Knows no terminal: a line is runs of (text, role), as frames take them. What is not revealed yet
keeps its place, so that nothing moves when it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from talk.deck.deck import Block, Run

Part = tuple[str, str]
Line = list[Part]
ROLES: Final = {"": "", "strong": "title", "em": "accent", "code": "joining", "link": "accent"}
TAB: Final = 3
"""How far a list's words stand behind its mark."""


def lay(blocks: Sequence[Block], step: int, width: int, *, airy: bool = False) -> list[Line]:
    """All blocks of one column, a blank line between different kinds; `airy`: between all, and between
    the rows of tables."""
    lines: list[Line] = []
    before: Block | None = None
    for block in blocks:
        if before is not None and (airy or _apart(before, block)):
            lines.append([])
        laid = _laid(block, width, airy)
        lines += laid if block.step <= step else [[] for _ in laid]
        before = block
    return lines


def _apart(before: Block, block: Block) -> bool:
    lists = ("item", "number")
    return not (before.kind in lists and block.kind in lists)


def _laid(block: Block, width: int, airy: bool) -> list[Line]:
    match block.kind:
        case "table":
            return _table(block.rows, width, airy)
        case "code":
            texts = ["".join(text for text, _ in runs) for runs in block.lines]
            return [[("  " + text[: width - 2], "joining")] for text in texts]
        case "item" | "number":
            mark = f"{block.number}  " if block.kind == "number" else "▸  "
            indent = "  " * block.depth
            wrapped = _wrapped(block.lines, width - len(indent) - TAB)
            first = [(indent + mark, "accent"), *wrapped[0]] if wrapped else [(mark, "accent")]
            rest = [[(indent + " " * TAB, ""), *line] for line in wrapped[1:]]
            return [first, *rest]
        case "quote":
            wrapped = _wrapped(block.lines, width - 3)
            return [
                [("┃  ", "faint"), *((text, role or "muted") for text, role in line)]
                for line in wrapped
            ]
        case "heading":
            return [[(text, "title") for text, _ in line] for line in _wrapped(block.lines, width)]
        case "text":
            return _wrapped(block.lines, width)


def _wrapped(lines: Iterable[Sequence[Run]], width: int) -> list[Line]:
    """Words, as many to a line as fit."""
    words: list[Part] = []
    for runs in lines:
        glue = False
        for text, style in runs:
            role = ROLES[style]
            for place, word in enumerate(text.split(" ")):
                if not word:
                    glue = False
                    continue
                if place == 0 and glue and words:
                    words.append(("\0" + word, role))  # joined to the word before, in another style
                else:
                    words.append((word, role))
                glue = True
            glue = bool(text) and not text.endswith(" ")
    return _filled(words, max(8, width))


def _filled(words: list[Part], width: int) -> list[Line]:
    lines: list[Line] = []
    line: Line = []
    used = 0
    for word, role in words:
        joined = word.startswith("\0")
        text = word[1:] if joined else word
        space = 0 if joined or not line else 1
        if line and used + space + len(text) > width:
            lines.append(line)
            line, used, space = [], 0, 0
        line.append((" " * space + text[:width], role))
        used += space + len(text)
    return [*lines, line] if line else lines


def _table(rows: Sequence[Sequence[str]], width: int, airy: bool) -> list[Line]:
    """Columns as wide as their longest cell; when that is too wide, the widest give way and wrap."""
    if not rows:
        return []
    columns = max(map(len, rows))
    cells = [[*row, *[""] * (columns - len(row))] for row in rows]
    widths = [max(len(row[c]) for row in cells) for c in range(columns)]
    gap = 2
    while sum(widths) + gap * (columns - 1) > width and max(widths) > 6:
        widths[widths.index(max(widths))] -= 1
    laid: list[Line] = []
    for number, row in enumerate(cells):
        wrapped = [_cell(row[c], widths[c]) for c in range(columns)]
        role = "accent" if number == 0 else ""
        if airy and number > 1:
            laid.append([])
        for place in range(max(map(len, wrapped))):
            line: Line = []
            for c in range(columns):
                text = wrapped[c][place] if place < len(wrapped[c]) else ""
                line.append(
                    (f"{text:<{widths[c]}}" + " " * gap, role if c or number == 0 else "title")
                )
            laid.append(line)
        if number == 0:
            laid.append([("─" * min(width, sum(widths) + gap * (columns - 1)), "faint")])
    return laid


def _cell(text: str, width: int) -> list[str]:
    lines = _wrapped([((text, ""),)], width) or [[]]
    return ["".join(part for part, _ in line)[:width] for line in lines]
