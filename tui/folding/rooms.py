"""Facts about rooms into the view's `Rooms`: places, flights between nodes, recoveries, bursts.

Each fact changes one room and the few figures that hang on it, so that ten thousand rooms cost a
fact no more than ten; the tables are copied once per batch, and only when a batch has rooms in it.
A place is what its node last said of it. One that a dead process left behind stays until the room
serves elsewhere: that is what empties a dead node's lane. Ignores how it reads (`tui.judge.rooms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    FaultInjected,
    MemberChanged,
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    ProcessObserved,
    RoomCheckpointed,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    RoomStayed,
    SnapshotTaken,
    SupervisorEscalated,
)
from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.model.ring import key_hash
from cluster.model.rooms.naming import room_key
from tui.folding.bursts import Bursts
from tui.folding.recoveries import Recoveries
from tui.seen.rooms import (
    FLIGHTS_MAX,
    PLACES_MAX,
    ROOMS_SEEN_MAX,
    TRAIL_MAX,
    Basis,
    Flight,
    FlightKind,
    Place,
    Recovery,
    Rooms,
    RoomView,
)
from tui.view import NodeView

Happening = (
    NameClaimed
    | NameWon
    | NameLost
    | NameFenced
    | RoomStarted
    | RoomExited
    | RoomCheckpointed
    | RoomMoveBegan
    | RoomMoved
    | RoomStayed
    | SupervisorEscalated
)
NOTED: Final = frozenset((FaultInjected, MemberChanged, ProcessObserved, SnapshotTaken))
"""Kinds of facts about other things that matter to rooms."""
_NODES = Mapping[NodeId, NodeView]


class RoomsDraft:
    """The next `Rooms`. Lives inside one call of `fold`."""

    def __init__(self, rooms: Rooms) -> None:
        self.old = rooms
        self._changed = False
        self._by_name = rooms.by_name
        self._odd = rooms.odd
        self._held = rooms.held
        self._flights = rooms.flights
        self.bursts = Bursts(rooms.bursts)
        self.recoveries = Recoveries(rooms.recoveries)
        self._unseen = rooms.unseen

    def done(self, at: int) -> Rooms:
        """The finished `Rooms`; the old ones when nothing has changed."""
        bursts = self.bursts.standing(at)
        recoveries = self.recoveries.done()
        same = bursts is self.old.bursts and recoveries is self.old.recoveries
        if same and not self._changed:
            return self.old
        return Rooms(
            by_name=self._by_name,
            odd=self._odd,
            held=self._held,
            flights=self._flights,
            recoveries=recoveries,
            bursts=bursts,
            unseen=self._unseen,
        )

    def _change(self) -> None:
        """Copy before the first change."""
        if self._changed:
            return
        self._changed = True
        self._by_name = dict(self._by_name)
        self._odd = dict(self._odd)
        self._held = dict(self._held)
        self._flights = dict(self._flights)

    def _set(self, old: RoomView | None, new: RoomView) -> None:
        """A room as it is now. It is forgotten with `_forget`."""
        name = new.name
        self._by_name[name] = new
        before = old.places if old is not None else ()
        if len(new.places) == 1 and new.places[0].state == "serving":
            self._odd.pop(name, None)
        else:
            self._odd[name] = None
        if len(before) != len(new.places) or any(
            a.node != b.node for a, b in zip(before, new.places, strict=True)
        ):
            self._count(before, -1)
            self._count(new.places, 1)

    def _count(self, places: tuple[Place, ...], by: int) -> None:
        for place in places:
            self._held[place.node] = self._held.get(place.node, 0) + by

    def _forget(self, room: RoomView) -> None:
        self._count(self._by_name.pop(room.name).places, -1)
        self._odd.pop(room.name, None)

    # --- what a node says of its rooms -----------------------------------------------------------

    def take(self, fact: Fact, payload: Happening, nodes: _NODES) -> None:
        """One fact about a room."""
        old = self._by_name.get(payload.room)
        self._change()
        if isinstance(payload, RoomCheckpointed):
            place = _place(old, fact.node) if old is not None else None
            if old is not None and place is not None and place.bytes != payload.bytes:
                self._set(old, _with(old, replace(place, bytes=payload.bytes)))
            return
        whole = self._told_whole(fact, payload, old)
        self.bursts.gather(fact, payload, told_whole=whole)
        if old is None:
            if not isinstance(payload, RoomStarted | NameClaimed | RoomMoveBegan):
                return  # of a room that ran here before we looked
            if len(self._by_name) >= ROOMS_SEEN_MAX:
                self._unseen += 1
                return
            room = RoomView(payload.room, key_hash(room_key(payload.room)), trail=(fact,))
        else:
            room = replace(old, trail=(*old.trail, fact)[-TRAIL_MAX:])
        match payload:
            case RoomStarted():
                self._set(old, self._started(room, fact, payload, nodes))
            case RoomExited():
                left = self._exited(room, fact, payload, nodes)
                if left is None:
                    self._forget(room)
                else:
                    self._set(old, left)
            case RoomMoveBegan() | RoomMoved() | RoomStayed():
                self._set(old, self._moved(room, fact, payload))
            case NameClaimed() | NameWon() | NameLost() | NameFenced():
                self._set(old, self._named(room, fact, payload))
            case SupervisorEscalated():
                self._set(old, room)

    def _started(self, room: RoomView, fact: Fact, payload: RoomStarted, nodes: _NODES) -> RoomView:
        new = Place(fact.node, fact.epoch, payload.token, "serving", fact.at, payload.bytes)
        kept: list[Place] = []
        for place in room.places:
            if place.node == fact.node:
                if place.epoch != fact.epoch:
                    self.recoveries.served(place, fact)
                continue
            ghost = _is_ghost(place, nodes)
            if place.state == "failed" and place.token < payload.token:
                continue  # it was given up there, and opened again here
            if place.token < payload.token and not place.outrun:
                counted = self.recoveries.served(place, fact)
                if place.state == "moving" and place.to == fact.node and not ghost:
                    self._landed(room, fact.at)
                elif counted or ghost:
                    self._fly(room, "death", place, fact.node, fact.at)
                place = replace(place, outrun=fact.at)
            if not ghost or not place.outrun:
                kept.append(place)
        return replace(
            room,
            behaviour=payload.behaviour,
            places=_bounded((*kept, new)),
            since=fact.at,
            why=payload.why,
            took_us=payload.took_us,
        )

    def _exited(
        self, room: RoomView, fact: Fact, payload: RoomExited, nodes: _NODES
    ) -> RoomView | None:
        """The room after one of its processes ended; None when it is no room any more."""
        if payload.why == "closed":
            left = [p for p in room.places if p.node != fact.node and not _is_ghost(p, nodes)]
            return replace(room, places=tuple(left), since=fact.at) if left else None
        place = _place(room, fact.node)
        if place is None or place.epoch != fact.epoch or place.token > payload.token:
            return room
        match payload.why:
            case "crashed" | "escalated":
                return _with(room, replace(place, state="starting", since=fact.at))
            case "failed":
                return _with(room, replace(place, state="failed", since=fact.at))
            case "moved" | "lost":
                return _without(room, fact.node, fact.at)

    def _moved(
        self, room: RoomView, fact: Fact, payload: RoomMoveBegan | RoomMoved | RoomStayed
    ) -> RoomView:
        place = _place(room, fact.node)
        match payload:
            case RoomMoveBegan(token=token, to=to, bytes=size):
                at = fact.at
                moving = Place(fact.node, fact.epoch, token, "moving", at, size, to)
                self._fly(room, "handoff", moving, to, 0)
                return _with(room, moving)
            case RoomMoved(to=to, lost_us=lost_us):
                flight = self._flights.get(room.name)
                if flight is not None and flight.source == fact.node:
                    ended = flight.ended or fact.at
                    self._flights[room.name] = replace(flight, to=to, ended=ended, lost_us=lost_us)
                if flight is None or flight.kind == "handoff":  # a twin was served elsewhere
                    room = replace(room, lost_us=lost_us)
                if place is None or place.token > payload.token:
                    return room
                return _without(room, fact.node, fact.at)
            case RoomStayed():
                flight = self._flights.get(room.name)
                if flight is not None and flight.source == fact.node and not flight.ended:
                    self._flights[room.name] = replace(flight, ended=fact.at, stayed=True)
                if place is None or place.state != "moving":
                    return room
                return _with(room, replace(place, state="serving", since=fact.at, to=NOBODY))

    def _named(
        self, room: RoomView, fact: Fact, payload: NameClaimed | NameWon | NameLost | NameFenced
    ) -> RoomView:
        place = _place(room, fact.node)
        if place is not None and place.epoch != fact.epoch:
            if self.recoveries.open(place):
                return room  # counted when it serves
            place = None
        match payload:
            case NameClaimed(token=token):
                if place is None or place.state == "failed":
                    new = Place(fact.node, fact.epoch, token, "starting", fact.at)
                    return replace(_with(room, new), since=fact.at)
                return _with(room, replace(place, token=max(place.token, token), outrun=0))
            case NameWon(token=token):
                if place is None:
                    return room
                again = place.since if place.state == "serving" else fact.at
                new = replace(
                    place, token=max(place.token, token), state="serving", since=again, outrun=0
                )
                return _with(room, new)
            case NameLost(token=token, winner=winner):
                if place is None or place.token > token:
                    return room
                self._fly(room, "merge", place, winner, fact.at)
                return _without(room, fact.node, fact.at)
            case NameFenced(by=by):
                if place is None or place.token >= by:
                    return room
                outrun = place.outrun or fact.at
                return _with(room, replace(place, state="starting", since=fact.at, outrun=outrun))

    def _told_whole(self, fact: Fact, payload: Happening, room: RoomView | None) -> bool:
        """Whether something larger tells of it: a dead node's recovery, or a twin that ended."""
        match payload:
            case RoomStarted(why="died"):
                return room is not None and any(map(self.recoveries.open, room.places))
            case RoomMoved(room=name):
                flight = self._flights.get(name)
                if flight is None or flight.source != fact.node:
                    return False
                return flight.kind == "merge"
            case _:
                return False

    # --- flights ---------------------------------------------------------------------------------

    def _fly(self, room: RoomView, kind: FlightKind, source: Place, to: NodeId, ended: int) -> None:
        """A room leaves a node for another. Of each room only the latest flight is kept."""
        began = ended or source.since
        flight = Flight(room.name, room.spot, kind, source.node, to, began, ended, source.bytes)
        self._flights.pop(room.name, None)
        self._flights[room.name] = flight
        if len(self._flights) > FLIGHTS_MAX:
            del self._flights[next(iter(self._flights))]

    def _landed(self, room: RoomView, at: int) -> None:
        """It serves where it was sent; the sender will say how long nobody served it."""
        flight = self._flights.get(room.name)
        if flight is not None and not flight.ended:
            self._flights[room.name] = replace(flight, ended=at)

    # --- what became of nodes --------------------------------------------------------------------

    def attend(self, fact: Fact, nodes: _NODES) -> None:
        """A fact about something else that matters to rooms. `nodes` are as they were before it."""
        match fact.payload:
            case SnapshotTaken():
                self._snapshot(fact, fact.payload)
            case FaultInjected(kind="kill", subject=subject):
                self._fell(subject, "killed", fact.at, nodes)
            case ProcessObserved(state="gone", subject=subject):
                self._fell(subject, "gone", fact.at, nodes)
            case MemberChanged(claim=claim):
                if claim.state is MemberState.DEAD:
                    node = nodes.get(claim.name)
                    if node is None or node.epoch <= claim.epoch:
                        self._fell(claim.name, "believed dead", fact.at, nodes)
                elif claim.state is MemberState.ALIVE:
                    self.recoveries.rose(claim.name, claim.epoch, fact.at)
            case _:
                pass

    def _fell(self, node: NodeId, basis: Basis, at: int, nodes: _NODES) -> None:
        """A node died, or is believed to have: its rooms need a new home."""
        row = nodes.get(node)
        if not self._held.get(node, 0) or row is None or self.recoveries.knows(node, row.epoch):
            return
        if basis == "believed dead" and row.process == "paused" and row.process_since:
            basis, at = "paused", row.process_since  # nobody has served them since
        count = 0
        for room in list(self._by_name.values()):
            place = _place(room, node)
            if place is not None and not place.outrun:
                count += place.state != "failed"
            elif place is not None and basis in ("killed", "gone"):  # its word of an end is lost
                self._change()
                self._set(room, _without(room, node, room.since))
        if count:
            self.recoveries.begin(Recovery(node, row.epoch, at, basis, count))

    # --- a node's whole state --------------------------------------------------------------------

    def _snapshot(self, fact: Fact, payload: SnapshotTaken) -> None:
        """What it runs, and nothing else. What an earlier life ran still needs a new home."""
        node, epoch = fact.node, fact.epoch
        rows = {row.room: row for row in payload.rooms}
        if not rows and not self._held.get(node, 0):
            return
        self._change()
        for room in list(self._by_name.values()):
            place = _place(room, node)
            if place is None or place.epoch != epoch or room.name in rows:
                continue
            left = tuple(p for p in room.places if p.node != node)
            if left:
                self._set(room, replace(room, places=left, since=fact.at))
            else:
                self._forget(room)
        for row in payload.rooms:
            old = self._by_name.get(row.room)
            if old is None and len(self._by_name) >= ROOMS_SEEN_MAX:
                self._unseen += 1
                continue
            room = old or RoomView(row.room, key_hash(room_key(row.room)), row.behaviour)
            place = Place(node, epoch, row.token, row.state, row.since, row.bytes, row.to)
            known = _place(room, node)
            if known is not None and known.epoch != epoch and self.recoveries.open(known):
                if row.state != "serving":
                    continue  # counted when it serves
                self.recoveries.served(known, fact)
            since = room.since if known is not None else row.since
            kind = row.behaviour or room.behaviour
            self._set(old, replace(_with(room, place), behaviour=kind, since=since))


def _place(room: RoomView, node: NodeId) -> Place | None:
    for place in room.places:
        if place.node == node:
            return place
    return None


def _with(room: RoomView, new: Place) -> RoomView:
    """The room with this place instead of its node's earlier one."""
    if not room.places or (len(room.places) == 1 and room.places[0].node == new.node):
        return replace(room, places=(new,))
    others = tuple(place for place in room.places if place.node != new.node)
    return replace(room, places=_bounded((*others, new)))


def _without(room: RoomView, node: NodeId, since: int) -> RoomView:
    left = tuple(place for place in room.places if place.node != node)
    return replace(room, places=left, since=since)


def _bounded(places: tuple[Place, ...]) -> tuple[Place, ...]:
    if len(places) <= PLACES_MAX:
        return places
    lowest = min(places, key=lambda place: place.token)
    return tuple(place for place in places if place is not lowest)


def _is_ghost(place: Place, nodes: _NODES) -> bool:
    """Whether the process that said so cannot run any more."""
    node = nodes.get(place.node)
    return node is not None and (
        node.process == "gone" or node.departed or node.epoch > place.epoch
    )
