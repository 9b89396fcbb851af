"""A story as a picture: a lane per node, a mark per step, a slope per message.

A message runs from where it was sent to where it arrived; one that is not known to have arrived is
dashed and ends in a cross before its lane. Marks lie over slopes, slopes over lanes; words stand on
a lane where there is room for them. Lanes that do not fit are folded and counted.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.model.facts import (
    FactId,
    HintStored,
    MemberChanged,
    MessageReceived,
    MessageSent,
    OperationFinished,
    OperationStarted,
    ProbeMissed,
    SuspicionConfirmed,
    SuspicionRaised,
)
from cluster.model.member import MemberState, NodeId
from tui.draw.chrome import fit
from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS
from tui.draw.raster import DOTS_X, DOTS_Y, Dots
from tui.judge.standing import standing
from tui.judge.stories.story import Arrow, Step, Story
from tui.judge.stories.telling import short
from tui.judge.wording import seconds
from tui.scene import Scene, hue
from tui.screens.pieces.parts import name_role
from tui.screens.spacetime.axis import Axis, axis_of

AT_ONCE_US: Final = 50
SPREAD: Final = 7
"""Rows from one lane to the next, at most."""
WORD_LEAST: Final = 6
"""A word shorter than this when cut says nothing."""


class Picture(Struct, frozen=True):
    """Where everything is."""

    axis: Axis
    rows: dict[NodeId, int]
    """The row of each lane that is drawn."""
    folded: tuple[NodeId, ...]


def lay(scene: Scene, story: Story, place: tuple[int, int], size: tuple[int, int]) -> Picture:
    """Lay the lanes and the axis out in a box at (x, y) of (width, height) cells."""
    (x, y), (width, height) = place, size
    rows = max(1, height - 1)
    taking = [name for name in scene.view.nodes if name in story.lanes]
    taking += [name for name in story.lanes if name not in taking]
    most = max(1, (rows + 1) // 2)
    drawn = _busiest(story, taking, most)
    gap = max(1, min(SPREAD, (rows - 1) // (len(drawn) - 1))) if len(drawn) > 1 else 1
    wide = width >= 100
    end = max(x + 12, x + width - (20 if wide else 12))
    times = [moment(step) for step in story.steps]
    axis = axis_of(times, x + 8, end, 12 if wide else 8, 14 if wide else 9)
    lanes = {name: y + 1 + place * gap for place, name in enumerate(drawn)}
    return Picture(axis, lanes, tuple(name for name in taking if name not in lanes))


def moment(step: Step) -> int:
    """When a step is drawn. What one input brings about happens at once, though it is numbered."""
    return step.fact.hlc // AT_ONCE_US * AT_ONCE_US


def _busiest(story: Story, names: list[NodeId], most: int) -> list[NodeId]:
    """The lanes that are drawn, in the order of the names: those with the most steps."""
    if len(names) <= most:
        return names
    steps = dict.fromkeys(names, 0)
    for step in story.steps:
        steps[step.fact.node] += 1
    ranked = sorted(names, key=lambda name: (name != story.about, -steps[name]))[:most]
    return [name for name in names if name in ranked]


def paint_lanes(
    frame: Frame, scene: Scene, story: Story, picture: Picture, chosen: FactId | None
) -> None:
    """Draw all of it. With a chosen step, only what led to it and came of it stays lit."""
    lit = story.path(chosen) if chosen is not None and story.step(chosen) else None
    for name in picture.rows:
        spoke = any(step.fact.node == name for step in story.steps)
        _lane(frame, scene, picture, name, spoke=spoke)
    crosses = _slopes(frame, scene, story, picture, lit)
    _cut_marks(frame, scene, picture)
    _times(frame, picture)
    _marks(frame, scene, story, picture, lit, chosen)
    for x, y, role in crosses:
        frame.text(x, y, SETS[scene.glyphs].no, role, bold=True)


# --- what lies under it --------------------------------------------------------------------------


def _times(frame: Frame, picture: Picture) -> None:
    """The first row: how long after the beginning each piece starts, and what is left out."""
    y = min(picture.rows.values()) - 1
    axis = picture.axis
    free = 0
    for place, piece in enumerate(axis.pieces):
        text = "0" if not place else f"+{_brief(piece.since - axis.began)}"
        if piece.left >= free:
            free = frame.text(piece.left, y, text, "muted") + 1
        if place < len(axis.cuts):
            cut = axis.cuts[place]
            wide = cut.right - cut.left >= 12
            said = f"{_brief(cut.us)} cut" if wide else _brief(cut.us)
            if cut.left + 1 >= free:
                free = frame.text(cut.left + 1, y, said[: cut.right - cut.left], "faint") + 1
    last = axis.pieces[-1]
    text = f"+{_brief(last.until - axis.began)}"
    if last.until > last.since and last.right - len(text) > free:
        frame.right(last.right, y, text, "muted")


def _brief(us: int) -> str:
    if us < 10_000:
        return f"{us / 1000:.1f} ms"
    return f"{us / 1000:.0f} ms" if us < 1_000_000 else seconds(us)


def _lane(frame: Frame, scene: Scene, picture: Picture, name: NodeId, *, spoke: bool) -> None:
    """A node's line. Who took part was there, whatever became of it since."""
    y = picture.rows[name]
    known = name in scene.view.nodes and not spoke
    held = standing(scene.view, name, scene.now) if known else None
    frame.text(1, y, fit(name, 4), name_role(scene, name), bold=True)
    if held is not None and not held.well:
        frame.text(6, y, held.glyph(scene.glyphs), held.role, bold=True)
    glyphs = SETS[scene.glyphs]
    away = held is not None and held.word in ("dead", "removed", "gone", "left")
    line = f"{glyphs.cut} " if away else glyphs.line
    left = picture.axis.pieces[0].left - 1
    width = frame.width - 1 - left
    frame.text(left, y, (line * width)[: max(0, width)], "rule")
    frame.hit(0, y, 7, 1, name)


