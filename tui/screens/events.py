"""The events screen: the log alone, as much of it as fits, newest last.

One line a fact worth reading, each from its node's point of view. Lines that the chosen node said,
or that name it, are marked; how much was heard and missed stands above.
"""

from __future__ import annotations

from tui.draw.chrome import FOOT, TOP, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.driving.sieve import hidden, kept_lines
from tui.judge.wording import counted, seconds
from tui.scene import Scene
from tui.screens.pieces.parts import event, speaker
from tui.view import EVENTS_MAX, EventLine


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    paint_chrome(frame, scene, "events")
    y = TOP + (1 if height >= 22 else 0)
    bottom = height - FOOT
    if bottom - y < 3:
        return frame
    told = [line for line in scene.view.events if line.at <= scene.now]
    lines = kept_lines(scene, told)
    x = frame.text(2, y, "what happened, newest last", "muted")
    back = _reach(scene)
    if len(lines) < len(told):
        said = f"; lines: {hidden(len(lines), len(told))}"
        brief = said.replace("lines: ", "") if x + len(said) + len(back) + 3 > width else said
        x = frame.text(x, y, f"{brief}{back and f', of {back}'}", "notice")
    elif back:
        x = frame.text(x, y, f": {back}", "muted")
    heard = f"{scene.view.facts:,} facts heard"
    heard += f", {scene.view.lost:,} missed" if scene.view.lost else ""
    rows = bottom - y - 2
    frame.scroll_max = max(0, len(lines) - rows)
    back = min(scene.scroll, frame.scroll_max)
    shown = lines[len(lines) - rows - back if len(lines) > rows else 0 : len(lines) - back]
    if back:
        said = f"   {counted(back, 'later line')} below"
        x = frame.text(x, y, said if x + len(said) + 2 < width else "", "notice")
    frame.right(width - 2, y, heard if width - len(heard) > x + 4 else "", "muted")
    longest = max((len(speaker(line.node)) for line in shown), default=0)
    for row, line in enumerate(shown, start=y + 2):
        if _about(line, scene.selected):
            frame.text(0, row, SETS[scene.glyphs].here, "selection", bold=True)
        event(frame, scene, (2, row), width - 3, line, min(8, longest), brief=width < 70)
        if line.node in scene.view.nodes:
            frame.hit(0, row, width, 1, line.node)
    return frame


def _reach(scene: Scene) -> str:
    """How far back the log goes, once it is full: what is older is looked for where time was."""
    known = scene.view.events
    if len(known) < EVENTS_MAX:
        return ""
    return f"the last {seconds(max(0, scene.now - known[0].at))}"


def _about(line: EventLine, name: str | None) -> bool:
    """Whether a line was said by this node, or names it."""
    if name is None:
        return False
    words = line.text.replace(",", " ").replace(":", " ").replace("'s", " ").split()
    return line.node == name or name in words
