"""The second-to-last row: the whole time line, its marks, and where on it the picture stands.

    14:07:45 ────────────────┬──────────────✕─◐─────●──────── 14:22:07

Times stand at both ends, never frame numbers. On the right is LIVE while the picture follows the
end; else the end's own time, and how far back the picture is. Marks that fall on one column give
way to the gravest of them. While facts are stepped through, the fact is told in place of the line.
"""

from __future__ import annotations

from typing import Final

from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.driving.targets import Along, Button
from tui.scene import Scene, clock
from tui.timeline.line import TimeLine
from tui.timeline.plainly import plainly

_GRAVITY: Final = ("back", "heal", "user", "slide", "cue", "claim", "suspect", "fault", "dead")
"""Of two marks on one column the later of these is drawn."""
_ROLES: Final = {
    "back": "alive",
    "heal": "joining",
    "suspect": "suspect",
    "fault": "dead",
    "dead": "dead",
}
SPAN_MIN: Final = 10
"""Columns; on fewer there is nothing to see."""


def paint_line(frame: Frame, scene: Scene, line: TimeLine, y: int) -> None:
    """Draw it on row `y`."""
    if line.fact is not None:
        _told(frame, scene, line, y)
        return
    left = clock(scene, line.begin, 0)
    right = clock(scene, line.end, 0)
    if line.following and line.live:
        right = "LIVE" if scene.simulated is None else "NOW"
    x0 = frame.text(1, y, left, "faint") + 1
    x1 = frame.width - 1 - len(right)
    frame.text(x1, y, right, "good" if line.following and line.live else "faint")
    frame.hit(x1, y, len(right), 1, Button("live"))
    back = line.end - scene.now
    behind = "" if line.following or frame.width < 60 else f"{_span(back)} before "
    if line.label and frame.width >= 60:
        behind = f"{line.label}  {behind}"
    frame.text(x1 - len(behind), y, behind, "warn")
    x1 -= len(behind) + 1
    span = x1 - x0
    if span < SPAN_MIN:
        return
    glyphs = SETS[scene.glyphs]
    frame.text(x0, y, glyphs.line * span, "rule")
    frame.hit(x0, y, span, 1, Along(line.begin, line.end))
    whole = max(1, line.end - line.begin)
    for tick in _ticks(scene, line, span):
        frame.text(x0 + (span - 1) * (tick - line.begin) // whole, y, glyphs.tick, "rule")
    shapes = {
        "back": glyphs.alive,
        "heal": glyphs.joining,
        "suspect": glyphs.suspect,
        "fault": glyphs.dead,
        "dead": glyphs.dead,
    }
    columns: dict[int, str] = {}
    moments: dict[int, int] = {}
    for mark in line.marks:
        if line.begin <= mark.t <= line.end:
            column = (span - 1) * (mark.t - line.begin) // whole
            if _weight(mark.kind) >= _weight(columns.get(column, "")):
                columns[column], moments[column] = mark.kind, mark.t
    for column, kind in columns.items():
        frame.hit(x0 + column, y, 1, 1, Along(moments[column], moments[column]))
        glyph, role = shapes.get(kind, glyphs.here), _ROLES.get(kind, "notice")
        frame.text(x0 + column, y, glyph, role, bold=True)
    here = min(max(scene.now, line.begin), line.end)
    column = span - 1 if line.following else (span - 1) * (here - line.begin) // whole
    handle = glyphs.alive
    role = "title" if line.following else "frozen"
    frame.text(x0 + column, y, handle, role, bg="" if line.following else "frozen.bg", bold=True)


def _weight(kind: str) -> int:
    return _GRAVITY.index(kind) if kind in _GRAVITY else -1


def _told(frame: Frame, scene: Scene, line: TimeLine, y: int) -> None:
    """The fact that was stepped on, in words, and where on the time line it stands: its own node's
    clock may be behind that, and would seem to run back from one step to the next.
    """
    fact = line.fact
    assert fact is not None
    x = frame.text(1, y, f"{SETS[scene.glyphs].here} ", "notice", bold=True)
    x = frame.text(
        x, y, f"{clock(scene, scene.now, 6)[: 12 if frame.width < 100 else 15]}  ", "muted"
    )
    x = frame.text(x, y, f"{fact.node}  ", "title", bold=True)
    said = plainly(fact)
    room = frame.width - 1 - x
    frame.text(x, y, said if len(said) <= room else said[: max(0, room - 1)] + "…", "notice")


def _ticks(scene: Scene, line: TimeLine, span: int) -> list[int]:
    """Whole minutes (or as many as leave air between them) on the clock of the wall."""
    for step_s in (10, 60, 300, 900, 3_600):
        step = step_s * 1_000_000
        if (line.end - line.begin) // step <= span // 16:
            first = -(-(line.begin + scene.zone_us) // step) * step - scene.zone_us
            return [at for at in range(first, line.end, step) if at > line.begin]
    return []


def _span(us: int) -> str:
    """How far back: 0.4 s, 42 s, 3:07, 1:02:33."""
    if us < 10_000_000:
        return f"{max(0, us) / 1e6:.1f} s"
    seconds = us // 1_000_000
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
