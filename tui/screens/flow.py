"""The flow screen: one story at a time, as messages between lanes over an axis cut where it is quiet.

Left to itself it tells the most telling story of the moment: a death that spreads, a write that
missed somebody, else the latest write. Whoever chooses a step holds the story: what led to the
step and what came of it stays lit, the rest fades. Below: the step in words, and what is not drawn.
"""

from __future__ import annotations

from cluster.model.member import NodeId
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.judge.stories.story import Step, Story
from tui.judge.stories.telling import counts, hidden, long, sentence, title
from tui.judge.stories.walk import shown
from tui.judge.stories.weave import Weave
from tui.judge.wording import counted, listed
from tui.scene import Scene, clock
from tui.screens.spacetime.lanes import lay, paint_lanes


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    story = shown(scene.view, scene.now, scene.look)
    if story is None:
        paint_chrome(frame, scene, "flow", "no operation heard of yet")
        _nothing_yet(frame)
        return frame
    held = scene.look.story is not None
    detail = f"{title(story)}   {clock(scene, story.began, 3)}{'   held' if held else ''}"
    paint_chrome(frame, scene, "flow", detail, sentence(story))
    y = TOP + (1 if height >= 22 else 0)
    bottom = height - FOOT
    below = _words(scene, story, width)
    rows = bottom - y - len(below) - 3
    if rows < 6:
        below, rows = [], bottom - y
    if rows < 2 or width < 20:
        return frame
    picture = lay(scene, story, (0, y), (width, rows))
    paint_lanes(frame, scene, story, picture, scene.look.step)
    _folded(
        frame, scene, story, picture.folded, max(picture.rows.values()) + 2, bottom - len(below)
    )
    for row, (heading, text, role) in enumerate(below):
        at = bottom - len(below) + row
        frame.text(2, at, heading, "muted")
        frame.text(12, at, fit(text, width - 13), role)
    return frame


def _nothing_yet(frame: Frame) -> None:
    lines = (
        "Nobody has told of an operation, a probe or a doubt yet.",
        "Each write, read and accusation is drawn here: who asked whom, what arrived,",
        "what got lost, and what came of it.",
    )
    for row, line in enumerate(lines):
        if TOP + 2 + row < frame.height - FOOT:
            frame.text(4, TOP + 2 + row, fit(line, frame.width - 6), "" if not row else "muted")


Line = tuple[str, str, str]


def _words(scene: Scene, story: Story, width: int) -> list[Line]:
    """What stands below the picture."""
    weave = Weave(scene.view.trace)
    step = story.step(scene.look.step)
    lines: list[Line] = []
    if step is not None:
        lines.append(("chosen", f"{clock(scene, step.fact.at, 3)}  {long(step, story)}", ""))
        lines.append(("because", _because(story, step), ""))
        lines.append(("led to", _led_to(story, step), ""))
    elif width >= 100:
        lines.append(("shapes", _shapes(scene), "muted"))
    drawn, rest = counts(story), hidden(weave, story)
    more = f"   and {counted(story.more, 'later step')}" if story.more else ""
    if width >= 100:
        lines.append(("in view", f"{drawn or 'no messages'}{more}", ""))
        lines.append(("not drawn", f"{rest or 'nothing else traced'} (traced, same time)", "muted"))
    else:
        lines.append(("in view", f"{counted(len(story.arrows), 'message')}{more}"
                                 f"   not drawn: {rest or 'none'}", "muted"))  # fmt: skip
    return lines


def _shapes(scene: Scene) -> str:
    glyphs = SETS[scene.glyphs]
    return (
        f"{glyphs.alive} sent  {glyphs.here} arrived  {glyphs.yes} client told  "
        f"{glyphs.no} lost (inferred: nobody told of its arrival)   ↑↓ choose a step"
    )


def _because(story: Story, step: Step) -> str:
    causes = [story.step(cause) for cause in step.causes]
    told = [long(cause, story) for cause in causes if cause is not None]
    inferred = " (inferred)" if step.inferred else ""
    if told:
        return told[-1] + inferred
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