def _cut_marks(frame: Frame, scene: Scene, picture: Picture) -> None:
    """A dotted line through all lanes at both ends of what is left out."""
    mark = "┆" if scene.glyphs != "ascii" else ":"
    top, bottom = min(picture.rows.values()), max(picture.rows.values())
    for cut in picture.axis.cuts:
        for y in range(top - 1, bottom + 1):
            if y >= top or frame.chars[y][cut.left] == " ":
                frame.text(cut.left, y, mark, "faint")
        for y in picture.rows.values():
            frame.text(cut.left + 1, y, " " * (cut.right - cut.left - 1))


# --- messages ------------------------------------------------------------------------------------


def _slopes(
    frame: Frame, scene: Scene, story: Story, picture: Picture, lit: frozenset[FactId] | None
) -> list[tuple[int, int, str]]:
    """Draw the messages; returns where the crosses of the lost ones stand."""
    top = min(picture.rows.values())
    dots = Dots(frame.width, max(picture.rows.values()) - top + 1)
    crosses: list[tuple[int, int, str]] = []
    usual = _usual(story, picture)
    for arrow in story.arrows:
        sent, arrival = story.step(arrow.sent), story.step(arrow.received)
        if sent is None or sent.fact.node not in picture.rows or arrow.to not in picture.rows:
            continue
        shines = lit is None or arrow.sent in lit
        x0 = picture.axis.column(moment(sent))
        x1 = picture.axis.column(moment(arrival)) if arrival is not None else x0 + usual
        y0, y1 = picture.rows[sent.fact.node] - top, picture.rows[arrow.to] - top
        role = "bad" if arrow.lost else f"owner{hue(scene.view, sent.fact.node)}"
        ink = ink_index(Ink(role if shines else "rule"))
        start = (x0 * DOTS_X + 1.0, y0 * DOTS_Y + 1.5)
        end = (x1 * DOTS_X + 1.0, y1 * DOTS_Y + 1.5)
        rank = (2 if shines else 0) + (1 if arrow.lost else 0)
        if arrow.received is None:
            end = _part(start, end)
            crosses += _cross(frame, arrow, end, top, "bad" if shines else "faint")
        dots.line(start, end, ink, rank=rank, every=3.0 if arrow.received is None else 1.0)
    dots.onto(frame, 0, top, scene.glyphs)
    return crosses


