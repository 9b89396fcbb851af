"""Facts about rooms: who claims a name, wins, loses or is fenced off; what starts, ends and moves.

A part of the one vocabulary (`cluster.model.facts`, from where everybody takes them). The node that
states one is the node that runs (or ran) the room.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.member import NodeId
from cluster.model.rooms.naming import Token

StartReason = Literal["opened", "crashed", "died", "moved", "merged", "escalated"]
"""Why a room (re)starts: somebody opened it; it crashed here; the node that ran it is gone; that node
gave it; it ran twice; its supervisor was restarted with all its children."""
ExitReason = Literal["closed", "crashed", "moved", "lost", "escalated", "failed"]


class NameClaimed(Struct, frozen=True, array_like=True, tag="name.claim"):
    """This node has claimed a name: `token` is on W disks. `over` is the highest token before."""

    room: str
    token: Token
    over: Token


class NameWon(Struct, frozen=True, array_like=True, tag="name.win"):
    """Two processes of one name ran; this node's goes on, with what `loser` had merged into it."""

    room: str
    token: Token
    loser: Token


class NameLost(Struct, frozen=True, array_like=True, tag="name.lose"):
    """Two processes of one name ran; this node's ended, its state is safe with `winner`."""

    room: str
    token: Token
    winner: NodeId


class NameFenced(Struct, frozen=True, array_like=True, tag="name.fence"):
    """This node's process was kept from writing or answering: somebody holds the token `by`."""

    room: str
    token: Token
    by: Token


class RoomStarted(Struct, frozen=True, array_like=True, tag="proc.start"):
    """A room serves here from now on. `took_us`: since this node set out to start it."""

    room: str
    behaviour: str
    token: Token
    why: StartReason
    bytes: int
    """Of the state it begins with."""
    took_us: int


class RoomExited(Struct, frozen=True, array_like=True, tag="proc.exit"):
    """A room's process ended here."""

    room: str
    token: Token
    why: ExitReason
    detail: str = ""


class RoomCheckpointed(Struct, frozen=True, array_like=True, tag="proc.checkpoint"):
    """A room's state is on W disks, and `answers` callers were told so. Reported when traced."""

    room: str
    token: Token
    bytes: int
    answers: int


class RoomMoveBegan(Struct, frozen=True, array_like=True, tag="proc.handoff"):
    """A room stopped serving here to go on at `to`, with its state."""

    room: str
    token: Token
    to: NodeId
    bytes: int


class RoomMoved(Struct, frozen=True, array_like=True, tag="proc.moved"):
    """It has arrived. `lost_us`: how long nobody served it, by this node's clock."""

    room: str
    token: Token
    to: NodeId
    bytes: int
    lost_us: int
    waited: int
    """Messages that came meanwhile and were sent on."""


class RoomStayed(Struct, frozen=True, array_like=True, tag="proc.stay"):
    """A move came to nothing: it goes on here."""

    room: str
    token: Token
    to: NodeId
    why: str


class SupervisorEscalated(Struct, frozen=True, array_like=True, tag="sup.escalate"):
    """A supervisor saw more restarts than it bears and ended all its children.

    `level` 1 is restarted with them by its own supervisor; at level 2 `room` is given up.
    """

    level: int
    room: str
    """Whose crash it was."""
    children: int
    restarts: int
    window_us: int
