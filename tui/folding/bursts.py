"""Many alike things in quick succession are one line of the log, told anew with each.

What one node does to its rooms within `BURST_US` of each other is gathered; the rooms of a dead node
are told as a whole (`Recovery`), wherever they serve again. Lines are written once a batch, for what
the batch changed, so that two hundred starts cost two hundred additions and one sentence.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    RoomStayed,
    SupervisorEscalated,
)
from cluster.model.happenings.rooms import ExitReason, StartReason
from cluster.model.member import NodeId
from tui.judge.rooms.phrases import of_burst, of_recovery
from tui.seen.rooms import BURST_US, Burst, BurstKind, Recovery
from tui.view import OBSERVER, EventLine

Told = (
    NameClaimed
    | NameWon
    | NameLost
    | NameFenced
    | RoomStarted
    | RoomExited
    | RoomMoveBegan
    | RoomMoved
    | RoomStayed
    | SupervisorEscalated
)
_STARTS: Final[dict[StartReason, BurstKind | None]] = {
    "opened": "opened",
    "crashed": "restarted",
    "escalated": "restarted",
    "died": "died",
    "moved": None,  # who gave it says more
    "merged": None,
}
_EXITS: Final[dict[ExitReason, BurstKind | None]] = {
    "closed": "closed",
    "crashed": "crashed",
    "failed": "failed",
    "moved": None,
    "lost": None,
    "escalated": None,
}
OTHERS_MAX: Final = 8
"""Nodes named with one burst."""


class Bursts:
    """Those in the making."""

    def __init__(self, known: dict[tuple[NodeId, BurstKind], Burst]) -> None:
        self._old = known
        self._now = known
        self.finished: list[Burst] = []
        """Ended within this batch, because another of the kind began."""

    def gather(self, fact: Fact, payload: Told, *, told_whole: bool) -> None:
        """Count a fact, if it deserves a line. `told_whole`: something larger tells."""
        kind, other, lost_us = _kind(payload)
        if kind is None or told_whole:
            return
        if self._now is self._old:
            self._now = dict(self._old)
        key = (fact.node, kind)
        burst = self._now.get(key)
        if burst is not None and fact.at - burst.at > BURST_US:
            self.finished.append(burst)
            burst = None
        if burst is None:
            burst = Burst(kind, fact.node, fact.at, fact.at, 0, ())
        rooms, others = burst.rooms, burst.others
        if len(rooms) < 2 and payload.room not in rooms:
            rooms = (*rooms, payload.room)
        if other and other not in others and len(others) < OTHERS_MAX:
            others = (*others, other)
        self._now[key] = replace(
            burst,
            at=max(burst.at, fact.at),
            count=burst.count + 1,
            rooms=rooms,
            others=others,
            worst_us=max(burst.worst_us, lost_us),
            last=fact,
        )

    def standing(self, at: int) -> dict[tuple[NodeId, BurstKind], Burst]:
        """Those that may go on: the same table when nothing has changed."""
        if all(at - burst.at <= BURST_US for burst in self._now.values()):
            return self._now
        return {key: burst for key, burst in self._now.items() if at - burst.at <= BURST_US}

    def retold(
        self, old: tuple[Recovery, ...], new: tuple[Recovery, ...]
    ) -> tuple[set[EventLine], list[EventLine]]:
        """Lines that say too little now, and what is said instead."""
        stale: set[EventLine] = set()
        fresh: list[EventLine] = []
        if self._now is not self._old:
            for burst in (*self.finished, *self._now.values()):
                before = self._old.get((burst.node, burst.kind))
                if before is burst:
                    continue
                if before is not None and before.began == burst.began:
                    stale.add(_line(before))
                fresh.append(_line(burst))
        if old is not new:
            known = {(r.node, r.epoch): r for r in old}
            for recovery in new:
                before = known.get((recovery.node, recovery.epoch))
                if recovery is before or not recovery.times:
                    continue
                if before is not None and before.times:
                    stale.add(_whole(before))
                fresh.append(_whole(recovery))
        return stale, fresh


def _line(burst: Burst) -> EventLine:
    phrase = of_burst(burst)
    return EventLine(burst.at, burst.node, phrase.text, phrase.tone)


def _whole(recovery: Recovery) -> EventLine:
    phrase = of_recovery(recovery)
    return EventLine(recovery.began + recovery.worst_us, OBSERVER, phrase.text, phrase.tone)


def _kind(payload: Told) -> tuple[BurstKind | None, NodeId | None, int]:
    """What it is gathered as, which other node had to do with it, how long nobody served."""
    match payload:
        case RoomStarted(why=why):
            return _STARTS[why], None, payload.took_us
        case RoomExited(why=why):
            return _EXITS[why], None, 0
        case NameWon(loser=loser):
            return "won", loser.node, 0
        case NameLost(winner=winner):
            return "lost", winner, 0
        case NameFenced(by=by):
            return "fenced", by.node, 0
        case RoomMoved(to=to, lost_us=lost_us):
            return "moved", to, lost_us
        case RoomStayed(to=to):
            return "stayed", to, 0
        case SupervisorEscalated():
            return "escalated", None, 0
        case NameClaimed() | RoomMoveBegan():
            return None, None, 0
