"""One plot: its name and sentence, curves over time, an axis on the left, names at their ends.

    latency of writes, slowest node                    p99 8.2 ms, p50 2.1 ms
      100 ┤          │
          │     ⡠⠤⣀  │                                p99 8.2
        1 ┤⠤⠤⠤⠒⠉  ⠉⠒⠒⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤        p50 2.1
          └─────────✕──◐────────────────────
          14:21:07        14:21:37         14:22:07

Every curve is named where it ends, so that nothing depends on hue. Faults and their ends stand
across the whole plot, other marks only on its axis. Reads values, and no view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tui.draw.chrome import fit
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, Glyphs, GlyphSet
from tui.draw.plots.axis import Axis
from tui.draw.plots.figure import Kind, Stroke, marker_of, row_of, strokes
from tui.scene import Scene, clock
from tui.view import Mark

SCALE: Final = 1_000.0
"""Heights of the canvas; plotext rounds limits, so they are no fractions of one."""
LEFT: Final = 7
RIGHT: Final = 17
RIGHT_SMALL: Final = 8
LEAST: Final = (24, 6)


class Line(Struct, frozen=True):
    """A curve, with what its end says."""

    word: str
    values: tuple[float | None, ...]
    role: str
    figure: str = ""
    """Its last value in words; empty: it has none."""


class Pane(Struct, frozen=True):
    """Everything that one plot shows."""

    title: str
    said: str
    """Beside the title."""
    brief: str
    """Its figures, for where it has one row."""
    lines: tuple[Line, ...]
    axis: Axis
    number: Callable[[float], str]
    """A tick of the upright axis in words."""
    end: int
    """The moment of the right edge; of a slot that is still being filled it lies ahead."""
    span_us: int
    empty: str
    """Why nothing is drawn, if nothing is."""
    kind: Kind = "line"


class Box(Struct, frozen=True):
    """Where on the frame."""

    x: int
    y: int
    width: int
    height: int


def columns(width: int) -> int:
    """How many columns a pane of this width has for its curves."""
    return max(2, width - LEFT - (RIGHT if width >= 50 else RIGHT_SMALL))


def paint_pane(frame: Frame, scene: Scene, pane: Pane, box: Box) -> None:
    """Draw it. Too small a box shows its heading alone."""
    _heading(frame, pane, box)
    if box.width < LEAST[0] or box.height < LEAST[1]:
        return
    across, rows = columns(box.width), box.height - 3
    x, y = box.x + LEFT, box.y + 1
    _ground(frame, scene, pane, (x, y), (across, rows))
    if not any(value is not None for line in pane.lines for value in line.values):
        frame.text(x + 1, y + rows // 2, fit(pane.empty, box.width - LEFT - 1), "muted")
        return
    for row, column, text, curve in drawn(pane, scene.glyphs, box):
        frame.text(x + column, y + row, text, pane.lines[curve].role)
    if pane.kind == "line":
        _ends(frame, scene, pane, (x + across + 1, y), rows, box.x + box.width)


def drawn(pane: Pane, glyphs: GlyphSet, box: Box) -> tuple[Stroke, ...]:
    """Its curves alone: what of it takes time, and is kept."""
    if not any(value is not None for line in pane.lines for value in line.values):
        return ()
    heights = tuple(
        tuple(None if v is None else round(pane.axis.height(v) * SCALE, 1) for v in line.values)
        for line in pane.lines
    )
    return strokes(columns(box.width), box.height - 3, SCALE, heights, pane.kind, glyphs)


def _heading(frame: Frame, pane: Pane, box: Box) -> None:
    x = frame.text(box.x, box.y, fit(pane.title, box.width), "title", bold=True)
    room = box.x + box.width - x - 2
    if room >= 8:
        frame.text(x + 2, box.y, fit(pane.said, room), "muted")


def _ground(
    frame: Frame, scene: Scene, pane: Pane, place: tuple[int, int], size: tuple[int, int]
) -> None:
    """The axes with their ticks, and the marks."""
    glyphs = SETS[scene.glyphs]
    (x, y), (across, rows) = place, size
    for row in range(rows):
        frame.text(x - 1, y + row, glyphs.upright, "rule")
    taken: set[int] = set()
    for tick in reversed(pane.axis.ticks):
        row = row_of(pane.axis.height(tick), rows)
        if row not in taken:
            taken.add(row)
            frame.right(x - 1, y + row, pane.number(tick), "faint")
    frame.text(x - 1, y + rows, glyphs.line * (across + 1), "rule")
    _times(frame, scene, pane, (x, y + rows + 1), across)
    latest: dict[int, list[Mark]] = {}
    for mark in scene.view.marks:
        back = pane.end - mark.at
        if 0 <= back < pane.span_us and mark.at <= scene.now:
            latest.setdefault(across - 1 - back * across // pane.span_us, []).append(mark)
    for column, marks in latest.items():
        _marked(frame, glyphs, marks, (x + column, y), rows)


def _marked(
    frame: Frame, glyphs: Glyphs, marks: list[Mark], place: tuple[int, int], rows: int
) -> None:
    """What fell into one column: the last of it on the axis, its last fault or cure upright."""
    x, y = place
    upright = [mark for mark in marks if mark.kind in ("fault", "heal")]
    if upright:
        role = "dead" if upright[-1].kind == "fault" else "joining"
        for row in range(rows):
            frame.text(x, y + row, glyphs.upright, role)
    glyph, role = {
        "fault": (glyphs.dead, "dead"),
        "heal": (glyphs.joining, "joining"),
        "suspect": (glyphs.suspect, "suspect"),
        "dead": (glyphs.dead, "dead"),
        "back": (glyphs.alive, "alive"),
    }[marks[-1].kind]
    frame.text(x, y + rows, glyph, role, bold=True)


def _times(frame: Frame, scene: Scene, pane: Pane, place: tuple[int, int], across: int) -> None:
    x, y = place
    first = clock(scene, pane.end - pane.span_us, 0)
    last = clock(scene, min(pane.end, scene.now), 0)
    frame.text(x, y, first, "faint")
    if across >= 2 * len(first) + 2:
        frame.right(x + across, y, last, "faint")
    middle = clock(scene, pane.end - pane.span_us // 2, 0)
    if across >= 3 * len(first) + 6:
        frame.text(x + across // 2 - len(middle) // 2, y, middle, "faint")


def _ends(
    frame: Frame, scene: Scene, pane: Pane, place: tuple[int, int], rows: int, right: int
) -> None:
    """Each curve's name and last figure beside its end; those that end close together move apart."""
    x, y = place
    wanted: list[tuple[int, int]] = []
    for number, line in enumerate(pane.lines):
        known = [value for value in line.values if value is not None]
        if known:
            wanted.append((row_of(pane.axis.height(known[-1]), rows), number))
    for row, number in _apart(sorted(wanted), rows):
        line = pane.lines[number]
        letter = marker_of(number, scene.glyphs)
        text = f"{letter} {line.word}" if letter else line.word
        end = frame.text(x, y + row, fit(text, right - x), line.role, bold=True)
        room = right - end - 1
        if room >= len(line.figure):
            frame.text(end + 1, y + row, line.figure, "")


def _apart(wanted: list[tuple[int, int]], rows: int) -> list[tuple[int, int]]:
    """The same from the top, no two on one row; what has no row left is dropped."""
    placed: list[tuple[int, int]] = []
    free = 0
    for index, (row, number) in enumerate(wanted):
        left = len(wanted) - index
        row = max(free, min(row, rows - left))
        if row >= rows:
            break
        placed.append((row, number))
        free = row + 1
    return placed
