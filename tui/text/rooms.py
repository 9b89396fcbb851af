"""`rooms` and `room`: which rooms run where, whether each runs once, and what a room answered.

Judges what one node found out by asking all (`GET /rooms`). The roll is no photograph: each node
says what it runs at its own moment, so a room that moved in between may be on two nodes' lists.
Whoever acts on "twice" therefore asks again (`twice` of both answers).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from cluster.api.routes.registry import RollShown, RoomShown, TokenShown
from cluster.model.member import NodeId
from tui.judge.wording import counted, joined
from tui.text.status import table

NAMED_MOST = 3
"""Rooms named in the sentence; of more only the number."""

_decoder = msgspec.json.Decoder(RollShown)


class NodeRooms(Struct, frozen=True):
    """The rooms of one node."""

    node: str
    rooms: int
    serving: int
    starting: int
    moving: int
    failed: int
    queued: int
    """Messages in all mailboxes."""
    longest: int
    """Messages in the fullest mailbox."""
    bytes: int
    """Of all states."""


class Rooms(Struct, frozen=True):
    """What `rooms --json` prints. The names are a promise."""

    sentence: str
    fine: bool
    """Each name runs once, none was given up, and every node was asked and answered."""
    names: int
    twice: list[str]
    """Names that two processes serve at the same time."""
    failed: list[str]
    """Given up by their supervisor, until somebody opens them again."""
    blocked: list[str]
    """Rooms that can acknowledge no change: their node does not reach enough disks."""
    silent: list[str]
    """Nodes that did not answer: their rooms are missing here."""
    unasked: list[str]
    """Nodes believed dead. Those that are only cut off run rooms, perhaps the same ones."""
    removed: list[str]
    """Nodes that the ring goes on without. Not a fault, but what was said of `unasked` holds."""
    nodes: list[NodeRooms]
    rooms: list[RoomShown]
    digest: str
    """Of every name with its node and token."""


def roll_from(body: bytes) -> RollShown | None:
    """What a window answered; None when that is no node's."""
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        return None


def stranger(roll: RollShown, node: str) -> str:
    """Why there is nothing to say of this node's rooms; empty when there is."""
    known = {row.node for row in roll.rooms}.union(roll.heard)
    if node in known:
        return ""
    if node in roll.silent:
        return f"{node} did not answer"
    if node in (*roll.unasked, *roll.removed):
        return f"{node} cannot be asked: it is believed dead"
    return f"{node} is no member; there are {' '.join(sorted(known, key=_order))}"


def twice(roll: RollShown) -> list[str]:
    """Names that two processes serve. One that is given and one that starts are one that moves."""
    seen: set[str] = set()
    found: dict[str, None] = {}
    for row in roll.rooms:
        if row.state == "serving":
            if row.room in seen:
                found[row.room] = None
            seen.add(row.room)
    return list(found)


def rooms(roll: RollShown, *, doubled: Sequence[str] | None = None, node: str = "") -> Rooms:
    """The judgement of all, and the rows of one node or of all.

    `doubled`: the names that still run twice, where somebody has asked again.
    """
    both = twice(roll) if doubled is None else list(doubled)
    failed = [row.room for row in roll.rooms if row.state == "failed"]
    # A start without a behaviour is a name that somebody asks for, and perhaps nobody has opened.
    names = len({row.room for row in roll.rooms if row.behaviour})
    blocked = list(dict.fromkeys(row.room for row in roll.rooms if row.blocked and row.behaviour))
    places = {row.node for row in roll.rooms}.union(roll.heard)
    return Rooms(
        sentence=_sentence(roll, names, both, failed, blocked),
        fine=not (both or failed or blocked or roll.silent or roll.unasked),
        names=names,
        twice=both,
        failed=failed,
        blocked=blocked,
        silent=roll.silent,
        unasked=roll.unasked,
        removed=roll.removed,
        nodes=[_of_node(n, roll) for n in sorted(places, key=_order) if node in ("", n)],
        rooms=[row for row in roll.rooms if node in ("", row.node)],
        digest=roll.digest,
    )


def _order(name: str) -> tuple[int, str]:
    return len(name), name


def _of_node(name: str, roll: RollShown) -> NodeRooms:
    rows = [row for row in roll.rooms if row.node == name]
    states = [row.state for row in rows]
    return NodeRooms(
        node=name,
        rooms=len(rows),
        serving=states.count("serving"),
        starting=states.count("starting"),
        moving=states.count("moving"),
        failed=states.count("failed"),
        queued=sum(row.queue for row in rows),
        longest=max((row.queue for row in rows), default=0),
        bytes=sum(row.bytes for row in rows),
    )


