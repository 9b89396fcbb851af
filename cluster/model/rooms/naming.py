"""What a room is called, which of its processes is the newer, and what is kept of it on disk.

A room is a named process. Its record in the key/value store is the registry: who was the last to
claim the name, under which fencing token, and the state at the last checkpoint. Tokens are ordered,
and no two processes ever get the same (the claimant's name and life are part of it). Ignores where
a room should live (`cluster.protocol.rooms.homes`) and what it does (`behaviour`).
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from cluster.model.member import Count, NameOrNobody, NodeId
from cluster.model.versions import Sibling, Versions

ROOM_NAME_PATTERN: Final = r"^[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,63}\Z"
RoomName = Annotated[str, Meta(pattern=ROOM_NAME_PATTERN)]
"""A room's name as the wire accepts it. None begins with a dot: URLs lose `.` and `..` on the way."""
BehaviourName = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,32}\Z")]

PREFIX: Final = b"room/"
"""Keys under which rooms live. Clients may read them; only rooms write them."""
CONTENT_TYPE: Final = "application/x-masterless.room"

FENCED: Final = "fenced"
"""How a refusal begins that says: somebody holds a higher token."""

Keep = Literal["memory", "heir", "checkpoint"]
"""What outlives what. `memory`: the state dies with the process. `heir`: another table of the same
node keeps it, so it outlives a crash of the process and dies with the node. `checkpoint`: it is in
the key/value store before anybody is answered, and outlives the node."""


class Token(Struct, frozen=True, array_like=True, order=True):
    """A fencing token: who claimed a name, counting claims. The higher fences off the lower."""

    number: Count = 0
    node: NameOrNobody = NodeId("")
    epoch: Count = 0

    def __str__(self) -> str:
        return f"{self.number} of {self.node}" if self.number else "none"

    @property
    def actor(self) -> str:
        """The name under which a process with this token counts."""
        return f"{self.number}.{self.node}.{self.epoch:x}"


NO_TOKEN: Final = Token()


class Checkpoint(Struct, frozen=True, array_like=True):
    """The record of a room: the value of its key."""

    behaviour: BehaviourName
    keep: Keep
    token: Token
    argument: bytes
    """What it was opened with."""
    state: bytes | None
    """By the behaviour's own `checkpoint`; None: nothing is kept but the name."""
    failed: bool = False
    """Given up by its supervisor: it stays closed until somebody opens it again."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Checkpoint)


def room_key(name: str) -> bytes:
    """Where the record of a room is kept."""
    return PREFIX + name.encode()


def room_of(key: bytes) -> str | None:
    """The room whose record is under a key, None where it is no room's."""
    return key[len(PREFIX) :].decode("utf-8", "replace") if key.startswith(PREFIX) else None


def room_topic(name: str) -> str:
    """The topic on which a room tells what its behaviour publishes."""
    return f"room/{name}"


def packed(checkpoint: Checkpoint) -> bytes:
    """A record's value."""
    return _encoder.encode(checkpoint)


def unpacked(sibling: Sibling) -> Checkpoint | None:
    """What a sibling of a room's record says; None for a tombstone or what is no checkpoint."""
    if sibling.value is None or sibling.content_type != CONTENT_TYPE:
        return None
    try:
        return _decoder.decode(sibling.value)
    except msgspec.MsgspecError:
        return None


def highest(versions: Versions) -> Token:
    """The highest token among a record's values."""
    found = (unpacked(s) for s in versions.siblings)
    return max((c.token for c in found if c is not None), default=NO_TOKEN)


def fence_text(above: Token, where: str) -> str:
    """Why a write is kept out, in words that `fence_number` reads."""
    return f"{FENCED} by token {above.number} of {above.node or 'nobody'}, known to {where}"


def fence_number(text: str) -> int:
    """The number of the token that a refusal speaks of; 0 if it speaks of none."""
    found = re.match(rf"{FENCED} by token (\d{{1,16}}) ", text)
    return int(found.group(1)) if found else 0


def fence(held: Versions, coming: Versions) -> Token:
    """The token that keeps a write out: held, never seen by its writer, and above the writer's own.

    `NO_TOKEN`: nothing does. This is the check at the storage that makes a token a fencing token: a
    process that was paused while another took its name over can write no more.
    """
    unseen = tuple(s for s in held.siblings if coming.context.get(s.actor, 0) < s.counter)
    if not unseen:
        return NO_TOKEN
    above = highest(Versions({}, unseen))
    return above if above > highest(coming) else NO_TOKEN
