"""A story as a picture: a lane per node, a mark per step, a slope per message.

A message runs from where it was sent to where it arrived; one that is not known to have arrived is
dashed and ends in a cross before its lane. Marks lie over slopes, slopes over lanes; words stand on
a lane where there is room for them. What reaches beyond a picture that was narrowed ends at its
edge. Where all this is: `tui.screens.spacetime.picture`.
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
from tui.judge.stories.story import Step, Story
from tui.judge.stories.telling import short
from tui.judge.stories.walk import Whisper
from tui.judge.wording import seconds
from tui.scene import Scene, hue
from tui.screens.pieces.parts import name_role
from tui.screens.spacetime.axis import Axis
from tui.screens.spacetime.picture import (
    LANE_LEAST,
    TIMES,
    Order,
    Picture,
    moment,
    moment_of,
)

WORD_LEAST: Final = 6
"""A word shorter than this when cut says nothing."""


def paint_lanes(
    frame: Frame,
    scene: Scene,
    story: Story,
    picture: Picture,
    whispers: list[Whisper],
) -> None:
    """Draw all of it. With a chosen step, only what led to it and came of it stays lit."""
    chosen = scene.look.step
    lit = story.path(chosen) if chosen is not None and story.step(chosen) else None
    for name in picture.rows:
        spoke = any(step.fact.node == name for step in story.steps)
        _lane(frame, scene, picture, name, spoke=spoke)
    crosses = _slopes(frame, scene, story, picture, lit, whispers)
    if isinstance(picture.axis, Axis):
        _cut_marks(frame, scene, picture, picture.axis)
        _times(frame, picture, picture.axis)
    else:
        _moments(frame, picture.axis)
    _marks(frame, scene, picture, lit, chosen)
    for x, y, role in crosses:
        frame.text(x, y, SETS[scene.glyphs].no, role, bold=True)


# --- what lies under it --------------------------------------------------------------------------


def _moments(frame: Frame, axis: Order) -> None:
    """Beside each row: how long after the first."""
    for at in axis.times:
        text = "0" if at == axis.began else f"+{_brief(at - axis.began)}"
        frame.right(TIMES - 2, axis.column(at), text, "muted")


def _times(frame: Frame, picture: Picture, axis: Axis) -> None:
    """The first row: how long after the beginning each piece starts, and what is left out."""
    y = min(picture.rows.values()) - 1
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
    known = name in scene.view.nodes and not spoke
    held = standing(scene.view, name, scene.now) if known else None
    glyphs = SETS[scene.glyphs]
    away = held is not None and held.word in ("dead", "removed", "gone", "left")
    if picture.turned:
        x = picture.rows[name]
        end = frame.text(x, picture.top - 1, fit(name, LANE_LEAST - 4), name_role(scene, name),
                         bold=True)  # fmt: skip
        if held is not None and not held.well:
            frame.text(end + 1, picture.top - 1, held.glyph(scene.glyphs), held.role, bold=True)
        mark = "|" if scene.glyphs == "ascii" else "┆" if away else "│"
        for y in range(picture.top, picture.bottom + 1):
            frame.text(x, y, mark, "rule")
        frame.hit(x, picture.top - 1, LANE_LEAST - 2, 1, name)
        return
    y = picture.rows[name]
    frame.text(1, y, fit(name, 4), name_role(scene, name), bold=True)
    if held is not None and not held.well:
        frame.text(6, y, held.glyph(scene.glyphs), held.role, bold=True)
    line = f"{glyphs.cut} " if away else glyphs.line
    left = picture.axis.column(picture.axis.began) - 1
    width = frame.width - 1 - left
    frame.text(left, y, (line * width)[: max(0, width)], "rule")
    frame.hit(0, y, 7, 1, name)


def _cut_marks(frame: Frame, scene: Scene, picture: Picture, axis: Axis) -> None:
    """A dotted line through all lanes at both ends of what is left out."""
    mark = "┆" if scene.glyphs != "ascii" else ":"
    top, bottom = picture.top, picture.bottom
    for cut in axis.cuts:
        for y in range(top - 1, bottom + 1):
            if y >= top or frame.chars[y][cut.left] == " ":
                frame.text(cut.left, y, mark, "faint")
        for y in picture.rows.values():
            frame.text(cut.left + 1, y, " " * (cut.right - cut.left - 1))


# --- messages ------------------------------------------------------------------------------------


Crosses = list[tuple[int, int, str]]
"""(x, y, role) of what got lost."""


class Way(Struct, frozen=True):
    """A message between two lanes; times are moments as they are drawn."""

    source: NodeId
    to: NodeId
    sent: int
    received: int | None
    lost: bool


def _slopes(
    frame: Frame,
    scene: Scene,
    story: Story,
    picture: Picture,
    lit: frozenset[FactId] | None,
    whispers: list[Whisper],
) -> Crosses:
    """Draw the messages; returns where the crosses of the lost ones stand."""
    dots = Dots(frame.width, picture.bottom - picture.top + 1)
    crosses: Crosses = []
    usual = _usual(story, picture)
    for each in whispers:
        way = Way(each.sent.node, each.to, moment_of(each.sent),
                  None if each.received is None else moment_of(each.received), each.lost)  # fmt: skip
        crosses += _slope(dots, picture, way, usual, ("faint", "faint", 0, 2.0))
    for arrow in story.arrows:
        sent, arrival = story.step(arrow.sent), story.step(arrow.received)
        if sent is None:
            continue
        received = None if arrival is None else moment(arrival)
        way = Way(sent.fact.node, arrow.to, moment(sent), received, arrow.lost)
        shines = lit is None or arrow.sent in lit
        role = "bad" if arrow.lost else f"owner{hue(scene.view, way.source)}"
        rank = (3 if shines else 1) + (1 if arrow.lost else 0)
        pen = (role if shines else "rule", "bad" if shines else "faint", rank, 1.0)
        crosses += _slope(dots, picture, way, usual, pen)
    for way in (*untraced(story), *_copied(story)):
        crosses += _slope(dots, picture, way, usual, ("muted", "faint", 0, 3.0))
    dots.onto(frame, 0, picture.top, scene.glyphs)
    return [cross for cross in crosses if 0 <= cross[0] < frame.width]


def untraced(story: Story) -> list[Way]:
    """News whose message was not traced, from who told it to who says so: he had learned it before."""
    arrived = {arrow.received for arrow in story.arrows}
    ways: list[Way] = []
    for place, step in enumerate(story.steps):
        news = step.fact.payload
        if not isinstance(news, MemberChanged) or news.teller in (step.fact.node, ""):
            continue
        if any(cause in arrived for cause in step.causes):
            continue
        known = [
            each for each in story.steps[:place]
            if each.fact.node == news.teller and isinstance(each.fact.payload, MemberChanged)
        ]  # fmt: skip
        at = moment(step)
        since = min(at, moment(known[-1])) if known else at
        ways.append(Way(news.teller, step.fact.node, since, at, lost=False))
    return ways


def _copied(story: Story) -> list[Way]:
    """To each copy of which only the end of a write tells: on its way from the beginning to the end,
    at most."""
    begun = moment(story.steps[0])
    return [
        Way(step.fact.node, name, begun, moment(step), lost=False)
        for step, name in story.unseen_copies
    ]


def drawable(picture: Picture, whisper: Whisper) -> bool:
    """Whether a message beside the story falls into the picture, and into none of its cuts."""
    ends = [whisper.sent] if whisper.received is None else [whisper.sent, whisper.received]
    lanes = whisper.sent.node in picture.rows and whisper.to in picture.rows
    return lanes and all(picture.axis.covers(moment_of(end)) for end in ends)


def _slope(
    dots: Dots, picture: Picture, way: Way, usual: int, pen: tuple[str, str, int, float]
) -> Crosses:
    """One message. `pen`: its role, that of its cross, its rank, how dense its dots are."""
    if way.source not in picture.rows or way.to not in picture.rows:
        return []
    role, crossed, rank, every = pen
    span = _within(picture, way)
    if span is None:
        return []
    here, there = picture.rows[way.source], picture.rows[way.to]
    along0 = picture.axis.column(way.sent)
    along1 = along0 + usual if way.received is None else picture.axis.column(way.received)
    if picture.turned:
        along1 = min(along1, picture.bottom)
    ends = (along0, here), (along1, there)
    if way.received is not None and span != (0.0, 1.0):
        ends = tuple((along, here + (there - here) * part)
                     for along, part in zip((along0, along1), span, strict=True))  # fmt: skip
    start, end = (_dot(picture, *each) for each in ends)
    if way.received is None:
        start, end = start, _part(start, end, turned=picture.turned)
        every = max(3.0, every)
    dots.line(start, end, ink_index(Ink(role)), rank=rank, every=every)
    if not way.lost:
        return []
    x, y = int(end[0]) // DOTS_X, int(end[1]) // DOTS_Y + picture.top
    return [(min(x, dots.width - 2), y, crossed)]


def _within(picture: Picture, way: Way) -> tuple[float, float] | None:
    """Which part of a message's way lies within the picture, from 0 to 1; None: no part."""
    since, until = moment(picture.steps[0]), moment(picture.steps[-1])
    received = way.sent if way.received is None else way.received
    if max(way.sent, received) < since or min(way.sent, received) > until:
        return None
    if received <= way.sent:
        return 0.0, 1.0
    took = received - way.sent
    return max(0.0, (since - way.sent) / took), min(1.0, (until - way.sent) / took)


