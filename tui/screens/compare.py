"""Five architectures under one schedule: availability strips, one above the other on one time axis.

A strip's height is the share of operations that were answered, its gaps are what a client felt. The
schedule's marks stand over it and the figures beside it (below it where the terminal is narrow). All
is computed by simulated clusters of the same code, while the live one goes on.
"""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from msgspec import Struct

from cluster.config import ArchitectureName
from cluster.sim.compare.record import ARCHITECTURES, SCHEDULES, Comparison, Row
from cluster.sim.compare.verdicts import percent, seconds
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS, Glyphs
from tui.scene import Scene

NAME: Final = 11
HEAD: Final = {
    "answered": 8,
    "outage": 8,
    "lost": 13,
    "stale": 7,
    "2 masters": 11,
    "moved": 8,
}
"""The columns, and how wide each is with the gap before it. Of all operations; the longest time in which nobody was served; acknowledged writes; reads that
missed one; how long two reigned; places that changed hands."""
SECOND: Final = 1_000_000
ABOUT: Final = {
    "kill-one": "a node that is no master dies",
    "kill-master": "the first master dies",
    "pause-master": "the first master stands still",
    "split-2-3": "two nodes on one side, three on the other",
    "grow-5-to-6": "a sixth node joins",
    "churn": "deaths, pauses, a join, leaves",
}


class Plot(Struct, frozen=True):
    """Where the strips are."""

    x: int
    cells: int
    figures: int
    """Where the figures begin; 0: they stand below."""


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    paint_chrome(frame, scene, "compare")
    bottom = height - FOOT
    y = TOP + (1 if height >= 22 else 0)
    if bottom - y < 6:
        return frame
    _schedules(frame, scene, y)
    contest = scene.contest
    found = contest.found.get(contest.chosen)
    y += 1
    _about(frame, scene, y, found)
    y += 2 if bottom - y >= 12 else 1
    if found is None:
        _invitation(frame, scene, y)
        return frame
    plot = _plot(width)
    tall = bottom - y >= 22 and width >= 100
    y = _strips(frame, scene, plot, y, found, (bottom, tall))
    if plot.figures == 0 and bottom - y >= 3:
        y = _table(frame, y + (1 if bottom - y >= 8 else 0), found, bottom)
    if bottom - y >= 2:
        _marks(frame, scene, y + 1, found, bottom)
    return frame


def _plot(width: int) -> Plot:
    x = 2 + NAME
    if width < 100:
        return Plot(x, max(8, width - x - 2), 0)
    cells = width - x - sum(HEAD.values()) - 3
    return Plot(x, cells, x + cells + 1)


# --- above the strips ------------------------------------------------------------------------------


def _schedules(frame: Frame, scene: Scene, y: int) -> None:
    """All there are, the chosen one between arrows, a tick after what was played."""
    glyphs, contest = SETS[scene.glyphs], scene.contest
    wide = frame.width >= 100
    x = frame.text(2, y, "schedule  " if wide else "", "muted")
    for name in SCHEDULES:
        here = name == contest.chosen
        found = contest.found.get(name)
        done = found is not None and len(found.rows) == len(ARCHITECTURES)
        frame.hit(x, y, len(name) + 2, 1, name)
        x = frame.text(x, y, glyphs.here if here else " ", "selection", bold=True)
        x = frame.text(x, y, name, "accent" if here else "muted", bold=here)
        x = frame.text(x, y, glyphs.yes if done else " ", "good") + (2 if wide else 0)


def _about(frame: Frame, scene: Scene, y: int, found: Comparison | None) -> None:
    contest = scene.contest
    about = found.about if found is not None else ABOUT[contest.chosen]
    if found is None:
        frame.text(2, y, fit(about, frame.width - 3))
        return
    wide = frame.width >= 100
    rate = f"{found.rate_per_s:.0f} operations/s each, " if wide else ""
    how = f"seed {found.seed}, {rate}simulated"
    if contest.playing == contest.chosen:
        total = len(ARCHITECTURES)
        done = contest.rows_done
        bar, ghost = SETS[scene.glyphs].bar, SETS[scene.glyphs].ghost
        cells = 4 if wide else 2
        how = f"{bar * (cells * done)}{ghost * (cells * (total - done))} {done} of {total} worlds"
    elif contest.trouble:
        how = contest.trouble
    room = frame.width - 4 - len(how) - 2
    frame.text(2, y, fit(about if len(about) <= room else ABOUT[contest.chosen], max(1, room)))
    role = "notice" if contest.playing == contest.chosen else "bad" if contest.trouble else "muted"
    frame.right(frame.width - 2, y, how, role)


