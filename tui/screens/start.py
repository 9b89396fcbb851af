"""The first frame, before any node has reported: what is being started, and how far it is.

Shows only what has been observed: a node's shape is empty until its process is seen running and
full once its own words reach us.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import Final

from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS, spelled
from tui.draw.prompt import paint_typing
from tui.draw.raster import DOTS_X, DOTS_Y, Dots
from tui.driving.line import Line
from tui.keys import footer
from tui.scene import Scene, clock

NAMED_MAX: Final = 16
"""Beyond this, names would lie on each other."""


def paint_start(scene: Scene, width: int, height: int, stage: str, expected: int) -> Frame:
    """A faint circle with a place for each expected node, and the stage in words."""
    frame = Frame(width, height)
    frame.text(1, 0, "masterless", "title", bold=True)
    if scene.frozen:
        _past(frame, scene)
    else:
        frame.runs(1, height - 1, [("q", "key"), (" quit", "muted")])
    rows = max(4, min(height - 8, width // 2 - 2, 20))
    if height >= 12:
        _circle(frame, scene, (width, height), rows, expected)
    frame.text((width - len(stage)) // 2, height // 2, stage)
    heard = sum(1 for node in scene.view.nodes.values() if node.connected)
    if len(scene.view.nodes) > NAMED_MAX:
        said = f"{heard} of {len(scene.view.nodes)} watched nodes are heard"
        frame.text((width - len(said)) // 2, height // 2 + 1, said, "muted")
    if scene.typing is not None or scene.inspection.typing is not None:
        _typed(frame, scene)
    elif scene.notice:
        frame.text(1, height - 2, f"{SETS[scene.glyphs].here} {scene.notice}", "notice")
    return frame


def _typed(frame: Frame, scene: Scene) -> None:
    """What is typed here is seen, though nothing answers to it yet: a name of a key as its command."""
    name = scene.inspection.typing or ""
    line = scene.typing or Line(":", f"key {name}", len(name) + 4)
    paint_typing(frame, line, scene)


def _past(frame: Frame, scene: Scene) -> None:
    """This is no start: somebody looks back at one, and is told so, and how to return."""
    line = scene.line
    badge = " FROZEN "
    if line is not None and line.playing:
        badge = f" REPLAY {spelled(line.pace, scene.glyphs)} "
    moment = clock(scene, scene.now, 0) if scene.now else ""
    end = frame.width - 1 - len(moment)
    frame.text(end, 0, moment, "warn")
    frame.text(end - len(badge) - 1, 0, badge, "frozen", bg="frozen.bg", bold=True)
    x = 0
    for text, role, _ in footer(scene, "home", frame.width):
        x = frame.text(x, frame.height - 1, text, role)


def _circle(frame: Frame, scene: Scene, size: tuple[int, int], rows: int, expected: int) -> None:
    width, height = size
    columns = rows * 2
    x0, y0 = (width - columns) // 2, (height - rows) // 2
    dots = Dots(columns, rows)
    ink = ink_index(Ink("thread"))
    cx, cy = columns * DOTS_X / 2, rows * DOTS_Y / 2
    radius = min(cx, cy) - 2
    steps = round(2 * pi * radius / 4)
    for step in range(steps):
        angle = 2 * pi * step / steps
        dots.dot(cx + radius * cos(angle), cy + radius * sin(angle), ink)
    dots.onto(frame, x0, y0, scene.glyphs)
    glyphs = SETS[scene.glyphs]
    nodes = list(scene.view.nodes.values())
    for place in range(max(expected, len(nodes))):
        angle = 2 * pi * place / max(expected, len(nodes)) - pi / 2
        x = x0 + round((cx + radius * cos(angle)) / DOTS_X)
        y = y0 + int((cy + radius * 0.98 * sin(angle)) / DOTS_Y)
        label, role, back = f" {glyphs.joining} ", "faint", ""
        if place < len(nodes):
            node = nodes[place]
            label = f" {node.name} "
            if len(nodes) > NAMED_MAX:
                label = glyphs.alive if node.connected else glyphs.silent
                role = f"owner{place % 8}"
            elif node.connected:
                role, back = "badge", f"owner{place % 8}"
            elif node.process == "running":
                role = f"owner{place % 8}"
        frame.text(x - len(label) // 2, y, label, role, bg=back, bold=back != "")