def _sentence(
    roll: RollShown, names: int, both: list[str], failed: list[str], blocked: list[str]
) -> str:
    places = {row.node for row in roll.rooms if row.behaviour and row.state != "failed"}
    none = "No room is known of" if roll.silent or roll.unasked else "No room is open"
    said = counted(names, "room") if names else none
    if places:
        said += f" on {counted(len(places), 'node')}"
    served = {row.room for row in roll.rooms if row.state == "serving"}
    gone = set(failed)
    waiting = len({row.room for row in roll.rooms if row.behaviour} - served - gone)
    parts: list[str] = []
    if both:
        run = "runs" if len(both) == 1 else "run"
        parts.append(f"{_named(both)} {run} TWICE")
    if failed:
        was = "was" if len(failed) == 1 else "were"
        parts.append(f"{_named(failed)} {was} given up after too many crashes")
    if blocked:
        waits = "waits" if len(blocked) == 1 else "wait"
        parts.append(f"{_named(blocked)} {waits} for disks that cannot be reached")
    if waiting:
        starts = "starts or moves" if waiting == 1 else "start or move"
        parts.append(f"{waiting:,} {starts} just now")
    if names and not parts:
        there = " there" if roll.unasked else ""
        parts.append(("each runs once" if names > 1 else "it runs once") + there)
    parts += _unheard(roll)
    return f"{said}, {'; '.join(parts)}." if parts else f"{said}."


def _unheard(roll: RollShown) -> list[str]:
    """Whose rooms are not in the roll."""
    parts: list[str] = []
    if roll.silent:
        parts.append(f"{' '.join(roll.silent)} did not answer, so rooms may be missing here")
    if roll.unasked:
        theirs = "it runs" if len(roll.unasked) == 1 else "they run"
        who = joined([NodeId(name) for name in roll.unasked])
        parts.append(f"{who} cannot be asked: what {theirs} is unknown here")
    if roll.removed:
        was = "was" if len(roll.removed) == 1 else "were"
        who = joined([NodeId(name) for name in roll.removed])
        parts.append(f"{who} {was} removed and not asked")
    return parts


def _named(names: list[str]) -> str:
    return " ".join(names) if len(names) <= NAMED_MOST else f"{len(names):,} rooms"


def rooms_text(said: Rooms) -> list[str]:
    """The sentence, a row for each node, a row for each room."""
    lines = [said.sentence]
    if not said.rooms and not any(node.rooms for node in said.nodes):
        return lines
    head = [
        ["node", "rooms", "serving", "starting", "moving", "failed", "queued", "longest", "bytes"]
    ]
    lines += table(
        head + [[node.node, *map(str, msgspec.structs.astuple(node)[1:])] for node in said.nodes]
    )
    lines.append("")
    rows = [["room", "node", "token", "keep", "state", "queue", "bytes"]]
    rows += [
        [
            row.room,
            row.node,
            token_text(row.token),
            row.keep or "-",
            _state(row),
            str(row.queue),
            str(row.bytes),
        ]
        for row in said.rooms
    ]
    lines += table(rows)
    lines.append(f"registry {said.digest}: the same on every node that knows the same")
    return lines


def _state(row: RoomShown) -> str:
    state = f"{row.state} to {row.to}" if row.to else row.state
    return f"{state}, waits for disks" if row.blocked else state


def token_text(token: TokenShown) -> str:
    """A token as people compare it: "3 of n2"."""
    return f"{token.number} of {token.node}" if token.number else "none"


class Spoken(Struct, frozen=True):
    """What came of speaking to a room."""

    room: str
    act: str
    status: int
    node: str
    token: str
    """As the header has it: JSON."""
    body: bytes


def spoken_json(said: Spoken) -> str:
    """The whole answer as one document. The names are a promise."""
    answer = _json_or_text(said.body)
    return json.dumps(
        {
            "room": said.room,
            "act": said.act,
            "status": said.status,
            "node": said.node,
            "token": _json_or_text(said.token.encode()) or None,
            "reply" if said.act == "call" and said.status == 200 else "answer": answer,
        }
    )


def _json_or_text(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "backslashreplace")


def spoken_note(said: Spoken) -> str:
    """Who it was that answered, for stderr."""
    try:
        token = token_text(msgspec.json.decode(said.token, type=TokenShown))
    except msgspec.MsgspecError:
        token = "none"
    what = {
        "open": _opened(said),
        "close": "is closed; its state is forgotten",
        "cast": "was told; nobody knows yet what comes of it",
        "call": "answered",
    }[said.act]
    return f"{said.room} on {said.node} {what} (token {token})"


def _opened(said: Spoken) -> str:
    if said.status == 201:
        return "is open"
    answer = _json_or_text(said.body)
    if isinstance(answer, dict) and answer.get("revived"):  # pyright: ignore[reportUnknownMemberType]
        return "was given up after crashes, and runs again"
    return "was open already"
