"""Rooms in sentences: one fact, several alike at once, all rooms of a node that died.

A sentence follows its node's name. `of_room` has one for every kind of fact and is what a chosen
room's last events say; the log gathers (`of_burst`, `of_recovery`), so that two hundred starts are
one line. Ignores what is wrong now (`tui.judge.rooms.survey`).
"""

from __future__ import annotations

from typing import Final

from cluster.model.facts import (
    Fact,
    NameClaimed,
    NameFenced,
    NameLost,
    NameWon,
    RoomCheckpointed,
    RoomExited,
    RoomMoveBegan,
    RoomMoved,
    RoomStarted,
    RoomStayed,
    SupervisorEscalated,
)
from tui.judge.wording import Phrase, Tone, counted, joined, listed, millis, seconds
from tui.seen.rooms import Burst, BurstKind, Recovery


def of_room(fact: Fact) -> Phrase | None:
    """What one fact about a room says; None when it is about something else."""
    payload = fact.payload
    match payload:
        case NameClaimed() | NameWon() | NameLost() | NameFenced():
            return of_name(payload)
        case RoomStarted() | RoomExited():
            return of_life(payload)
        case RoomMoveBegan() | RoomMoved() | RoomStayed():
            return of_move(payload)
        case RoomCheckpointed():
            answers = counted(payload.answers, "answer")
            return Phrase(f"{payload.room}: {size(payload.bytes)} on the disks, {answers} told")
        case SupervisorEscalated():
            return of_supervisor(payload)
        case _:
            return None


def size(count: int) -> str:
    """Bytes in a sentence: 412 bytes, 4.1 kB, 1.2 MB."""
    if count < 1_000:
        return counted(count, "byte")
    return f"{count / 1e3:.1f} kB" if count < 999_500 else f"{count / 1e6:.1f} MB"


def of_name(payload: NameClaimed | NameWon | NameLost | NameFenced) -> Phrase:
    """A name and its tokens."""
    room = payload.room
    match payload:
        case NameClaimed(token=token, over=over):
            above = f", above {over.node}'s {over.number}" if over.number else ""
            return Phrase(f"claims {room} with token {token.number}{above}")
        case NameWon(loser=loser):
            return Phrase(f"{room} ran twice: it goes on here, with all {loser.node}'s had", "good")
        case NameLost(winner=winner):
            return Phrase(f"{room} ran twice: it ends here, {winner} has all it had")
        case NameFenced(token=token, by=by):
            newer = f"token {by.number} of {by.node} is above {token.number}"
            return Phrase(f"{room} may not answer here: {newer}", "warn")


def of_life(payload: RoomStarted | RoomExited) -> Phrase:
    """A process of a room begins or ends."""
    if isinstance(payload, RoomExited):
        return _ended(payload)
    room, held = payload.room, size(payload.bytes) if payload.bytes else "nothing"
    took = millis(payload.took_us)
    match payload.why:
        case "opened":
            said = f"opened {room}"
        case "crashed":
            said = f"{room} runs again after its crash, with {held}, {took}"
        case "escalated":
            said = f"{room} runs again with its supervisor, with {held}"
        case "died":
            said = f"{room} serves again here, with {held}, {took}"
        case "moved":
            said = f"{room} goes on here, with {held}, {took}"
        case "merged":
            said = f"{room} goes on as one, with {held}"
    return Phrase(said, "good")


def _ended(payload: RoomExited) -> Phrase:
    room, why = payload.room, payload.why
    said = f": {payload.detail}" if payload.detail else ""
    match why:
        case "closed":
            return Phrase(f"closed {room}")
        case "crashed":
            return Phrase(f"{room} crashed{said}", "bad")
        case "moved":
            return Phrase(f"{room} has left")
        case "lost":
            return Phrase(f"{room} ended here{said}")
        case "escalated":
            return Phrase(f"{room} ended with its supervisor", "warn")
        case "failed":
            return Phrase(f"gave {room} up{said}", "bad")


