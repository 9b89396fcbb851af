"""Stories with rooms: a cluster of paper (`tests.tui.teller`) that opens, hands over and loses rooms.

from tests.tui.rooms.tale import EMPTYING, fallen, view_at
view_at(EMPTYING, fallen)      forty rooms, n4 killed, some of its rooms serve elsewhere again
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    FaultInjected,
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    ProcessObserved,
    PulseReported,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    SnapshotTaken,
    SupervisorEscalated,
    Via,
)
from cluster.model.happenings.rooms import StartReason
from cluster.model.member import Address, NodeId
from cluster.model.ring import partition_of
from cluster.model.rooms.naming import NO_TOKEN, Token, room_key
from cluster.model.summary import NO_ROOMS, RoomRow, RoomsTally
from tests.tui.story import KILLED, fall, mourn, opening, scene_at, view_at
from tests.tui.teller import ALIVE, DEAD_STATE, MS, N4, SECOND, SUSPECT, Teller
from tui.view import LAB

__all__ = ["scene_at", "view_at"]  # and everything below

OPENED: Final = KILLED - 20 * SECOND
CALM: Final = KILLED - 5 * SECOND
EMPTYING: Final = KILLED + 1_400 * MS
HOME_AGAIN: Final = KILLED + 2_600 * MS
MOVING: Final = KILLED + 60 * MS
TWINS: Final = KILLED + 5 * SECOND
HEALED: Final = KILLED + 8 * SECOND


class Landlord(Teller):
    """A teller whose nodes run rooms."""

    def __init__(self, nodes: int = 5, seed: int = 4) -> None:
        super().__init__(nodes, seed)
        self.rooms: dict[str, tuple[NodeId, Token]] = {}
        self.sizes: dict[str, int] = {}

    def home(self, room: str, without: tuple[NodeId, ...] = ()) -> NodeId:
        """The best owner of a room's partition that is there, else a node that stands in."""
        ring = self.ring(next(n for n in self.names if n not in without))
        owners = ring.owners[partition_of(room_key(room), ring.partitions)]
        there = [m for m in (ring.members[o] for o in owners) if m not in without]
        return there[0] if there else next(n for n in self.names if n not in without)

    def run(self, room: str, node: NodeId, at: int, why: StartReason, took: int = 3 * MS) -> Token:
        """A node claims a name and serves it."""
        over = self.rooms[room][1] if room in self.rooms else NO_TOKEN
        token = Token(over.number + 1, node, self.epoch[node])
        size = self.sizes.setdefault(room, 180 + 37 * (len(self.sizes) % 11))
        self.say(node, at, NameClaimed(room, token, over))
        started = RoomStarted(room, "quiz", token, why, 0 if why == "opened" else size, took)
        self.say(node, at + took, started)
        self.rooms[room] = (node, token)
        return token

    def open(self, count: int, at: int, each: int = 5 * MS) -> None:
        """Rooms room-1 ... room-<count>, each at its home."""
        for number in range(1, count + 1):
            room = f"room-{number}"
            self.run(room, self.home(room), at + number * each, "opened")

    def held_by(self, node: NodeId) -> list[str]:
        """Rooms that run at a node."""
        return [room for room, (where, _) in self.rooms.items() if where == node]

    def hand(self, room: str, to: NodeId, at: int, lost: int = 4 * MS) -> None:
        """A live handoff, told by both ends."""
        source, token = self.rooms[room]
        size = self.sizes[room]
        self.say(source, at, RoomMoveBegan(room, token, to, size))
        self.run(room, to, at + lost - 1 * MS, "moved", 1 * MS)
        self.say(source, at + lost + 1 * MS, RoomMoved(room, token, to, size, lost, 1))
        self.say(source, at + lost + 1 * MS, RoomExited(room, token, "moved"))

    def crash(self, room: str, at: int) -> None:
        """It crashes, and its supervisor starts it again."""
        node, token = self.rooms[room]
        self.say(node, at, RoomExited(room, token, "crashed", "it was asked to"))
        self.run(room, node, at + 2 * MS, "crashed", 1 * MS)

    def rehome(self, node: NodeId, since: int, until: int) -> None:
        """The rooms of a dead node start elsewhere, evenly from `since` to `until`."""
        orphans = self.held_by(node)
        for index, room in enumerate(orphans):
            at = since + (until - since) * index // max(1, len(orphans) - 1)
            self.run(room, self.home(room, (node,)), at, "died", 60 * MS)

    def pulse(self, node: NodeId, at: int, period: int) -> None:
        """One pulse, with the rooms' tally."""
        super().pulse(node, at, period)
        told = self.facts[-1]
        assert isinstance(told.payload, PulseReported)
        count = len(self.held_by(node))
        tally = RoomsTally(count, queued=3, longest=2, answered=2 * count, checkpoints=count)
        if not count:
            tally = NO_ROOMS
        self.facts[-1] = replace(told, payload=replace(told.payload, rooms=tally))

    def snapshot_with_rooms(self, node: NodeId, at: int) -> None:
        """Its whole state, rooms too."""
        self.snapshot(node, at)
        told = self.facts[-1]
        assert isinstance(told.payload, SnapshotTaken)
        rows = tuple(
            RoomRow(room, "quiz", self.rooms[room][1], "serving", self.sizes[room], 0, at)
            for room in self.held_by(node)
        )
        self.facts[-1] = replace(told, payload=replace(told.payload, rooms=rows))


