"""Lanes: a row per node, its rooms as marks in ring order, and lines that follow those who move.

How much is said of a room depends on how many there are: its name, a mark with air, a mark, or one
mark for several (the worst of them; the heading says how many). The densest lane decides for all,
so that lengths can be compared. State is a shape first, then a colour.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.model.member import NodeId
from tui.draw.chrome import fit
from tui.draw.frame import Frame, Ink, ink_index
from tui.draw.glyphs import SETS, Glyphs
from tui.driving.targets import ROOM
from tui.judge.rooms.lanes import LINGER_US, Cell, Mark, moving_now
from tui.scene import Scene, hue

GUTTER: Final = 8
"""Columns for the lines of rooms that move, four at once."""
NAME_MAX: Final = 14
"""Longer names are cut where names are shown."""
_WORST: Final[tuple[Mark, ...]] = (
    "failed", "twin", "orphan", "starting", "moving", "left", "arrived", "behind", "serving"
)  # fmt: skip
GROUND: Final = "selected.bg"
"""Behind the lane of the chosen node."""
_RANK: Final = {mark: rank for rank, mark in enumerate(_WORST)}
CLICKS_MAX: Final = 2_000


class Grain(Struct, frozen=True):
    """How much of each room is drawn."""

    names: bool
    cell: int
    """Columns each takes."""
    heap: int = 1
    """Rooms that share one mark."""

    @property
    def said(self) -> str:
        """What the heading says of it."""
        if self.heap > 1:
            return f"one mark is {self.heap} rooms, the worst of them"
        return "in the order of the ring" if self.names else "one mark a room, in ring order"


def grain_of(lanes: dict[NodeId, list[Cell]], width: int, rows: int) -> Grain:
    """The most that can be said in lanes of `rows` rows of `width` columns."""
    most = max((len(lane) for lane in lanes.values()), default=0)
    longest = max((len(cell.room) for lane in lanes.values() for cell in lane), default=1)
    named = min(longest, NAME_MAX) + 3
    if most * named <= width * rows and most <= width // named * rows:
        return Grain(names=True, cell=named)
    if most <= width // 2 * rows:
        return Grain(names=False, cell=2)
    heap = 1
    while most > width * rows * heap:
        heap += 1
    return Grain(names=False, cell=1, heap=heap)


class Lane(Struct, frozen=True):
    """Where one node's lane is."""

    node: NodeId
    y: int
    rows: int


def look_of(
    scene: Scene, glyphs: Glyphs, cell: Cell, node: NodeId, grain: Grain
) -> tuple[str, str]:
    """A room's shape and role."""
    own = f"owner{hue(scene.view, node)}"
    match cell.mark:
        case "serving":
            return (glyphs.alive if grain.cell > 1 else glyphs.room), own
        case "arrived":
            return (glyphs.alive if grain.cell > 1 else glyphs.room), "title"
        case "starting":
            return glyphs.joining, "joining"
        case "moving" | "left":
            names = list(scene.view.nodes)
            below = cell.to in names and names.index(cell.to) > names.index(node)
            there = f"owner{hue(scene.view, cell.to)}" if cell.to in names else "muted"
            return (glyphs.down if below else glyphs.up), there
        case "orphan":
            return glyphs.silent, "dead"
        case "behind":
            return glyphs.left, "faint"
        case "twin":
            return "2", "bad"
        case "failed":
            return glyphs.dead, "bad"


def paint_cells(
    frame: Frame, scene: Scene, lane: Lane, cells: list[Cell], x: int, width: int, grain: Grain
) -> None:
    """One node's rooms."""
    glyphs = SETS[scene.glyphs]
    across = max(1, width // grain.cell)
    shown = cells if grain.heap == 1 else _heaped(cells, grain.heap)
    clicks = len(shown) <= CLICKS_MAX
    ground = GROUND if lane.node == scene.selected else ""
    shape, role = look_of(scene, glyphs, Cell(0, "", "serving"), lane.node, grain)
    plain = shape, ink_index(Ink(role, ground))
    for index, cell in enumerate(shown[: across * lane.rows]):
        cx, cy = x + index % across * grain.cell, lane.y + index // across
        if clicks and cell.mark != "left":
            frame.hit(cx, cy, max(1, grain.cell - 1), 1, ROOM + cell.room)
        chosen = cell.room == scene.room and grain.heap == 1
        if cell.mark == "serving" and not chosen and not grain.names:
            frame.put(cx, cy, *plain)
            continue
        shape, role = look_of(scene, glyphs, cell, lane.node, grain)
        behind = ground
        strong = cell.mark not in ("serving", "behind")
        text = "" if cell.mark == "serving" else role
        if chosen:
            role, text, behind, strong = "badge", "badge", "selection", True
        if grain.names:
            shape = f"{shape} {fit(cell.room, grain.cell - 3)}"
            frame.text(cx, cy, shape[0], role, bg=behind, bold=strong)
            frame.text(cx + 1, cy, shape[1:], text, bg=behind, bold=strong)
        else:
            frame.text(cx, cy, shape, role, bg=behind, bold=strong)


def _heaped(cells: list[Cell], heap: int) -> list[Cell]:
    """Neighbours on the ring as one: the worst of them."""
    return [
        min(cells[start : start + heap], key=lambda cell: _RANK[cell.mark])
        for start in range(0, len(cells), heap)
    ]


def paint_ways(frame: Frame, scene: Scene, placed: dict[NodeId, Lane], x: int) -> None:
    """A line from each lane that rooms leave to the one where they arrive, a point on it moving."""
    glyphs = SETS[scene.glyphs]
    column = 0
    for (source, to), flights in moving_now(scene.view, scene.now).items():
        if source not in placed or to not in placed or column >= GUTTER // 2:
            continue
        start, end = _middle(placed[source]), _middle(placed[to])
        if start == end:
            continue
        cx = x + 1 + column * 2
        column += 1
        role = f"owner{hue(scene.view, to)}"
        down = end > start
        step = 1 if down else -1
        frame.text(x, start, glyphs.line * (cx - x), role)
        frame.text(cx, start, glyphs.corner[0 if down else 1], role)
        for y in range(start + step, end, step):
            frame.text(cx, y, glyphs.upright, role)
        frame.text(x, end, glyphs.line * (cx - x), role)
        frame.text(x, end, glyphs.back, role, bold=True)
        frame.text(cx, end, glyphs.corner[1 if down else 0], role)
        if scene.motion:
            for flight in flights:
                gone = (scene.now - flight.began) / LINGER_US
                if 0 <= gone < 1:
                    frame.text(cx, start + round((end - start) * gone), glyphs.alive, "title",
                               bold=True)  # fmt: skip


def _middle(lane: Lane) -> int:
    return lane.y + (lane.rows - 1) // 2