def of_move(payload: RoomMoveBegan | RoomMoved | RoomStayed) -> Phrase:
    """A handoff."""
    room = payload.room
    match payload:
        case RoomMoveBegan(to=to):
            return Phrase(f"hands {room} to {to}, {size(payload.bytes)}")
        case RoomMoved(to=to, waited=waited):
            sent = f", {counted(waited, 'message')} sent on" if waited else ""
            return Phrase(f"{room} went to {to}: {millis(payload.lost_us)} without service{sent}")
        case RoomStayed(why=why):
            return Phrase(f"{room} stays: {why}", "warn")


def of_supervisor(payload: SupervisorEscalated) -> Phrase:
    """More crashes than a supervisor bears."""
    crashes = counted(payload.restarts, "crash", "crashes")
    seen = f"{crashes} within {seconds(payload.window_us)}"
    if payload.level >= 2:
        return Phrase(f"a supervisor failed for good ({seen}): {payload.room} is given up", "bad")
    rooms = counted(payload.children, "room")
    return Phrase(f"{payload.room}: {seen}, its supervisor starts all its {rooms} anew", "bad")


# --- several at once -----------------------------------------------------------------------------

_TONES: Final[dict[BurstKind, Tone]] = {
    "opened": "good",
    "closed": "plain",
    "crashed": "bad",
    "restarted": "good",
    "failed": "bad",
    "won": "good",
    "lost": "plain",
    "fenced": "warn",
    "moved": "plain",
    "stayed": "warn",
    "died": "good",
    "escalated": "bad",
}


def of_burst(burst: Burst) -> Phrase:
    """What a node did to several rooms in quick succession; of one alone, its own sentence."""
    if burst.count == 1 and burst.last is not None:
        alone = of_room(burst.last)
        if alone is not None:
            return alone
    return Phrase(_gathered(burst), _TONES[burst.kind])


def _gathered(burst: Burst) -> str:
    rooms = counted(burst.count, "room")
    who = listed(list(burst.others))
    worst = millis(burst.worst_us)
    first = "".join(burst.rooms[:1])
    crashes = counted(burst.count, "crash", "crashes")
    said: dict[BurstKind, str] = {
        "opened": f"opened {rooms}",
        "closed": f"closed {rooms}",
        "crashed": f"{crashes} of {first}{' and others' if len(burst.rooms) > 1 else ''}",
        "restarted": f"{rooms} run again after crashes, worst {worst}"
        if len(burst.rooms) > 1
        else f"{first} runs again, {burst.count} times",
        "escalated": f"{burst.count} supervisors started all their rooms anew, or failed for good",
        "failed": f"gave {rooms} up: they kept crashing",
        "won": f"{rooms} that ran twice go on here, with all that {who} had",
        "lost": f"{rooms} that ran twice end here: {who} has all they had",
        "fenced": f"{rooms} may not answer here: {who} holds newer tokens",
        "moved": f"{rooms} went to {who}: at worst {worst} without service",
        "stayed": f"{rooms} stay: {who} did not take them",
        "died": f"{rooms} of nodes that died serve again here",
    }
    return said[burst.kind]


def of_recovery(recovery: Recovery) -> Phrase:
    """How the rooms of a node that died came back, so far or all of them."""
    name, served = recovery.node, len(recovery.times)
    where = joined(list(recovery.nodes)) if len(recovery.nodes) <= 2 else listed(recovery.nodes, 2)
    p50, worst = seconds(recovery.p50_us), seconds(recovery.worst_us)
    took = f"p50 {p50}, worst {worst}" if served > 1 else worst
    since = f" after it was {recovery.basis}"
    if served >= recovery.rooms:
        rooms = f"{recovery.rooms:,} rooms serve" if recovery.rooms > 1 else "room serves"
        return Phrase(f"{name}'s {rooms} again on {where}: {took}{since}", "good")
    if recovery.basis == "believed dead":
        some = f"{served:,} of {name}'s {counted(recovery.rooms, 'room')}"
        return Phrase(f"{some} started on {where}: {name} is believed dead", "warn")
    return Phrase(f"{served:,} of {name}'s {counted(recovery.rooms, 'room')} serve again on {where}",
                  "good" if recovery.ended else "warn")  # fmt: skip
