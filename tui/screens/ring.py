"""The ring screen: who owns what, three replicas deep, and the messages between the nodes now.

The circle is drawn from the ownership table that nodes report. When their tables differ, the one
most of them use is drawn and the title says how many use another. Beside it stands
`tui.draw.ringside`: the same facts in words and numbers.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import NodeId
from cluster.model.summary import RingTable
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.circle import (
    CROWD,
    Circle,
    Look,
    Pattern,
    circle,
    paint_badges,
    paint_flights,
    paint_tallies,
    still,
)
from tui.draw.flights import flights, tallies
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.draw.ringside import Ringside
from tui.draw.roomdots import paint_chords, paint_dots
from tui.judge.agreement import agreement, is_live
from tui.judge.court.crowns import crown_of
from tui.judge.exposure import common_ring
from tui.judge.foreign.telling import without
from tui.judge.rooms.lanes import lanes, moving_now
from tui.judge.standing import Standing, standings
from tui.scene import Scene
from tui.view import ClusterView

_PATTERNS: Final[dict[str, Pattern]] = {
    "alive": "solid",
    "joining": "solid",
    "starting": "hatched",
    "refusing": "hatched",
    "suspect": "hatched",
    "paused": "hatched",
    "silent": "hatched",
}
_UNHEARD: Final = Standing("silent", 0, 0)


class Stage:
    """The screen without its messages: painted a few times a second, played upon at thirty."""

    __slots__ = ("_frame", "_looks", "_scene", "_shape", "_y0")

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self._scene = scene
        self._frame = Frame(width, height)
        self._shape: Circle | None = None
        self._looks: tuple[Look, ...] = ()
        self._y0 = TOP
        table = common_ring(scene.view.nodes, scene.now)
        rows = height - TOP - FOOT
        if table is None or rows < 8 or width < 30:
            if table is None and rows > 0:
                said = without(scene.view, "ring") or "No node has reported its table yet."
                self._frame.text(2, TOP + rows // 2, fit(said, width - 4), "muted")
            paint_chrome(self._frame, scene, "ring")
            return
        stands = standings(scene.view, scene.now)
        self._looks = _looks(scene, table, stands)
        column_width = 54 if width >= 110 else 40
        side = min(rows * 2, width - 2 if width < 70 else width - column_width)
        self._set(table, side)
        x = side + (6 if width >= 110 else 3)
        if width - x >= 24:
            column = Ringside(self._frame, scene, table, stands, x, min(width - 2, x + 64))
            if rows >= 28:
                column.tall(TOP + 1, rows - 1)
            else:
                column.short(TOP, rows)
        said = _dissent(scene.view, scene.now, table)
        crowd = "" if len(self._looks) <= CROWD else "named: the chosen, and who is in trouble"
        paint_chrome(self._frame, scene, "ring", said or crowd)

    def _set(self, table: RingTable, side: int) -> None:
        scene, rows = self._scene, side // 2
        self._shape = circle(side, rows, min(3, table.replicas))
        self._y0 = TOP + (self._frame.height - TOP - FOOT - rows) // 2
        places = {look.name: place for place, look in enumerate(self._looks)}
        owners = tuple(tuple(places[table.members[o]] for o in held) for held in table.owners)
        picture = still(self._shape, owners, self._looks, scene.glyphs, scene.colour)
        self._frame.paste(picture, 1, self._y0)
        if scene.view.rooms.by_name:
            drawn = lanes(scene.view, scene.now, agreement(scene.view, scene.now))
            where = (1, self._y0)
            paint_dots(self._frame, where, self._shape, self._looks, drawn, scene.glyphs)

    def play(self, view: ClusterView, now: int) -> Frame:
        """A frame with the messages that fly at this moment."""
        frame = self._frame.copy()
        shape = self._shape
        if shape is not None:
            scene = self._scene
            if scene.motion:
                seen = flights(view, now, min(1.0, shape.radius / 28))
                paint_flights(frame, 1, self._y0, shape, self._looks, seen, scene.glyphs)
            else:
                said = tallies(view, now)
                paint_tallies(frame, 1, self._y0, shape, self._looks, said, scene.glyphs)
            ways = moving_now(view, now)
            if ways:
                where = (1, self._y0)
                paint_chords(
                    frame, where, shape, self._looks, ways, now, scene.glyphs, motion=scene.motion
                )
            paint_badges(frame, 1, self._y0, shape, self._looks, scene.colour)
        return frame


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    return Stage(scene, width, height).play(scene.view, scene.now)


def _dissent(view: ClusterView, now: int, table: RingTable) -> str:
    """How many nodes use another table than the one drawn; empty when none does."""
    live = [n.ring for n in view.nodes.values() if n.ring is not None and is_live(n, now)]
    other = sum(1 for ring in live if ring.digest != table.digest)
    if not other:
        return ""
    return f"{other} of {len(live)} nodes use{'s' if other == 1 else ''} another table"


def _crown(scene: Scene, name: NodeId) -> str:
    node = scene.view.nodes.get(name)
    worn = crown_of(scene.view, node, scene.now) if node is not None else ""
    glyphs = SETS[scene.glyphs]
    return glyphs.crown if worn == "worn" else glyphs.shadow if worn else ""


def _looks(scene: Scene, table: RingTable, stands: dict[NodeId, Standing]) -> tuple[Look, ...]:
    """Everyone who has a seat: who left has none, a ring member nobody saw has one."""
    names = list(scene.view.nodes)
    everyone = names + [member for member in table.members if member not in scene.view.nodes]
    looks: list[Look] = []
    for index, name in enumerate(everyone):
        standing = stands.get(name, _UNHEARD)
        if standing.word == "left" and name not in table.members:
            continue
        looks.append(
            Look(
                name=name,
                index=index,
                pattern=_PATTERNS.get(standing.word, "sparse"),
                glyph="" if standing.well else standing.glyph(scene.glyphs),
                role=standing.role,
                selected=name == scene.selected,
                crown=_crown(scene, name),
            )
        )
    return tuple(looks)