def settled(count: int, nodes: int = 5) -> Landlord:
    """A cluster that has opened so many rooms."""
    teller = Landlord(nodes)
    opening(teller, OPENED)
    teller.open(count, OPENED, min(5 * MS, 2 * SECOND // count))
    teller.beat(OPENED, KILLED)
    return teller


def _fallen(count: int) -> tuple[Fact, ...]:
    teller = settled(count)
    fall(teller)
    mourn(teller, KILLED + 750 * MS, KILLED + 6 * SECOND)
    teller.rehome(N4, KILLED + 1_050 * MS, KILLED + 1_900 * MS)
    teller.beat(KILLED + 6 * SECOND, KILLED + 7 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def fallen() -> tuple[Fact, ...]:
    """Forty rooms; n4 is killed, and its rooms find a new home."""
    return _fallen(40)


@lru_cache(maxsize=1)
def thousand() -> tuple[Fact, ...]:
    """The same with a thousand."""
    return _fallen(1_000)


@lru_cache(maxsize=1)
def drained() -> tuple[Fact, ...]:
    """Forty rooms; n4 hands all of its own to the others, and then crashes are seen at n1."""
    teller = settled(40)
    for index, room in enumerate(teller.held_by(N4)):
        teller.hand(room, teller.home(room, (N4,)), KILLED + index * 25 * MS, (6 + index) * MS)
    teller.beat(KILLED, KILLED + 3 * SECOND)
    n1 = NodeId("n1")
    room = teller.held_by(n1)[0]
    for count in range(4):
        teller.crash(room, KILLED + 3 * SECOND + count * 300 * MS)
    at = KILLED + 4 * SECOND
    teller.say(n1, at, SupervisorEscalated(2, room, 9, 4, 5 * SECOND))
    teller.say(n1, at, RoomExited(room, teller.rooms[room][1], "failed", "it was asked to"))
    teller.beat(KILLED + 3 * SECOND, KILLED + 6 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def twins() -> tuple[Fact, ...]:
    """A split: n1 and n2 start the rooms of the others and keep theirs, and so do the others.

    After the heal, the higher token of each wins.
    """
    teller = settled(40)
    left, right = tuple(teller.names[:2]), tuple(teller.names[2:])
    teller.say(LAB, KILLED, FaultInjected("partition", left[0], right))
    for delay, state in ((500, SUSPECT), (3_600, DEAD_STATE)):
        for mine, theirs in ((left, right), (right, left)):
            for i, node in enumerate(mine):
                for j, other in enumerate(theirs):
                    at = KILLED + (delay + i * 40 + j * 90) * MS
                    via: Via = "probe" if state is SUSPECT else "timer"
                    teller.believe(node, at, teller.claim(other, state, node), via, node)
    before = dict(teller.rooms)
    for room in sorted(before)[:12]:
        where, _ = before[room]
        other = teller.home(room, left if where in left else right)
        teller.run(room, other, KILLED + 4_100 * MS, "died", 50 * MS)
    teller.beat(KILLED, KILLED + 6 * SECOND)
    healed = KILLED + 6_500 * MS
    for room in sorted(before):
        (loser, old), (winner, token) = before[room], teller.rooms[room]
        if winner == loser:
            continue
        teller.say(loser, healed, NameFenced(room, old, token))
        teller.say(loser, healed + 30 * MS, NameLost(room, old, winner))
        teller.say(loser, healed + 30 * MS, RoomExited(room, old, "lost"))
        merged = Token(token.number + 1, winner, token.epoch)
        teller.say(winner, healed + 20 * MS, NameClaimed(room, merged, token))
        teller.say(winner, healed + 21 * MS, NameWon(room, merged, old))
        teller.rooms[room] = (winner, merged)
    for mine, theirs in ((left, right), (right, left)):
        for node in mine:
            for other in theirs:
                teller.incarnation[other] = 1
                claim = teller.claim(other, ALIVE)
                teller.believe(node, healed + 60 * MS, claim, "pushpull", other)
    teller.beat(KILLED + 6 * SECOND, KILLED + 10 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def stopped() -> tuple[Fact, ...]:
    """Forty rooms; n4's process is stopped, held dead after 3.6 s, and its rooms serve elsewhere."""
    teller = settled(40)
    teller.say(LAB, KILLED, FaultInjected("pause", N4))
    teller.say(LAB, KILLED, ProcessObserved(N4, "paused", 4104, Address("")))
    teller.down.add(N4)
    teller.deaf[N4] = KILLED
    for delay, state in ((800, SUSPECT), (3_600, DEAD_STATE)):
        steps = [(0, "n2", ""), (48, "n3", "n2"), (71, "n1", "n2"), (122, "n5", "n3")]
        teller.spread(KILLED + delay * MS, teller.claim(N4, state, "n2"), steps)
    teller.rehome(N4, KILLED + 3_700 * MS, KILLED + 3_900 * MS)
    teller.beat(KILLED, KILLED + 6 * SECOND)
    return teller.sorted()