def _invitation(frame: Frame, scene: Scene, y: int) -> None:
    lines = [
        ("enter plays it against all five, from the same seed, with the same clients:", "title"),
        (", ".join(ARCHITECTURES) + ".", ""),
        ("In simulated worlds, a few seconds; the live cluster goes on meanwhile.", "muted"),
    ]
    if scene.contest.trouble:
        lines.append((scene.contest.trouble, "bad"))
    for row, (text, role) in enumerate(lines):
        frame.text(2, y + 1 + row, fit(text, frame.width - 3), role)


# --- the strips -----------------------------------------------------------------------------------


def _strips(
    frame: Frame, scene: Scene, plot: Plot, y: int, found: Comparison, fits: tuple[int, bool]
) -> int:
    """The axis of marks, five strips, the axis of time; the row after them."""
    bottom, tall = fits
    glyphs = SETS[scene.glyphs]
    rows = {row.architecture: row for row in found.rows}
    for mark in found.marks:
        x = plot.x + _cell_at(mark.at_us, found, plot)
        shape, role = _mark_shape(scene, harm=mark.harm)
        frame.text(x, y, shape, role, bold=True)
    if plot.figures:
        _heads(frame, y, plot.figures)
    y += 1
    for name in ARCHITECTURES:
        if y >= bottom:
            return y
        row = rows.get(name)
        frame.text(2, y, name, "title" if row is not None else "faint", bold=row is not None)
        if row is None:
            waiting = "playing…" if len(rows) == ARCHITECTURES.index(name) else ""
            waiting = waiting if scene.contest.playing == found.schedule else "not played"
            frame.text(plot.x, y, waiting, "notice" if waiting == "playing…" else "faint")
            y += 2 if tall else 1
            continue
        for column, (shape, role) in enumerate(_strip(row, found, plot.cells, glyphs)):
            frame.text(plot.x + column, y, shape, role)
        if plot.figures:
            _figures(frame, y, plot.figures, row)
        y += 1
        if tall:
            room = frame.width - plot.x - 2
            first, *rest = wrap(row.verdict, room) or [""]
            frame.text(plot.x, y, first, "muted")
            if rest:  # what the blank line between two strips can still take
                frame.text(plot.x, y + 1, fit(" ".join(rest), room), "muted")
            y += 2
    if y < bottom:
        _time_axis(frame, scene, plot, y, found)
        y += 1
    return y


