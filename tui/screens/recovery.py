"""The recovery screen: the open failure, or the last, stage by stage on one axis of time.

Under the stages, on the same axis, what it cost while it lasted: partitions short of owners,
hints waiting, answers acknowledged. Below, the failures before it. All of it is the incident
record that the tests assert on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cluster.model.incident import STAGES, Incident
from cluster.model.summary import Telling
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.draw.sparkline import Series, spark
from tui.driving.targets import Jump
from tui.judge.foreign.telling import sampling, telling, tells
from tui.judge.recap import summary, what_happened
from tui.scene import Scene, clock
from tui.screens.pieces.forecast import claims, profile_of
from tui.screens.pieces.parts import number
from tui.screens.pieces.stagetable import Axis, cut_off_with, paint_stages
from tui.view import MOMENT_US, Moment

STAGE_ROWS: Final = len(STAGES) + 1


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    incident = chosen(scene)
    paint_chrome(frame, scene, "recovery", _detail(scene, incident))
    bottom = height - FOOT
    if height < 12:
        return frame
    y = TOP + (1 if height >= 22 else 0)
    past = [i for i in scene.view.incidents if i is not incident]
    gap = 2 if bottom - y >= 2 * STAGE_ROWS + 11 else 1
    y, axis = paint_stages(frame, scene, y, incident, profile_of(scene), gap)
    told = telling(scene.view)
    if told is not None and bottom - y >= 2:
        frame.text(2, y + gap - 1, fit(_exactness(told, width - 4), width - 4), "muted")
        y += gap
    if incident is None or axis is None:
        _nothing_yet(frame, scene, y + 1)
        return frame
    if width < 100 and not incident.ended and bottom - y >= 2:
        y = _waiting(frame, scene, incident, y)
    rows = exposure(scene, axis)
    if bottom - y >= len(rows) + 1:
        y = _exposure(frame, scene, y + 1, axis, rows)
    if bottom - y >= 4 and width >= 100:
        y = _promises(frame, scene, y + 1, bottom)
    if past and bottom - y >= 2:
        _past(frame, scene, y + 1, bottom, past)
    return frame


def chosen(scene: Scene) -> Incident | None:
    """The failure to draw: an open one (the chosen node's first), else the latest."""
    open_ = [i for i in scene.view.incidents if not i.ended]
    mine = [i for i in open_ if i.subject == scene.selected]
    for candidates in (mine, open_, list(scene.view.incidents)):
        if candidates:
            return candidates[-1]
    return None


def _exactness(told: Telling, width: int) -> str:
    """How exact the times are, and, where there is room, why some stages are not there."""
    said = f"{told.engine} is {sampling(told)}"
    more = [] if told.suspects else ["it suspects nobody"]
    if not {"ring", "hints", "copies"} & set(told.tells):
        more.append("it tells nothing of hints and copies")
    for part in more:
        longer = f"{said}; {part}"
        said = longer if len(longer) <= width else said
    return said


def _title(scene: Scene, incident: Incident) -> str:
    word = what_happened(incident)
    return f"{incident.subject} {word} at {clock(scene, incident.began, 2)}"


def _detail(scene: Scene, incident: Incident | None) -> str:
    if incident is None:
        return "no failure yet"
    count = len(scene.view.incidents)
    index = next(i for i, other in enumerate(scene.view.incidents, 1) if other is incident)
    of = f"failure {index} of {count}: " if count > 1 else ""
    return f"{of}{_title(scene, incident)}"


def _nothing_yet(frame: Frame, scene: Scene, y: int) -> None:
    """What this screen will show."""
    lines = ["Nothing has failed since this screen watches."]
    if scene.own:
        lines.append("Choose a node with the arrows and press k: its failure is followed here,")
    else:
        lines.append("When a node falls silent, its failure is followed here,")
    bound = ", its bound" if telling(scene.view) is None else ""
    lines.append(f"stage by stage, each with its time{bound} and what it waits for.")
    for row, line in enumerate(lines):
        frame.text(4, y + 1 + row, fit(line, frame.width - 6), "" if not row else "muted")


def _waiting(frame: Frame, scene: Scene, incident: Incident, y: int) -> int:
    """Where there is no room beside the stages: what the open ones wait for."""
    waits = [
        f"{s.name}: {cut_off_with(scene, incident, s) or s.waiting_on}"
        for s in incident.stages
        if s.open and s.waiting_on
    ]
    if not waits:
        waits = [f"next: {s.waiting_on}" for s in incident.stages if s.waiting_on][:1]
    for wait in waits[-2:]:
        frame.text(4, y, fit(wait, frame.width - 6), "warn")
        y += 1
    return y


# --- what it cost, on the same axis --------------------------------------------------------------

Row = tuple[str, str, Series, str, str]
"""Heading, short heading, columns, figure, role of the figure."""


def exposure(scene: Scene, axis: Axis) -> list[Row]:
    """The rows under the stages, as far as there is data."""
    end = min(axis.began + axis.span_us, scene.now)
    moments = [m for m in scene.view.history if axis.began - MOMENT_US <= m.at <= end and m.served]
    if not moments:
        return []
    n = len(moments[-1].served) - 1
    rows: list[Row] = []
    for left in range(n - 1, -1, -1):

        def short(moment: Moment, left: int = left) -> float:
            return float(moment.served[left]) if left < len(moment.served) else 0.0

        worst = max(short(m) for m in moments)
        if left < n - 1 and not worst and left != n - 2:
            continue
        heading = f"partitions at {left} of {n} owners"
        role = "warn" if worst and left == n - 1 else "bad" if worst else "faint"
        figure = f"max {worst:.0f}"
        rows.append(
            (heading, f"{left} of {n} owners", _columns(axis, moments, short), figure, role)
        )
    if tells(scene.view, "hints"):
        rows.append(
            (
                "hints waiting",
                "hints waiting",
                _columns(axis, moments, _hints),
                f"max {number(max(_hints(m) for m in moments))}",
                "",
            )
        )
    measured = [m for m in moments if m.answers_per_s >= 0]
    if measured:
        failed = sum(m.failed for m in measured) // 2 or max(m.failed for m in measured)
        figure = f"{failed} failed" if failed else f"min {min(map(_answers, measured)):.0f}"
        series = _columns(axis, measured, _answers, least=True)
        rows.append(("answers per second", "answers/s", series, figure, "warn" if failed else ""))
    return rows


def _hints(moment: Moment) -> float:
    return float(moment.hints)


def _answers(moment: Moment) -> float:
    return moment.answers_per_s


def _columns(
    axis: Axis, moments: list[Moment], value: Callable[[Moment], float], *, least: bool = False
) -> Series:
    """A figure on the axis: the worst of each column, the last known where none was noted."""
    columns: Series = [None] * axis.width
    for moment in moments:
        column = axis.column(max(moment.at, axis.began))
        figure, held = value(moment), columns[column]
        pick = min if least else max
        columns[column] = figure if held is None else pick(held, figure)
    last = axis.column(moments[-1].at)
    known: float | None = None
    for column in range(last + 1):
        known = columns[column] if columns[column] is not None else known
        columns[column] = known
    return columns


def _exposure(frame: Frame, scene: Scene, y: int, axis: Axis, rows: list[Row]) -> int:
    wide = frame.width >= 100
    for row, (heading, brief, series, figure, role) in enumerate(rows):
        frame.text(4, y + row, heading if wide else brief, "")
        top = max([v for v in series if v is not None], default=0.0)
        text = spark(series, max(top, 1.0), scene.glyphs)
        frame.text(axis.x, y + row, text, "faint" if role in ("", "faint") else role)
        frame.right(axis.x + axis.width + 10, y + row, figure, role)
    return y + len(rows)


def _promises(frame: Frame, scene: Scene, y: int, bottom: int) -> int:
    """What was promised and measured, in one line."""
    parts: list[tuple[str, str]] = [("promises  ", "muted")]
    room = frame.width - 14
    for claim in claims(scene):
        glyphs = SETS[scene.glyphs]
        mark, role = {
            "yes": (glyphs.yes, "good"),
            "no": (glyphs.no, "bad"),
            "open": (glyphs.suspect, "warn"),
            "pending": (glyphs.joining, "muted"),
        }[claim.mark]
        text = f" {claim.brief}   "
        if len(text) + 1 > room:
            break
        room -= len(text) + 1
        parts += [(mark, role), (text, "")]
    if len(parts) == 1 or y >= bottom:
        return y - 1
    frame.runs(4, y, parts)
    return y + 1


# --- the failures before it ----------------------------------------------------------------------


def _past(frame: Frame, scene: Scene, y: int, bottom: int, past: list[Incident]) -> None:
    frame.text(2, y, "failures before it" if frame.width >= 100 else "before", "muted")
    for row, incident in enumerate(past[-(bottom - y - 1) :], start=1):
        x = frame.text(4, y + row, clock(scene, incident.began, 0), "faint") + 2
        frame.hit(4, y + row, x - 6, 1, Jump("recovery", incident.subject, at=incident.ended))
        x = frame.text(x, y + row, incident.subject, "", bold=True) + 1
        word = what_happened(incident)
        x = frame.text(x, y + row, f"{word:9}", "muted") + 1
        role = "" if incident.ended else "warn"
        frame.text(x, y + row, fit(summary(incident, scene.now), frame.width - x - 1), role)
