"""A real BEAM cluster beside ours: one node killed, one stopped, and how soon the others knew.

A pure painter. Both have one scale, up to the end of Erlang's own band, so that what is measured, what
is still being waited for and what was simulated can be seen at once. Where no Erlang is installed it
says so, and shows ours alone.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from cluster.sim.pairs.record import Played
from talk.beam.course import Course, Notice
from talk.beam.nodes import DEFAULT_TICK_S
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, GlyphSet, ascii_only
from tui.text.pairs import number

OURS: Final = "death-alike"
"""The pair that counts the same of our nodes."""
KILLED: Final = "killed, until all know"
STOPPED: Final = "stopped, until all know"
LABEL: Final = 7
VALUE: Final = 18
ABSENT: Final = (
    "Erlang is not installed on this machine, so there is no BEAM cluster to compare with. "
    "Where it is, three real nodes are started here."
)


def paint_beam(
    course: Course,
    width: int,
    height: int,
    *,
    ours: Played | None = None,
    glyphs: GlyphSet = "braille",
) -> Frame:
    """What is known so far."""
    frame = Frame(width, height)
    for y, line in enumerate(wrap(_head(course), max(8, width))[:3]):
        frame.text(0, y, line, "title" if course.state != "absent" else "notice", bold=True)
    y = len(wrap(_head(course), max(8, width))[:3]) + 1
    gap = 1 if height - y >= 9 else 0
    ends = max(1.25 * (course.tick_s or DEFAULT_TICK_S), _most(course))
    painter = _Painter(frame, ends, glyphs)
    right = {f.name: f.value for f in ours.right} if ours is not None else {}
    y = painter.told(y, "a process is killed (kill -9)", course, course.kill, right.get(KILLED))
    y = painter.told(y + gap, "a process is stopped", course, course.stop, right.get(STOPPED))
    painter.band(y + gap, course)
    if ours is not None:
        frame.text(0, y + gap + 2, "ours: five nodes, simulated (pair death-alike)", "muted")
    if glyphs == "ascii":
        for chars in frame.chars:
            chars[:] = ascii_only("".join(chars))
    return frame


def _most(course: Course) -> float:
    return max((n.after_s for n in (course.kill, course.stop) if n is not None), default=0.0)


def _head(course: Course) -> str:
    match course.state:
        case "absent":
            return ABSENT
        case "waiting" | "starting":
            return "three BEAM nodes are being started on this machine…"
        case "failed":
            return f"the comparison ended early: {course.trouble}"
        case _:
            return (
                f"three real BEAM nodes on this machine: Erlang/OTP {course.release}, "
                f"net_ticktime {course.tick_s} s"
            )


class _Painter:
    def __init__(self, frame: Frame, ends_s: float, glyphs: GlyphSet) -> None:
        self.frame = frame
        self.ends_s = ends_s
        self.signs = SETS[glyphs]
        self.room = max(1, frame.width - LABEL - VALUE)

    def told(
        self, y: int, what: str, course: Course, notice: Notice | None, ours: float | None
    ) -> int:
        """One thing that was done, and two bars; where the next may begin."""
        self.frame.text(0, y, what, bold=True)
        y += 1
        if course.state != "absent":
            if notice is None:
                self.frame.text(0, y, "BEAM", "muted")
                self.frame.text(LABEL, y, "not yet done", "muted")
            else:
                self._bar(y, "BEAM", notice.after_s, known=notice.known)
            y += 1
        if ours is None:
            self.frame.text(0, y, "ours", "muted")
            self.frame.text(LABEL, y, f"not counted: play {OURS}", "muted")
        else:
            self._bar(y, "ours", ours, known=True)
        return y + 1

    def _bar(self, y: int, label: str, seconds: float, *, known: bool) -> None:
        self.frame.text(0, y, label, "muted")
        cells = max(1, min(self.room, round(self.room * seconds / self.ends_s)))
        role = "suspect" if not known else ("alive" if label == "ours" else "accent")
        glyph = self.signs.bar if known else self.signs.ghost
        end = self.frame.text(LABEL, y, glyph * cells, role)
        if known:
            self.frame.text(end + 1, y, f"{number(seconds)} s {self.signs.yes}", role, bold=True)
        else:
            self.frame.text(end + 1, y, f"{seconds:.0f} s, still listed", role, bold=True)

    def band(self, y: int, course: Course) -> None:
        """Where Erlang's own bounds lie on the scale."""
        tick = course.tick_s or DEFAULT_TICK_S
        first, last = (round(self.room * tick * share / self.ends_s) for share in (0.75, 1.25))
        self.frame.text(LABEL, y, self.signs.line * first, "rule")
        self.frame.text(LABEL + first, y, self.signs.bar * max(1, last - first), "notice")
        said = (
            f"Erlang gives a silent node up after {0.75 * tick:g} to {1.25 * tick:g} s (its kernel)"
        )
        x = max(0, min(LABEL + first, self.frame.width - len(said)))
        self.frame.text(x, y + 1, said, "notice")
