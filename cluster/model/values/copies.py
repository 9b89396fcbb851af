"""One node's copy of one key, as it is shown to whoever compares copies. Values only."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.versions import Context

Kind = Literal["value", "deleted", "counter", "set", "map", "register", "lww", "room"]


class RoomShown(Struct, frozen=True):
    """What a room's record says, in words a program can compare."""

    behaviour: str
    token: int
    node: str
    """The process that holds the name."""
    bytes: int
    """Of the checkpoint; -1 when only the name is kept."""
    failed: bool


class SiblingShown(Struct, frozen=True):
    """One value nobody has superseded."""

    actor: str
    counter: int
    replica: str
    """Who minted it."""
    written_at: int
    """Microseconds since 1970, by that node's clock."""
    kind: Kind
    content_type: str
    size: int
    value: str
    """The beginning of it, base64; of a typed value what it comes to, as JSON text."""
    room: RoomShown | None = None


class CopyShown(Struct, frozen=True):
    """One node's copy of a key."""

    node: str
    owner: bool
    """By the ring that this node follows."""
    context: Context
    siblings: tuple[SiblingShown, ...]
