"""The last two rows while something is typed: the line itself, and above it what it may become."""

from __future__ import annotations

from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.driving.line import Line
from tui.scene import Scene


def paint_typing(frame: Frame, line: Line, scene: Scene) -> None:
    """Draw them over whatever stands there. A long line shows the part around its cursor."""
    y = frame.height - 1
    frame.text(0, y, " " * frame.width, bg="sheet.bg")
    frame.text(1, y, line.kind, "notice", bg="sheet.bg", bold=True)
    room = max(1, frame.width - 4)
    start = max(0, line.cursor - room + 1)
    frame.text(2, y, line.text[start : start + room], "title", bg="sheet.bg")
    under = line.text[line.cursor : line.cursor + 1] or " "
    frame.text(2 + line.cursor - start, y, under, "frozen", bg="frozen.bg", bold=True)
    hint = "enter keeps it, esc shows all" if line.kind == "/" else "tab completes, esc gives up"
    if len(line.text) + len(hint) + 8 < frame.width:
        frame.right(frame.width - 1, y, hint, "muted", bg="sheet.bg")
    if frame.height >= 8:
        _offered(frame, line, scene, y - 1)


def _offered(frame: Frame, line: Line, scene: Scene, y: int) -> None:
    """As many as fit, around the chosen one; only the words that differ."""
    frame.text(0, y, " " * frame.width, bg="sheet.bg")
    words = [text.rpartition(" ")[2] for text in line.offered]
    first = 0
    while line.place > first and _span(words[first : line.place + 1]) > frame.width - 6:
        first += 1
    x = 1 if first == 0 else frame.text(1, y, "… ", "muted", bg="sheet.bg")
    for place, word in enumerate(words[first:], start=first):
        if x + len(word) > frame.width - 4:
            frame.text(x, y, "…", "muted", bg="sheet.bg")
            return
        chosen = place == line.place
        if chosen:
            frame.text(x - 1, y, SETS[scene.glyphs].here, "notice", bg="sheet.bg", bold=True)
        role = "title" if chosen else "muted"
        x = frame.text(x, y, word, role, bg="sheet.bg", bold=chosen) + 2


def _span(words: list[str]) -> int:
    return sum(len(word) + 2 for word in words)