def _cell_at(at_us: int, found: Comparison, plot: Plot) -> int:
    return min(max(at_us * plot.cells // found.lasting_us, 0), plot.cells - 1)


def _mark_shape(scene: Scene, *, harm: bool) -> tuple[str, str]:
    if scene.glyphs == "ascii":
        return ("v", "dead") if harm else ("^", "alive")
    return ("▼", "dead") if harm else ("▲", "alive")


def _strip(row: Row, found: Comparison, cells: int, glyphs: Glyphs) -> list[tuple[str, str]]:
    """A shape and a role for each equal part of the time."""
    tried, done = [0] * cells, [0] * cells
    for bucket in row.strip:
        cell = min(max(bucket.began * cells // found.lasting_us, 0), cells - 1)
        tried[cell] += bucket.tried
        done[cell] += bucket.ok
    return [_shape(t, d, glyphs) for t, d in zip(tried, done, strict=True)]


def _shape(tried: int, done: int, glyphs: Glyphs) -> tuple[str, str]:
    if not tried:
        return " ", "faint"
    if not done:
        return glyphs.dead, "dead"
    if done == tried:
        return glyphs.spark[6], "alive"
    return glyphs.spark[min(5, 6 * done // tried)], "suspect"


def _time_axis(frame: Frame, scene: Scene, plot: Plot, y: int, found: Comparison) -> None:
    glyphs = SETS[scene.glyphs]
    frame.text(plot.x, y, glyphs.line * plot.cells, "rule")
    step = 5 if found.lasting_us <= 25 * SECOND else 10
    for at_s in range(0, found.lasting_us // SECOND + 1, step):
        text = f"{at_s} s"
        x = plot.x + _cell_at(at_s * SECOND, found, plot)
        frame.text(min(x, plot.x + plot.cells - len(text)), y, text, "muted")


# --- the figures ----------------------------------------------------------------------------------


def _heads(frame: Frame, y: int, x: int) -> None:
    for word, wide in HEAD.items():
        x += wide
        frame.right(x, y, word, "muted")


def _figures(frame: Frame, y: int, x: int, row: Row) -> None:
    for wide, (text, role) in zip(HEAD.values(), figures_of(row), strict=True):
        x += wide
        frame.right(x, y, text, role, bold=role == "bad")


def figures_of(row: Row) -> list[tuple[str, str]]:
    """The row's figures in the order of `HEAD`, each with its role: what is broken stands out."""
    measures = row.measures
    share = measures.total.share
    lost = f"{measures.lost_count:,}/{measures.acknowledged:,}"
    both = measures.dual_master_us
    return [
        ("–" if share is None else percent(share), "" if share and share > 0.99 else "warn"),
        (seconds(measures.longest_outage.us), ""),
        (lost, "bad" if measures.lost_count else ""),
        (f"{measures.stale_count:,}", "warn" if measures.stale_count else ""),
        (seconds(both) if row.reigns else "–", "bad" if both else ""),
        (percent(row.moved_share), "warn" if row.moved_share > 0.5 else ""),
    ]


def _table(frame: Frame, y: int, found: Comparison, bottom: int) -> int:
    """The figures below, where there is no room beside."""
    x = 2 + NAME
    if frame.width < x + sum(HEAD.values()) + 1:
        return _losses(frame, y, found, bottom)
    _heads(frame, y, x)
    y += 1
    for row in found.rows:
        if y >= bottom:
            return y
        frame.text(2, y, row.architecture, "title")
        _figures(frame, y, x, row)
        y += 1
    return y


def _losses(frame: Frame, y: int, found: Comparison, bottom: int) -> int:
    """The least that must be said, for the narrowest."""
    for row in found.rows:
        if y >= bottom:
            return y
        (answered, role), _, (lost, bad), *_ = figures_of(row)
        name: ArchitectureName = row.architecture
        x = frame.text(2, y, f"{name:<{NAME}}", "title")
        x = frame.text(x, y, f"{answered:>7} answered  ", role)
        frame.text(x, y, f"{lost} lost", bad)
        y += 1
    return y


def _marks(frame: Frame, scene: Scene, y: int, found: Comparison, bottom: int) -> None:
    """What the marks mean, as many to a line as fit; then what the shapes mean."""
    x = 2
    for mark in found.marks:
        text = f"{mark.at_us / SECOND:.1f} s  {mark.text}"
        if x > 2 and x + len(text) + 2 > frame.width - 2:
            x, y = 2, y + 1
        if y >= bottom:
            return
        shape, role = _mark_shape(scene, harm=mark.harm)
        frame.text(x, y, shape, role, bold=True)
        x = frame.text(x + 2, y, fit(text, frame.width - x - 3)) + 4
    if y + 2 >= bottom:
        return
    glyphs = SETS[scene.glyphs]
    frame.runs(2, y + 2, [
        (glyphs.spark[6], "alive"), (" all answered  ", "muted"),
        (glyphs.spark[3], "suspect"), (" some  ", "muted"),
        (glyphs.dead, "dead"), (" none  ", "muted"),
        ("lost: of acknowledged writes", "muted"),
        ("  moved: places that changed hands" if frame.width >= 100 else "", "muted"),
    ])  # fmt: skip
