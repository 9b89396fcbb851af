"""What clients ask of a node and what they are told, over a stream or through the window.

A part of the one vocabulary (`cluster.protocol.messages`, from where everybody takes them).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from cluster.model.member import NodeId
from cluster.model.rooms.naming import NO_TOKEN, BehaviourName, Keep, RoomName, Token
from cluster.model.values.update import Update
from cluster.model.versions import Context, Versions
from cluster.protocol.fields import Number

Quorum = Annotated[int, Meta(ge=0, le=64)]
ContentType = Annotated[str, Meta(max_length=256)]


class PutRequest(Struct, frozen=True, array_like=True, tag=20):
    """A client writes. `context` is what it read (empty: it read nothing, so nothing is replaced).

    `w`/`pw` 0 mean the cluster's default and none. Answered with `WriteResponse` or `Refusal`.
    """

    key: bytes
    value: bytes
    content_type: ContentType = "application/octet-stream"
    context: Context = {}
    w: Quorum = 0
    pw: Quorum = 0


class DeleteRequest(Struct, frozen=True, array_like=True, tag=21):
    """A client deletes: a tombstone is written under the same rules as a value."""

    key: bytes
    context: Context = {}
    w: Quorum = 0
    pw: Quorum = 0


class GetRequest(Struct, frozen=True, array_like=True, tag=22):
    """A client reads. Answered with `ReadResponse` or `Refusal`.

    `here` asks nobody else: what this node's own disk holds, whether it is an owner or not. That
    proves nothing about the key; it is for whoever looks at copies one by one.
    """

    key: bytes
    r: Quorum = 0
    pr: Quorum = 0
    here: bool = False


class UpdateRequest(Struct, frozen=True, array_like=True, tag=35):
    """A client changes a typed value. No context: the change says by itself what it replaces.

    Answered with `WriteResponse` or `Refusal`; 409 if the key holds something of another type.
    Not idempotent: after "maybe written" the client decides whether to ask again.
    """

    key: bytes
    update: Update
    w: Quorum = 0
    pw: Quorum = 0


class WriteResponse(Struct, frozen=True, array_like=True, tag=23):
    """What a write proved: which replicas have it on disk, how many of them are primaries."""

    outcome: str
    replicas: tuple[NodeId, ...]
    primaries: int
    context: Context
    siblings: int
    detail: str = ""
    """When it is not "ok": why, in a sentence."""


class ReadResponse(Struct, frozen=True, array_like=True, tag=24):
    """What a read proved. No siblings, or only tombstones: absent."""

    versions: Versions
    replicas: tuple[NodeId, ...]
    primaries: int


class Refusal(Struct, frozen=True, array_like=True, tag=25):
    """The request was not done. `status` is the HTTP status that says so."""

    status: int
    error: str
    detail: str


class RoomRequest(Struct, frozen=True, array_like=True, tag=60):
    """A client speaks to a room. Answered with `RoomResponse` or `Refusal`.

    `open` makes the room if there is none (or it was given up), with `message` as its argument, and
    finds it otherwise; `close` ends it and forgets its state. A `cast` is answered as soon as it is
    in the room's mailbox, and may be lost with it.
    """

    room: RoomName
    act: Literal["call", "cast", "open", "close"]
    message: bytes = b""
    behaviour: BehaviourName = "quiz"
    """What a room that is opened shall be."""
    keep: Keep = "checkpoint"
    again: bool = False
    """Doing it twice is the same as once: it may be asked again of another node when nobody knows
    whether it was done."""


class RoomResponse(Struct, frozen=True, array_like=True, tag=61):
    """What a room answered, and which process of it did."""

    reply: bytes
    node: NodeId
    """Who runs the room."""
    token: Token = NO_TOKEN
    """Of the process that answered; a later answer never bears a lower one."""
    made: bool = False
    """`open` has made it."""
    revived: bool = False
    """It had been given up, and `open` has started it again with the state that was kept."""


class ClientCall(Struct, frozen=True, array_like=True, tag=26):
    """A client on a stream asks; many may be outstanding. Answered with `ClientAnswer`."""

    number: Number
    request: PutRequest | DeleteRequest | GetRequest | UpdateRequest | RoomRequest


class ClientAnswer(Struct, frozen=True, array_like=True, tag=27):
    """The answer to the `ClientCall` of the same number."""

    number: Number
    response: WriteResponse | ReadResponse | Refusal | RoomResponse
