"""The rooms screen: a lane per node, its rooms in ring order, each move drawn as it happens.

One idea: whatever a node does, its rooms are somewhere. A dead node's lane empties into the others,
a drained one is seen to give its rooms away, twins of a split are marked in both lanes. What a
lane holds in numbers stands to its right, what it has cost and the chosen room below.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import NodeId
from tui.draw.chrome import FOOT, TOP, fit, paint_chrome
from tui.draw.frame import Frame
from tui.draw.glyphs import SETS
from tui.driving.sieve import hidden, keeps
from tui.judge.agreement import Agreement, agreement, is_live
from tui.judge.foreign.telling import without
from tui.judge.rooms.lanes import Cell, lanes
from tui.judge.rooms.survey import survey
from tui.judge.standing import has_left, stand
from tui.judge.wording import counted
from tui.scene import Scene, hue
from tui.screens.pieces.lanes import GROUND, GUTTER, Grain, Lane, grain_of, paint_cells, paint_ways
from tui.screens.pieces.parts import band, number, rule
from tui.screens.pieces.roomcard import paint_costs, paint_room

CARD_ROWS: Final = 7
CARD_ROWS_SMALL: Final = 5


def paint(scene: Scene, width: int, height: int) -> Frame:
    """The whole screen."""
    frame = Frame(width, height)
    found = survey(scene.view, scene.now)
    detail = f"{counted(found.total, 'room')} on {counted(found.nodes, 'node')}"
    paint_chrome(frame, scene, "rooms", detail if found.total else "")
    bottom = height - FOOT
    if height < 8 or not scene.view.nodes:
        return frame
    y = TOP + (1 if height >= 22 else 0)
    if not found.total:
        said = without(scene.view, "rooms") or "No node has told of a room yet."
        frame.text(2, y, fit(said, width - 4), "muted")
        return frame
    card = CARD_ROWS if height >= 30 else CARD_ROWS_SMALL if height >= 18 else 0
    floor = bottom - (card + 1 if card else 0)
    y = _lanes(frame, scene, y, floor)
    if y < floor:
        _legend(frame, scene, floor - 1)
    if card:
        rule(frame, bottom - card - 1, scene)
        _below(frame, scene, bottom - card, card)
    return frame


def _below(frame: Frame, scene: Scene, y: int, rows: int) -> None:
    """The chosen room and the costs, side by side where there is room."""
    if frame.width >= 110:
        half = frame.width * 11 // 20
        paint_room(frame, scene, (2, y), half - 4, rows)
        paint_costs(frame, scene, (half, y), frame.width - half - 2, rows)
    elif scene.room:
        paint_room(frame, scene, (2, y), frame.width - 4, rows)
    else:
        paint_costs(frame, scene, (2, y), frame.width - 4, rows - 1)
        paint_room(frame, scene, (2, y + rows - 1), frame.width - 4, 1)


def _lanes(frame: Frame, scene: Scene, y: int, bottom: int) -> int:
    """All lanes under their heading; the row after the last."""
    view = scene.view
    judged = agreement(view, scene.now)
    whole = lanes(view, scene.now, judged)
    drawn = _sifted(scene, whole)
    names = [
        name for name, cells in drawn.items()
        if cells or not (scene.sieve or has_left(view.nodes[name], judged))
    ]  # fmt: skip
    if not names:
        frame.text(2, y, f"no room and no node contains {scene.sieve!r}: esc shows all", "notice")
        return y + 1
    wide = frame.width >= 100
    label = min(12, max(map(len, names), default=2)) + (11 if wide else 5) + 2
    figures = 26 if wide else 7
    gutter = GUTTER if frame.width >= 60 else 0
    cells_width = frame.width - label - gutter - figures - 2
    if cells_width < 6:
        return y
    room = max(1, bottom - y - 1)
    shown = _window(names, scene.selected, room)
    step = max(1, min(5, room // len(shown)))
    rows = step - 1 if step >= 3 else step
    grain = grain_of({name: drawn[name] for name in shown}, cells_width, rows)
    count, of = (sum(map(len, each.values())) for each in (drawn, whole))
    _heading(frame, y, label, grain, hidden(count, of), wide=wide)
    placed: dict[NodeId, Lane] = {}
    for index, name in enumerate(shown):
        lane = placed[name] = Lane(name, y + 1 + index * step, rows)
        if name == scene.selected:
            for row in range(lane.y, lane.y + rows):
                band(frame, row)
            frame.text(0, lane.y, SETS[scene.glyphs].here, "selection", bg=GROUND, bold=True)
        frame.hit(0, lane.y, frame.width, rows, name)
        _label(frame, scene, lane, judged, wide=wide)
        _figures(frame, scene, lane, whole[name], wide=wide)
        paint_cells(frame, scene, lane, drawn[name], label, cells_width, grain)
    if gutter:
        paint_ways(frame, scene, placed, label + cells_width + 1)
    if len(shown) < len(names):
        frame.text(label, y + 1 + len(shown) * step, f"… {len(names) - len(shown)} more nodes",
                   "muted")  # fmt: skip
        return y + 2 + len(shown) * step
    return y + 1 + len(shown) * step


def _sifted(scene: Scene, drawn: dict[NodeId, list[Cell]]) -> dict[NodeId, list[Cell]]:
    """The rooms that a filter lets through, by their own name and their node's."""
    if not scene.sieve:
        return drawn
    return {
        name: [cell for cell in cells if keeps(scene.sieve, f"{name} {cell.room}")]
        for name, cells in drawn.items()
    }


