"""Maelstrom's lines: one JSON object each, with a source, a destination and a body.

Decides what is well formed, and which error codes there are (doc/protocol.md, "Errors"). Ignores
what a body asks for. Payloads of any JSON type stay the text they came as (`Raw`), so that they
go back unchanged.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

LINE_BYTES_MAX: Final = 32 * 1_048_576
"""A longer line ends the process: its other end does not speak this protocol."""
PEER: Final = "masterless"
"""The type of the bodies that carry our own packets between nodes."""


class Code(IntEnum):
    """Why a request was not done. TIMEOUT and CRASH alone leave open whether it was."""

    TIMEOUT = 0
    NODE_NOT_FOUND = 1
    NOT_SUPPORTED = 10
    TEMPORARILY_UNAVAILABLE = 11
    MALFORMED_REQUEST = 12
    CRASH = 13
    ABORT = 14
    KEY_DOES_NOT_EXIST = 20
    KEY_ALREADY_EXISTS = 21
    PRECONDITION_FAILED = 22
    TXN_CONFLICT = 30

    @property
    def definite(self) -> bool:
        """Whether the request was certainly not done, and never will be."""
        return self not in (Code.TIMEOUT, Code.CRASH)


class Body(Struct, frozen=True):
    """Every field that a body of ours may have; what is not there is unset."""

    type: str
    msg_id: int | None = None
    in_reply_to: int | None = None
    node_id: str = ""
    node_ids: tuple[str, ...] = ()
    topology: dict[str, tuple[str, ...]] | None = None
    echo: Raw | UnsetType = UNSET
    message: Raw | UnsetType = UNSET
    element: Raw | UnsetType = UNSET
    delta: int | UnsetType = UNSET
    packet: bytes = b""
    """Base64 in JSON: a packet of our own wire format."""


class Line(Struct, frozen=True):
    """One message."""

    src: str
    dest: str
    body: Body


class _Asked(Struct, frozen=True):
    type: str = ""
    msg_id: int | None = None


class _Loose(Struct, frozen=True):
    src: str
    dest: str
    body: _Asked


class MalformedLineError(ValueError):
    """What arrived is not a message. `asker` and `msg_id` say whom to tell, if anybody."""

    def __init__(self, why: str, asker: str = "", msg_id: int | None = None) -> None:
        super().__init__(why)
        self.asker = asker
        self.msg_id = msg_id


_decoder = msgspec.json.Decoder(Line)
_loose = msgspec.json.Decoder(_Loose)
_encoder = msgspec.json.Encoder()


def decode(data: bytes) -> Line:
    """The message in a line, or `MalformedLineError`."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        try:
            known = _loose.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise MalformedLineError(str(error)) from None
        raise MalformedLineError(str(error), known.src, known.body.msg_id) from None


def encode(src: str, dest: str, body: dict[str, object]) -> bytes:
    """A line, with its end."""
    return _encoder.encode({"src": src, "dest": dest, "body": body}) + b"\n"
