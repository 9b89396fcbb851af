"""What `GET /rooms` says: each room of the cluster and where it runs, and whether all agree.

The names here are a promise to scripts. Ignores how the node came to know it.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from msgspec import Struct

from cluster.model.member import NodeId
from cluster.model.rooms.naming import Token
from cluster.model.summary import RoomRow, RoomState
from cluster.protocol.effects import RoomsRoll


class TokenShown(Struct, frozen=True, order=True):
    """A fencing token. The higher one fences off the lower; compare the fields in this order."""

    number: int
    node: str
    epoch: int


class RoomShown(Struct, frozen=True):
    """One process of a room."""

    room: str
    node: str
    """Which runs it."""
    behaviour: str
    token: TokenShown
    state: RoomState
    bytes: int
    """Of its state, at the last checkpoint."""
    queue: int
    """Messages that wait for it, or in it for the disks."""
    since: int
    """Microseconds since 1970 by that node's clock: when it came into this state."""
    to: str
    """Where it moves; empty: nowhere."""
    keep: str = ""
    """What its state outlives: memory, heir or checkpoint; empty: not known there."""
    blocked: bool = False
    """It can acknowledge nothing that changes it: not enough disks are within its node's reach."""


class RollShown(Struct, frozen=True):
    """All rooms of a cluster, in order of name. A name is there twice while two processes run."""

    rooms: list[RoomShown]
    silent: list[str]
    """Members that did not say in time what they run: their rooms are missing."""
    digest: str
    """Of every name with its node and token: two nodes that say the same say the same digest."""
    unasked: list[str] = []
    """Members believed dead: nobody could ask them, and cut off they may run rooms still."""
    removed: list[str] = []
    """Members that the ring goes on without, and that have not said that they left."""
    heard: list[str] = []
    """Who said what they run, also those without rooms."""


def token_shown(token: Token) -> TokenShown:
    """A token by its names."""
    return TokenShown(token.number, token.node, token.epoch)


def roll_shown(roll: RoomsRoll) -> RollShown:
    """What a node found out, by its names."""
    rooms = [
        RoomShown(
            room=row.room,
            node=node,
            behaviour=row.behaviour,
            token=token_shown(row.token),
            state=row.state,
            bytes=row.bytes,
            queue=row.queue,
            since=row.since,
            to=row.to,
            keep=row.keep,
            blocked=row.blocked,
        )
        for node, row in roll.rooms
    ]
    said = digest(roll.rooms)
    silent: list[str] = list(roll.silent)
    unasked: list[str] = list(roll.unasked)
    return RollShown(rooms, silent, said, unasked, list(roll.removed), list(roll.heard))


def digest(rooms: Iterable[tuple[NodeId, RoomRow]]) -> str:
    """Who runs what under which token, as 16 hexadecimal digits; in whatever order it was said."""
    said = sorted(
        (row.room, node, row.token.number, row.token.node, row.token.epoch) for node, row in rooms
    )
    return blake2b(msgspec.msgpack.encode(said), digest_size=8).hexdigest()
