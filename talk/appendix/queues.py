"""Back-pressure: one flood through three pipelines, what waits at each stage, as time goes by.

A pure painter of what `cluster.sim.pairs.three_queues` has seen: real nodes, simulated. All bars and
curves have one scale, so that a ramp stands beside a flat line.
"""

from __future__ import annotations

from typing import Final

from cluster.config import SECOND
from cluster.sim.pairs.three_queues import Course, Pulse
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, Glyphs, GlyphSet, ascii_only

SLOWER: Final = 2
"""How many times slower than it was it is shown; then it stands."""
GAP: Final = 3
CURVE_MIN: Final = 2
CURVE_MAX: Final = 8
TITLES: Final[dict[str, tuple[str, bool]]] = {
    "unbounded": ("send it all on", False),
    "shed": ("refuse early", True),
    "demand": ("send when asked", True),
}
NOTHING: Final = Pulse(0, 0, 0, 0, 0, 0)


def paint_queues(
    courses: tuple[Course, ...],
    shown_us: int,
    width: int,
    height: int,
    *,
    glyphs: GlyphSet = "braille",
) -> Frame:
    """As far as it has come when it has been on for so long."""
    frame = Frame(width, height)
    at_us = min(max(0, shown_us) // SLOWER, max(c.pulses[-1].at_us for c in courses))
    first = courses[0]
    flood = f"{first.arrive_per_s:,} answers a second come, {first.served_per_s:,} can be graded"
    end = frame.text(0, 0, flood[:width], "title", bold=True)
    now = f"{at_us / SECOND:.1f} s, {SLOWER} times slower"
    if end + 2 + len(now) <= width:
        frame.right(width, 0, now, "muted")
    across = (width - GAP * (len(courses) - 1)) // len(courses)
    most = max(max(p.source, p.queue, p.refused) for c in courses for p in c.pulses)
    for place, course in enumerate(courses):
        column = _Column(frame, place * (across + GAP), across, SETS[glyphs], max(1, most))
        column.paint(course, at_us, 2 if height > 9 else 1)
    if glyphs == "ascii":
        for chars in frame.chars:
            chars[:] = ascii_only("".join(chars))
    return frame


class _Column:
    """One pipeline's place."""

    def __init__(self, frame: Frame, x: int, width: int, signs: Glyphs, most: int) -> None:
        self.frame = frame
        self.x = x
        self.width = width
        self.signs = signs
        self.most = most

    def paint(self, course: Course, at_us: int, y: int) -> None:
        """Its name, what waits where, and the curve of its queue."""
        frame, height = self.frame, self.frame.height
        title, good = TITLES[course.way]
        mark, role = (self.signs.yes, "good") if good else (self.signs.no, "bad")
        frame.text(self.x, y, f"{mark} {title}"[: self.width], role, bold=True)
        frame.text(self.x, y + 1, self.signs.line * self.width, "rule")
        y += 2
        seen = [pulse for pulse in course.pulses if pulse.at_us <= at_us]
        now = seen[-1] if seen else NOTHING
        rows = (
            ("at the source", now.source, "notice"),
            ("at the grader", now.queue, "suspect"),
            ("refused", now.refused, "bad"),
        )
        bars = height - y >= 2 * len(rows) + 2
        for name, count, colour in rows:
            self._row(y, name, f"{count:,}", colour if count else "muted")
            y += 1
            if bars:
                cells = -(-self.width * count // self.most)
                frame.text(self.x, y, self.signs.bar * cells, colour)
                frame.text(self.x + cells, y, self.signs.ghost * (self.width - cells), "faint")
                y += 1
        self._row(y, "came out", f"{now.out:,}", "good")
        self._row(y + 1, "oldest took", f"{now.oldest_us / SECOND:.2f} s", "")
        y += 3
        rows_left = min(CURVE_MAX, height - y - 1)
        if rows_left >= CURVE_MIN:
            self._curve(course, at_us, y, rows_left)

    def _row(self, y: int, name: str, value: str, role: str) -> None:
        room = self.width - len(value) - 1
        self.frame.text(self.x, y, name[: max(0, room)], "muted")
        self.frame.right(self.x + self.width, y, value, role, bold=True)

    def _curve(self, course: Course, at_us: int, y: int, rows: int) -> None:
        """What waits at the grader, on the scale of all three."""
        self.frame.text(self.x, y, "waits at the grader"[: self.width], "faint")
        heights = self.signs.spark
        pulses = course.pulses
        for column in range(self.width):
            pulse = pulses[column * len(pulses) // self.width]
            if pulse.at_us > at_us:
                return
            full = -(-pulse.queue * rows * len(heights) // self.most)
            for row in range(rows):
                part = min(len(heights), max(0, full - row * len(heights)))
                if part:
                    glyph = heights[part - 1]
                    self.frame.text(self.x + column, y + rows - row, glyph, "suspect")
