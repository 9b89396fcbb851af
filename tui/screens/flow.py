"""The flow screen: one story at a time, as messages between lanes over an axis cut where it is quiet.

Left to itself it tells the most telling story of the moment: a death that spreads, a write that
missed somebody, else the latest write. Whoever chooses a step holds the story: what led to the
step and what came of it stays lit, the rest fades. Below: the step in words, and what is not drawn.
"""

from __future__ import annotations

from cluster.model.facts import MemberChanged
from cluster.model.member import NodeId
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.foreign.telling import without
from tui.judge.stories.story import Step, Story, Topic
from tui.judge.stories.telling import counts, hidden, long, sentence, title
from tui.judge.stories.walk import Whisper, beside, shown
from tui.judge.stories.weave import Weave
from tui.judge.wording import counted, listed
from tui.scene import ON_STAGE, Scene, clock
from tui.screens.spacetime.lanes import drawable, paint_lanes
from tui.screens.spacetime.picture import Picture, lay


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    story = shown(scene.view, scene.now, scene.look)
    if story is None:
        only = scene.look.only
        said = f"only {only.written}: nothing kept" if only else "no operation heard of yet"
        paint_chrome(frame, scene, "flow", said)
        _nothing_yet(frame, only, without(scene.view, "messages"))
        return frame
    y = TOP + (1 if height >= 22 else 0)
    bottom = height - FOOT
    weave = Weave(scene.view.trace)
    words = _rows_of_words(scene, story, width)
    rows = bottom - y - words - 3
    if rows < 6:
        words, rows = 0, bottom - y
    picture = lay(scene, story, (0, y), (width, max(2, rows)))
    near = beside(weave, story, scene.now) if scene.look.gossip else []
    whispers = [each for each in near if drawable(picture, each)]
    below = _words(scene, story, weave, whispers, width) if words else []
    paint_chrome(
        frame, scene, "flow", _detail(scene, story, picture, wide=width >= 100), sentence(story)
    )
    if rows < 2 or width < 20:
        return frame
    paint_lanes(frame, scene, story, picture, whispers)
    _folded(frame, scene, story, picture.folded, picture.bottom + 2, bottom - len(below))
    for row, (heading, text, role) in enumerate(below):
        at = bottom - len(below) + row
        frame.text(2, at, heading, "muted")
        frame.text(12, at, fit(text, width - 13), role)
    return frame


def _detail(scene: Scene, story: Story, picture: Picture, *, wide: bool) -> str:
    """What is drawn, and of how much."""
    look = scene.look
    parts = [title(story), clock(scene, story.began, 3)]
    first, after = picture.shown
    if (first, after) != (0, len(story.steps)):
        part = f"steps {first + 1}-{after} of {len(story.steps)}"
        parts = [*parts, part] if wide else [parts[0], part]
    if look.only is not None:
        parts.append("only this")
    elif look.story is not None and (wide or len(parts) < 3):
        parts.append("held")
    return "   ".join(parts)


def _nothing_yet(frame: Frame, only: Topic | None, without_messages: str) -> None:
    lines = (
        (
            f"No story of {only.written} is kept: the nodes trace some keys, for some seconds.",
            "f shows all stories again.",
        )
        if only
        else (
            f"{without_messages} Who sent what to whom is not known here.",
            "What its members believe of each other is on 3 matrix.",
        )
        if without_messages
        else (
            "Nobody has told of an operation, a probe or a doubt yet.",
            "Each write, read and accusation is drawn here: who asked whom, what arrived,",
            "what got lost, and what came of it.",
        )
    )
    for row, line in enumerate(lines):
        if TOP + 2 + row < frame.height - FOOT:
            frame.text(4, TOP + 2 + row, fit(line, frame.width - 6), "" if not row else "muted")


Line = tuple[str, str, str]


def _rows_of_words(scene: Scene, story: Story, width: int) -> int:
    """How many rows `_words` takes."""
    wide = width >= 100
    chosen = 3 if story.step(scene.look.step) is not None else 1 if wide else 0
    return chosen + (2 if wide else 1)


def _words(
    scene: Scene, story: Story, weave: Weave, whispers: list[Whisper], width: int
) -> list[Line]:
    """What stands below the picture."""
    step = story.step(scene.look.step)
    lines: list[Line] = []
    if step is not None:
        lines.append(("chosen", f"{clock(scene, step.fact.at, 3)}  {long(step, story)}", ""))
        lines.append(("because", because(story, step), ""))
        lines.append(("led to", _led_to(story, step), ""))
    elif width >= 100:
        lines.append(("shapes", _shapes(scene), "muted"))
    drawn, rest = counts(story), hidden(weave, story, {each.sent.id for each in whispers})
    if scene.look.gossip:
        drawn += f"   beside it, faint: gossip {len(whispers)}"
    more = f"   and {counted(story.more, 'later step')}" if story.more else ""
    if width >= 100:
        lines.append(("in view", f"{drawn or 'no messages'}{more}", ""))
        lines.append(("not drawn", f"{rest or 'nothing else traced'} (traced, same time)", "muted"))
    else:
        more += f" and gossip {len(whispers)}" if scene.look.gossip else ""
        lines.append(("in view", f"{counted(len(story.arrows), 'message')}{more}"
                                 f"   not drawn: {rest or 'none'}", "muted"))  # fmt: skip
    return lines


def _shapes(scene: Scene) -> str:
    glyphs = SETS[scene.glyphs]
    keys = "" if scene.source == ON_STAGE else "   ↑↓ choose a step"
    return (
        f"{glyphs.alive} sent  {glyphs.here} arrived  {glyphs.yes} client told  "
        f"{glyphs.no} lost (inferred)  dotted: told, not traced{keys}"
    )


def because(story: Story, step: Step) -> str:
    """What led to a step, as far as it was told."""
    causes = [story.step(cause) for cause in step.causes]
    told = [long(cause, story) for cause in causes if cause is not None]
    inferred = " (inferred)" if step.inferred else ""
    if told:
        return told[-1] + inferred
    heard = step.fact.payload
    if isinstance(heard, MemberChanged) and heard.teller not in (step.fact.node, ""):
        return f"told by {heard.teller} in a message that was not traced"
    return (
        "a client asked" if step.id == story.root else "nothing that was told: a timer, or a client"
    )


def _led_to(story: Story, step: Step) -> str:
    effects = [each for each in story.steps if step.id in each.causes]
    if not effects:
        return "nothing that was told"
    more = f"   and {len(effects) - 1} more" if len(effects) > 1 else ""
    return long(effects[0], story) + more


def _folded(
    frame: Frame, scene: Scene, story: Story, folded: tuple[NodeId, ...], y: int, bottom: int
) -> None:
    """Who is not drawn: nothing of this happened there, or there is no room."""
    quiet = [name for name in scene.view.nodes if name not in story.lanes]
    parts = [f"{listed(quiet)} quiet here, folded"] if quiet else []
    if folded:
        parts.append(f"{listed(list(folded))} took part too, folded: no room")
    if parts and y < bottom:
        frame.text(1, y, fit("   ".join(parts), frame.width - 2), "faint")