def _usual(story: Story, picture: Picture) -> int:
    """How many columns a message of this story takes: for those that never arrived."""
    found: list[int] = []
    for arrow in story.arrows:
        sent, arrival = story.step(arrow.sent), story.step(arrow.received)
        if sent is not None and arrival is not None:
            span = picture.axis.column(moment(arrival)) - picture.axis.column(moment(sent))
            found.append(span)
    found.sort()
    return max(3, min(24, found[len(found) // 2])) if found else 12


def _part(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """As far as the row before its lane, where a message that did not arrive ends."""
    (x0, y0), (x1, y1) = start, end
    far = max(0.5, 1.0 - DOTS_Y / max(1.0, abs(y1 - y0)))
    return x0 + (x1 - x0) * far, y0 + (y1 - y0) * far


def _cross(
    frame: Frame, arrow: Arrow, end: tuple[float, float], top: int, role: str
) -> list[tuple[int, int, str]]:
    """Where a lost message ends; one under way ends nowhere."""
    if not arrow.lost:
        return []
    x, y = int(end[0]) // DOTS_X, int(end[1]) // DOTS_Y + top
    return [(min(x, frame.width - 2), y, role)]


# --- steps ---------------------------------------------------------------------------------------


def mark_of(scene: Scene, step: Step) -> tuple[str, str, int]:
    """A step's shape, its role, and its rank where several fall into one cell."""
    glyphs = SETS[scene.glyphs]
    own = f"owner{hue(scene.view, step.fact.node)}"
    match step.fact.payload:
        case OperationStarted():
            return glyphs.alive, own, 5
        case OperationFinished(outcome=outcome):
            good = outcome in ("ok", "absent")
            return (glyphs.yes, "good", 9) if good else (glyphs.no, "bad", 9)
        case MessageSent():
            return glyphs.alive, own, 1
        case MessageReceived():
            return glyphs.here, own, 2
        case HintStored():
            return glyphs.joining, "warn", 6
        case ProbeMissed():
            return glyphs.silent, "warn", 7
        case MemberChanged(claim=claim):
            if claim.state is MemberState.SUSPECT:
                return glyphs.suspect, "suspect", 8
            if claim.state is MemberState.ALIVE:
                return glyphs.alive, "alive", 4
            return glyphs.dead, "dead", 8
        case SuspicionRaised() | SuspicionConfirmed():
            return glyphs.suspect, "suspect", 3
        case _:
            return glyphs.left, "muted", 3


def _marks(
    frame: Frame,
    scene: Scene,
    story: Story,
    picture: Picture,
    lit: frozenset[FactId] | None,
    chosen: FactId | None,
) -> None:
    """One mark a cell, the most telling; then words, as far as the next mark."""
    cells: dict[tuple[int, int], list[Step]] = {}
    for step in story.steps:
        y = picture.rows.get(step.fact.node)
        if y is not None:
            cells.setdefault((y, picture.axis.column(moment(step))), []).append(step)
    for (y, x), steps in cells.items():
        best = max(steps, key=lambda step: mark_of(scene, step)[2])
        glyph, role, _ = mark_of(scene, best)
        bright = lit is None or any(step.id in lit for step in steps)
        here = any(step.id == chosen for step in steps)
        frame.text(x, y, glyph, "selection" if here else role if bright else "faint",
                   bg="selected.bg" if here else "", bold=bright)  # fmt: skip
    for (y, x), steps in sorted(cells.items()):
        beyond = [other for row, other in cells if row == y and other > x]
        cut = [c.left for c in picture.axis.cuts if c.left > x]
        end = min([*beyond, *cut, frame.width - 1])
        told = sorted(steps, key=lambda step: -mark_of(scene, step)[2])
        word = next((text for step in told if (text := short(step.fact))), "")
        bright = lit is None or any(step.id in lit for step in steps)
        room = end - x - 3
        if word and (room >= len(word) or room >= WORD_LEAST):
            said = f" {fit(word, room)} "
            frame.text(x + 1, y, said, "" if bright else "faint")
