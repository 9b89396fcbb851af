"""Which room is drawn where, and as what: each node's rooms in the order of the ring.

A place counts while its node can be heard, or is not known to have stopped (`counts`). What a dead
node left behind is an orphan until the room serves elsewhere. A room that has just gone stays a
moment in the lane that it left, so that the eye can follow it. Ignores how marks look.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from cluster.model.member import NOBODY, NodeId
from tui.judge.agreement import Agreement, agreement, is_live
from tui.judge.exposure import serves
from tui.seen.rooms import Flight, Place, RoomView
from tui.view import ClusterView, NodeView

LINGER_US: Final = 1_200_000
"""How long a room that has just gone or come is marked as such."""

Mark = Literal[
    "serving", "arrived", "starting", "moving", "left", "orphan", "behind", "twin", "failed"
]
"""`left`: it has gone to `Cell.to`. `orphan`: its node died and nobody serves it. `behind`: what a
stopped or fenced process still believes to run, while the room serves elsewhere."""


class Cell(NamedTuple):
    """One room in one lane."""

    spot: int
    room: str
    mark: Mark
    to: NodeId = NOBODY
    """Where it goes or went."""


def counts(node: NodeView | None, now: int, judged: Agreement) -> bool:
    """Whether what a node says to run does run, as far as anyone knows.

    A node that we cannot hear, and that nobody else accuses, has the benefit of the doubt.
    """
    if node is None or node.process in ("gone", "paused") or node.departed:
        return False
    return is_live(node, now) or (not node.connected and serves(node, judged))


def counting(view: ClusterView, now: int, judged: Agreement) -> dict[NodeId, bool]:
    """`counts` of every node that has or had a room."""
    return {name: counts(view.nodes.get(name), now, judged) for name in view.rooms.held}


def runs(view: ClusterView, place: Place, alive: dict[NodeId, bool]) -> bool:
    """Whether a place is of a life that goes on."""
    node = view.nodes.get(place.node)
    return alive.get(place.node, False) and node is not None and node.epoch <= place.epoch


def lanes(view: ClusterView, now: int, judged: Agreement) -> dict[NodeId, list[Cell]]:
    """Each node's cells in ring order; nodes in the view's order."""
    alive = counting(view, now, judged)
    rooms = view.rooms
    drawn: dict[NodeId, list[Cell]] = {name: [] for name in view.nodes}
    fresh = _fresh(view, now)
    lives = {name: view.nodes[name].epoch for name, counts in alive.items() if counts}
    for name, room in rooms.by_name.items():
        if len(room.places) == 1:
            place = room.places[0]
            node = place.node
            steady = place.state == "serving" and name not in fresh
            if steady and lives.get(node, place.epoch + 1) <= place.epoch:
                drawn[node].append(Cell(room.spot, name, "serving"))
                continue
            lane = drawn.get(node)
            if lane is not None:
                mark = _mark(view, place, alive, fresh, room.name)
                lane.append(Cell(room.spot, room.name, mark, place.to))
        elif room.places:
            _several(view, room, alive, drawn, fresh)
    for flight in fresh.values():
        lane = drawn.get(flight.source)
        room = rooms.by_name.get(flight.room)
        if lane is None or room is None or any(p.node == flight.source for p in room.places):
            continue
        lane.append(Cell(flight.spot, flight.room, "left", flight.to))
    for lane in drawn.values():
        lane.sort()
    return drawn


def moving_now(view: ClusterView, now: int) -> dict[tuple[NodeId, NodeId], list[Flight]]:
    """Rooms on their way, or just there, by (from, to); the oldest way first."""
    ways: dict[tuple[NodeId, NodeId], list[Flight]] = {}
    for flight in view.rooms.flights.values():
        young = flight.began <= now and not flight.stayed
        if young and (not flight.ended or now - flight.ended < LINGER_US):
            ways.setdefault((flight.source, flight.to), []).append(flight)
    return ways


def _fresh(view: ClusterView, now: int) -> dict[str, Flight]:
    """Rooms that landed a moment ago."""
    return {
        flight.room: flight
        for flight in view.rooms.flights.values()
        if flight.ended and not flight.stayed and 0 <= now - flight.ended < LINGER_US
    }


def _mark(
    view: ClusterView,
    place: Place,
    alive: dict[NodeId, bool],
    fresh: dict[str, Flight],
    room: str,
) -> Mark:
    """A place as if it were the room's only one."""
    if not runs(view, place, alive):
        return "failed" if place.state == "failed" else "orphan"
    if place.state != "serving":
        return place.state
    landed = fresh.get(room)
    return "arrived" if landed is not None and landed.to == place.node else "serving"


def _several(
    view: ClusterView,
    room: RoomView,
    alive: dict[NodeId, bool],
    drawn: dict[NodeId, list[Cell]],
    fresh: dict[str, Flight],
) -> None:
    served = [p.node for p in room.places if p.state == "serving" and runs(view, p, alive)]
    for place in room.places:
        lane = drawn.get(place.node)
        if lane is None:
            continue
        mark = _mark(view, place, alive, fresh, room.name)
        if mark == "orphan" and served:
            mark = "behind"
        elif mark == "moving" and place.to in served:
            mark = "left"
        elif mark in ("serving", "arrived") and len(served) > 1:
            mark = "twin"
        lane.append(Cell(room.spot, room.name, mark, place.to))


def next_room(view: ClusterView, now: int, node: NodeId | None, room: str, step: int) -> str:
    """The room beside the chosen one in its lane, and on into the next lane; else a lane's first.

    Rooms that have just left a lane are not chosen there. Empty when there are none.
    """
    order: list[str] = []
    first = ""
    for name, lane in lanes(view, now, agreement(view, now)).items():
        there = [cell.room for cell in lane if cell.mark not in ("left", "behind")]
        if name == node and there:
            first = there[0 if step > 0 else -1]
        order += [each for each in there if each not in order[-1:]]
    if not order:
        return ""
    if room not in order:
        return first or order[0 if step > 0 else -1]
    return order[(order.index(room) + step) % len(order)]
