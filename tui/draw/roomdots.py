"""Rooms on the ring: a dot for each inside the bands, at its place, in the hue of who runs it.

The bands say who owns a place, the dots who serves it: after a death they change at different
times. A room on its way is a chord between two nodes with a mark that travels on it. Dots are only
drawn where nothing else is, so that the bands stay as they were; rooms that fall on one place are
stacked inwards, and what does not fit is left out (numbers stand beside the ring).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, sin
from typing import Final

from cluster.model.member import NodeId
from tui.draw.circle import Circle, Look, seat
from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS, GlyphSet
from tui.draw.raster import DOTS_X, DOTS_Y, Dots
from tui.judge.rooms.lanes import LINGER_US, Cell
from tui.seen.rooms import Flight

TURN: Final = 2 * pi
CIRCLE: Final = 1 << 32
"""Spots on the ring."""
HEADS_MAX: Final = 4
"""Marks on one chord at once."""
RIM: Final = 1.6
"""Pixels between the innermost band and the outermost dot."""
_ROLES: Final = {
    "twin": ("bad", 3),
    "failed": ("bad", 3),
    "orphan": ("dead", 2),
    "starting": ("joining", 2),
    "moving": ("joining", 2),
    "arrived": ("title", 2),
}


def paint_dots(
    frame: Frame,
    at: tuple[int, int],
    shape: Circle,
    looks: tuple[Look, ...],
    lanes: Mapping[NodeId, list[Cell]],
    glyphs: GlyphSet,
) -> None:
    """Every room at its place."""
    dots = Dots(shape.width, shape.rows)
    hues = {look.name: look.hue for look in looks}
    edge = shape.bands[-1][0] - RIM
    deep = max(1, int((edge - shape.nodes) / 0.75)) if edge > shape.nodes else 1
    cx, cy = shape.centre
    around = max(1, round(TURN * edge * DOTS_X * 0.5))
    stacked: dict[int, int] = {}
    for name, cells in lanes.items():
        for cell in cells:
            if cell.mark in ("left", "behind"):
                continue
            step = cell.spot * around // CIRCLE
            level = stacked[step] = stacked.get(step, -1) + 1
            if level >= deep:
                continue
            role, rank = _ROLES.get(cell.mark, (hues.get(name, "muted"), 1))
            angle = TURN * (step + 0.5) / around - pi / 2
            radius = edge - level * 0.75
            ink = ink_index(Ink(role, bold=rank > 1))
            x, y = cx + radius * cos(angle), cy + radius * sin(angle)
            dots.dot(x * DOTS_X, y * DOTS_Y / 2, ink, rank)
    dots.onto(frame, at[0], at[1], glyphs, free=True)


def paint_chords(
    frame: Frame,
    at: tuple[int, int],
    shape: Circle,
    looks: tuple[Look, ...],
    ways: Mapping[tuple[NodeId, NodeId], list[Flight]],
    now: int,
    glyphs: GlyphSet,
    *,
    motion: bool,
) -> None:
    """A chord for every pair of nodes between which rooms move, in the hue of where they go."""
    seats = {look.name: (look, seat(shape, i, len(looks))) for i, look in enumerate(looks)}
    dots = Dots(shape.width, shape.rows)
    heads: list[tuple[float, float]] = []
    for (source, to), flights in ways.items():
        if source not in seats or to not in seats:
            continue
        (_, start), (target, end) = seats[source], seats[to]
        ink = ink_index(Ink(target.hue + "b"))
        dots.line(_dots(start), _dots(end), ink, rank=1, every=3.0)
        for flight in flights[-HEADS_MAX:]:
            gone = (now - flight.began) / LINGER_US if motion else 0.5
            if 0 <= gone <= 1:
                heads.append(tuple(a + (b - a) * gone for a, b in zip(start, end, strict=True)))  # pyright: ignore[reportArgumentType]
    dots.onto(frame, at[0], at[1], glyphs)
    for x, y in heads:
        frame.text(at[0] + int(x), at[1] + int(y / 2), SETS[glyphs].room, "title", bold=True)


def _dots(pixel: tuple[float, float]) -> tuple[float, float]:
    return pixel[0] * DOTS_X, pixel[1] * DOTS_Y / 2