def _dot(picture: Picture, along: float, across: float) -> tuple[float, float]:
    """The middle of a cell, in dots."""
    x, y = (across, along) if picture.turned else (along, across)
    return x * DOTS_X + 1.0, (y - picture.top) * DOTS_Y + 1.5


def _usual(story: Story, picture: Picture) -> int:
    """How far along the axis a message of this story goes: for those that never arrived."""
    found: list[int] = []
    for arrow in story.arrows:
        sent, arrival = story.step(arrow.sent), story.step(arrow.received)
        if sent is not None and arrival is not None:
            span = picture.axis.column(moment(arrival)) - picture.axis.column(moment(sent))
            found.append(span)
    found.sort()
    least, most = (1, 3) if picture.turned else (3, 24)
    return max(least, min(most, found[len(found) // 2])) if found else most // 2


def _part(
    start: tuple[float, float], end: tuple[float, float], *, turned: bool
) -> tuple[float, float]:
    """As far as just before its lane, where a message that did not arrive ends."""
    (x0, y0), (x1, y1) = start, end
    short = 2 * DOTS_X / max(1.0, abs(x1 - x0)) if turned else DOTS_Y / max(1.0, abs(y1 - y0))
    far = max(0.5, 1.0 - short)
    return x0 + (x1 - x0) * far, y0 + (y1 - y0) * far


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
    picture: Picture,
    lit: frozenset[FactId] | None,
    chosen: FactId | None,
) -> None:
    """One mark a cell, the most telling; then words, as far as the next mark."""
    cells: dict[tuple[int, int], list[Step]] = {}
    for step in picture.steps:
        across = picture.rows.get(step.fact.node)
        if across is not None:
            x, y = picture.cell(picture.axis.column(moment(step)), across)
            cells.setdefault((y, x), []).append(step)
    for (y, x), steps in cells.items():
        best = max(steps, key=lambda step: mark_of(scene, step)[2])
        glyph, role, _ = mark_of(scene, best)
        bright = lit is None or any(step.id in lit for step in steps)
        here = any(step.id == chosen for step in steps)
        frame.text(x, y, glyph, "selection" if here else role if bright else "faint",
                   bg="selected.bg" if here else "", bold=bright)  # fmt: skip
    for (y, x), steps in sorted(cells.items()):
        end = min([*_walls(picture, x), *(other for row, other in cells if row == y and other > x),
                   frame.width - 1])  # fmt: skip
        told = sorted(steps, key=lambda step: -mark_of(scene, step)[2])
        word = next((text for step in told if (text := short(step.fact))), "")
        bright = lit is None or any(step.id in lit for step in steps)
        room = end - x - 3
        if word and (room >= len(word) or room >= WORD_LEAST):
            said = f" {fit(word, room)} "
            frame.text(x + 1, y, said, "" if bright else "faint")


def _walls(picture: Picture, x: int) -> list[int]:
    """Columns right of x that no word may cover: cuts, or other lanes."""
    if isinstance(picture.axis, Axis):
        return [cut.left for cut in picture.axis.cuts if cut.left > x]
    return [column for column in picture.rows.values() if column > x]
