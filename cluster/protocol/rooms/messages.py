"""What nodes say to each other about rooms. All of it by stream.

A part of the one vocabulary (`cluster.protocol.messages`, from where everybody takes them).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from cluster.model.rooms.naming import BehaviourName, Keep, RoomName, Token
from cluster.model.summary import RoomRow
from cluster.model.versions import Context
from cluster.protocol.fields import Number
from cluster.protocol.requests import Refusal, RoomRequest, RoomResponse

Rows = Annotated[tuple[RoomRow, ...], Meta(max_length=16_384)]


class RoomAsk(Struct, frozen=True, array_like=True, tag=62):
    """A client's message for a room, sent to the node where the room should live.

    `fence` is the highest token the asker has seen: whoever runs it under a lower one must not do
    the work. Answered with `RoomAnswer` of the same number.
    """

    number: Number
    request: RoomRequest
    fence: Token
    hops: Annotated[int, Meta(ge=0, le=16)] = 0
    """How many nodes have passed it on because the room was elsewhere."""


class RoomAnswer(Struct, frozen=True, array_like=True, tag=63):
    """What came of a `RoomAsk`."""

    number: Number
    response: RoomResponse | Refusal


class RoomGive(Struct, frozen=True, array_like=True, tag=64):
    """A process that stopped serving, with all it knows, for the node where its name belongs.

    The receiver merges it into its own process of that name if it runs one, claims the name above
    both tokens, and says `RoomTaken` when that is on W disks. Sent again until then.
    """

    room: RoomName
    behaviour: BehaviourName
    keep: Keep
    token: Token
    argument: bytes
    state: bytes
    context: Context
    """The causal context of its last checkpoint: what the receiver's replaces."""


class RoomTaken(Struct, frozen=True, array_like=True, tag=65):
    """The answer to `RoomGive`: the giver's process may end, its name goes on under `by`.

    `refused` says why it did not take it; then `by` means nothing.
    """

    room: RoomName
    token: Token
    """Of the process that was given."""
    by: Token
    refused: Annotated[str, Meta(max_length=256)] = ""
    twin: bool = False
    """The receiver ran one of that name too: both are one now."""


class RoomBring(Struct, frozen=True, array_like=True, tag=66):
    """ "This name belongs here now, and its last claim was yours: give it to me, or say you cannot."

    Answered with `RoomGive` or `RoomGone`.
    """

    room: RoomName
    token: Token


class RoomGone(Struct, frozen=True, array_like=True, tag=67):
    """The answer to `RoomBring`: "I run no such process (any more)." """

    room: RoomName
    token: Token


class RoomRollAsk(Struct, frozen=True, array_like=True, tag=68):
    """ "Which rooms do you run?" Asked of all members for `GET /rooms`. Answered with `RoomRoll`."""

    number: Number


class RoomRoll(Struct, frozen=True, array_like=True, tag=69):
    """All rooms of the sender."""

    number: Number
    rows: Rows


class RoomWatch(Struct, frozen=True, array_like=True, tag=80):
    """ "Somebody listens to this room here." Sent to its home again and again while that is so.

    Not answered. A room that nobody has spoken of for a while publishes nothing: a thousand rooms
    that broadcast every answer to nobody would keep all links busy.
    """

    room: RoomName
