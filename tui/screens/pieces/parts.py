"""Small pieces that several screens draw alike: ages, counts, axes, lines of the log.

Everything here writes into a frame at a place it is given and returns what the next piece needs.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import MemberState, NodeId
from tui.draw.chrome import fit
from tui.draw.frame import Frame, ink_at, ink_index
from tui.draw.glyphs import SETS, Glyphs
from tui.driving.sieve import kept_lines
from tui.driving.targets import Jump
from tui.judge.wording import brief as cut_short
from tui.scene import Scene, clock, hue
from tui.view import LAB, OBSERVER, EventLine

TONE_ROLE: Final = {"plain": "", "good": "good", "warn": "warn", "bad": "bad", "muted": "muted"}


def age(us: int) -> str:
    """How long ago, in at most five characters: 0.4s, 42s, 12m, 3h."""
    us = max(0, us)
    if us < 9_950_000:
        return f"{us / 1e6:.1f}s"
    if us < 99_500_000:
        return f"{us / 1e6:.0f}s"
    if us < 5_970_000_000:
        return f"{us / 60e6:.0f}m"
    return f"{us / 3600e6:.0f}h"


def number(value: float) -> str:
    """A figure of at most five characters: 0, 3.6, 242, 1,204, 38k."""
    if value <= 0:
        return "0"
    if value < 9.95:
        return f"{value:.1f}"
    if value < 9_999.5:
        return f"{value:,.0f}"
    return f"{value / 1e3:,.0f}k" if value < 999_500 else f"{value / 1e6:,.1f}M"


def state_glyph(glyphs: Glyphs, state: MemberState) -> tuple[str, str]:
    """A belief as a shape and its role."""
    match state:
        case MemberState.ALIVE:
            return glyphs.alive, "alive"
        case MemberState.SUSPECT:
            return glyphs.suspect, "suspect"
        case MemberState.DEAD | MemberState.REMOVED:
            return glyphs.dead, "dead"
        case MemberState.LEFT:
            return glyphs.left, "muted"


def name_role(scene: Scene, name: NodeId) -> str:
    """The colour of a node's name; those who are no nodes have none."""
    return "muted" if name in (LAB, OBSERVER) else f"owner{hue(scene.view, name)}"


def band(frame: Frame, y: int) -> None:
    """Mark a whole row as the chosen one, beside its arrow and its weight."""
    row = frame.inks[y]
    for x, index in enumerate(row):
        ink = ink_at(index)
        row[x] = ink_index(ink._replace(bg="selected.bg"))


def rule(frame: Frame, y: int, scene: Scene) -> None:
    """A faint line across the screen."""
    frame.text(1, y, SETS[scene.glyphs].line * (frame.width - 2), "rule")


def events(
    frame: Frame,
    scene: Scene,
    x: int,
    y: int,
    width: int,
    rows: int,
    *,
    brief: bool = False,
    beside: tuple[int, int] = (0, 0),
) -> None:
    """The last lines of the log, newest last; `brief` leaves the hour away. `beside`: so many rows have
    something to their right, and are only so wide.
    """
    told = (e for e in scene.view.events if e.at <= scene.now)
    lines = kept_lines(scene, told)[-rows:] if rows > 0 else []
    longest = max((len(speaker(line.node)) for line in lines), default=0)
    for row, line in enumerate(lines):
        room = beside[1] if row < beside[0] else width
        event(frame, scene, (x, y + row), room, line, min(8, longest), brief=brief)


def jump_to(scene: Scene, line: EventLine) -> Jump:
    """What explains a line of the log: the messages of its moment, and its node if it is one."""
    return Jump("flow", line.node if line.node in scene.view.nodes else None, at=line.at)


def speaker(name: NodeId) -> str:
    """Who says a line: a node, the lab, or we who watch."""
    return "we" if name == OBSERVER else name


def event(
    frame: Frame,
    scene: Scene,
    place: tuple[int, int],
    width: int,
    line: EventLine,
    name_width: int,
    *,
    brief: bool = False,
) -> None:
    """One line: when, who, what."""
    x, y = place
    fact = scene.line.fact if scene.line is not None else None
    if fact is not None and (fact.at, fact.node) == (line.at, line.node):
        frame.text(x, y, " " * width, bg="selected.bg")
        frame.text(x - 2, y, SETS[scene.glyphs].here, "notice", bold=True)
    when = clock(scene, line.at, 3)
    end = frame.text(x, y, when[3:] if brief else when, "faint")
    frame.hit(x, y, end - x, 1, jump_to(scene, line))
    end += 2
    called = speaker(line.node)
    if len(called) > name_width:
        called = cut_short(scene.view.nodes, name_width).get(called, called)
    frame.text(end, y, called[:name_width], name_role(scene, line.node), bold=True)
    end += name_width + 2
    frame.text(end, y, fit(line.text, x + width - end), TONE_ROLE[line.tone])


def axis_step(span_us: int, marks: int) -> int:
    """A round distance for about `marks` ticks on an axis of `span_us`."""
    for step in (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000):
        if span_us / (step * 1_000) <= marks:
            return step * 1_000
    return 300_000_000 * max(1, span_us // (300_000_000 * marks))


def axis_label(us: int) -> str:
    """A tick: 0, 0.5, 4, 90 (seconds)."""
    return f"{us / 1e6:g}"
