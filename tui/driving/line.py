"""A line that is being typed: its text, its cursor, what it may become. Pure.

`:` begins a command, `/` a filter. Escape gives a line up, and so does erasing past its beginning;
up and down walk through what was entered before; tab walks through what the line may become.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

Kind = Literal[":", "/"]
LINE_MAX: Final = 200
"""Characters. More than a terminal row shows nobody types by hand."""
HISTORY_MAX: Final = 100
"""Lines remembered of each kind."""


class Line(Struct, frozen=True):
    """What stands on the last row while something is typed."""

    kind: Kind
    text: str = ""
    cursor: int = 0
    """Characters before it."""
    offered: tuple[str, ...] = ()
    """What the text may become."""
    place: int = -1
    """Which of `offered` tab has chosen; -1: none."""
    back: int = 0
    """How many entries back in the history."""
    draft: str = ""
    """What was typed before the history was walked into."""


def typed(line: Line, text: str) -> Line:
    """After more characters (or what was pasted; line ends are left out)."""
    text = "".join(c for c in text if c.isprintable())[: LINE_MAX - len(line.text)]
    whole = line.text[: line.cursor] + text + line.text[line.cursor :]
    return Line(line.kind, whole, line.cursor + len(text))


def edited(line: Line, key: str) -> Line | None:
    """After a key (as Textual names it) that edits or moves. None: the line is given up."""
    text, at = line.text, line.cursor
    match key:
        case "escape":
            return None
        case "backspace" | "ctrl+h":
            return Line(line.kind, text[: at - 1] + text[at:], at - 1) if at else _emptied(line)
        case "delete":
            return Line(line.kind, text[:at] + text[at + 1 :], at)
        case "ctrl+u":
            return Line(line.kind, text[at:], 0)
        case "ctrl+w":
            kept = text[:at].rstrip()
            kept = kept[: kept.rfind(" ") + 1]
            return Line(line.kind, kept + text[at:], len(kept))
        case "left" | "right":
            return replace(line, cursor=min(len(text), max(0, at + (1 if key == "right" else -1))))
        case "home" | "ctrl+a":
            return replace(line, cursor=0)
        case "end" | "ctrl+e":
            return replace(line, cursor=len(text))
        case _:
            return line


def _emptied(line: Line) -> Line | None:
    return line if line.text else None


def walked(line: Line, history: list[str], step: int) -> Line:
    """After up (1) or down (-1): an earlier or later entry, at last what was being typed."""
    back = min(max(line.back + step, 0), len(history))
    if back == line.back:
        return line
    draft = line.text if line.back == 0 else line.draft
    text = history[-back] if back else draft
    return Line(line.kind, text, len(text), back=back, draft=draft)


def completed(line: Line, offered: tuple[str, ...], step: int) -> Line:
    """After tab (1) or shift+tab (-1): the next thing it may become, the first after the last."""
    if line.place >= 0:
        offered = line.offered
    if not offered:
        return line
    place = (line.place + step) % len(offered) if line.place >= 0 else 0 if step > 0 else -1
    place %= len(offered)
    text = offered[place]
    if len(offered) == 1:  # nothing else is possible: go on with what comes after it
        return Line(line.kind, f"{text} ", len(text) + 1)
    return replace(line, text=text, cursor=len(text), offered=offered, place=place)