def _window(names: list[NodeId], selected: NodeId | None, room: int) -> list[NodeId]:
    """The lanes that fit, always with the chosen one."""
    if len(names) <= room:
        return names
    size = max(1, room - 1)
    at = names.index(selected) if selected is not None and selected in names else 0
    start = min(max(0, at - size + 1), len(names) - size)
    return names[start : start + size]


def _heading(frame: Frame, y: int, x: int, grain: Grain, sifted: str, *, wide: bool) -> None:
    frame.text(2, y, "node", "muted")
    end = frame.width - 2
    said = f"rooms: {sifted}" if sifted else f"rooms, {grain.said}"
    frame.text(x, y, said[: end - x - (27 if wide else 8)], "notice" if sifted else "muted")
    if wide:
        frame.right(end - 18, y, "rooms", "muted")
        frame.right(end - 10, y, "mailbox", "muted")
        frame.right(end, y, "answers/s", "muted")
    else:
        frame.right(end, y, "rooms", "muted")


def _legend(frame: Frame, scene: Scene, y: int) -> None:
    """What the marks mean, as many as fit."""
    glyphs = SETS[scene.glyphs]
    x = 2
    for shape, role, word in (
        (glyphs.alive, "alive", "runs"),
        ("2", "bad", "= runs twice"),
        (glyphs.silent, "dead", "its node died"),
        (glyphs.joining, "joining", "starting"),
        (glyphs.down, "", "just went there"),
        (glyphs.dead, "bad", "given up"),
        (glyphs.left, "faint", "left behind"),
    ):
        if x + len(word) + 4 > frame.width:
            return
        x = frame.text(x, y, shape, role, bold=True)
        x = frame.text(x, y, f" {word}", "muted") + 3


def _label(frame: Frame, scene: Scene, lane: Lane, judged: Agreement, *, wide: bool) -> None:
    node = scene.view.nodes[lane.node]
    standing = stand(node, judged, scene.now)
    role = f"owner{hue(scene.view, lane.node)}"
    bg = GROUND if lane.node == scene.selected else ""
    shape, well = standing.glyph(scene.glyphs), standing.well
    x = frame.text(2, lane.y, lane.node[:12], role, bg=bg, bold=True) + 1
    x = frame.text(x, lane.y, shape, standing.role, bg=bg, bold=True) + 1
    if wide:
        word_role = "muted" if well else standing.role
        frame.text(x, lane.y, standing.word, word_role, bg=bg, bold=not well)


def _figures(frame: Frame, scene: Scene, lane: Lane, cells: list[Cell], *, wide: bool) -> None:
    """How many rooms, the fullest mailbox, answers a second: by the node's last pulse."""
    node = scene.view.nodes[lane.node]
    end = frame.width - 2
    held = sum(1 for cell in cells if cell.mark not in ("left", "behind", "orphan"))
    lost = sum(1 for cell in cells if cell.mark == "orphan")
    x = end - 18 if wide else end
    chosen = GROUND if lane.node == scene.selected else ""
    said = f"{SETS[scene.glyphs].silent} {lost:,}" if lost and not held else f"{held:,}"
    frame.right(x, lane.y, said, "dead" if lost and not held else "", bg=chosen, bold=bool(lost))
    if not wide or not is_live(node, scene.now):
        return
    longest = node.rooms.longest
    frame.right(
        end - 10, lane.y, f"{longest:,}" if longest else "·", "" if longest else "faint", bg=chosen
    )
    rate = node.rooms.answered * 1e6 / node.rooms_us if node.rooms_us else 0.0
    frame.right(end, lane.y, number(rate) if rate else "·", "" if rate else "faint", bg=chosen)
    if lane.rows > 1 and node.rooms.refused:
        frame.right(end, lane.y + 1, f"{node.rooms.refused:,} refused", "bad")
