"""What one claim knows while it is under way: plain state, no rules (`claims` has them)."""

from __future__ import annotations

from collections import deque
from typing import Any, Literal

from msgspec import Struct, field

from cluster.model.happenings.rooms import StartReason
from cluster.model.member import NodeId
from cluster.model.rooms.behaviour import Behaviour
from cluster.model.rooms.naming import NO_TOKEN, Checkpoint, Token
from cluster.model.versions import Context
from cluster.protocol.messages import RoomGive
from cluster.protocol.rooms.process import Letter


class Given(Struct, frozen=True):
    """A room that another node gives, and who waits to hear that it arrived."""

    give: RoomGive
    giver: NodeId


def _letters() -> deque[Letter]:
    return deque()


class Claim(Struct):
    """One name on its way to running here."""

    name: str
    why: StartReason
    began: int
    step: Literal["waiting", "reading", "bringing", "writing"] = "waiting"
    number: int = 0
    """Of the attempt: what an earlier one asked is no longer listened to."""
    tries: int = 0
    due: int = 0
    """When it goes on by itself."""
    queued: bool = False
    """It stands in the line of those that may begin."""
    trouble: str = ""
    """Why the last attempt came to nothing."""
    queue: deque[Letter] = field(default_factory=_letters)
    givers: list[Given] = []
    heir: Any = None
    """The state that its crashed predecessor left, if its keep has an heir."""
    asked_at: int = 0
    """When the holder of the last token was first asked to give it up."""
    denied: Token = NO_TOKEN
    """Who claimed under this token has said that it runs nothing of that name."""
    floor: int = 0
    """Who asks has seen a token with this number: the claim's own is above it."""
    direct: bool = False
    """What was given is all there is to know: it is written without reading first."""
    revived: bool = False
    """It had been given up, and somebody opens it again."""


class Coming(Struct, frozen=True):
    """A process that is about to be: its claim is on its way to the disks."""

    behaviour: Behaviour[Any]
    newest: Checkpoint
    token: Token
    over: Token
    state: Any
    context: Context
    givers: tuple[Given, ...]
    """Whose processes are part of the state."""
