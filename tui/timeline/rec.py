"""The `.rec` format: magic, framed records, a footer. What is in a file, and nothing about reading it.

    89 'TREC1' 0d 0a                       magic
    [u32 length][u8 type][u32 crc][body]   records, big-endian; crc32 of the type and the body
      H  header        who recorded what, when
      E  chunk         up to 512 facts, packed (`tui.timeline.pack`)
      S  snapshot      a whole view, packed, with the number of facts in it
      M  mark          a moment worth jumping to
      I  index         every 64 chunks and at the end: where the records since the last index are,
                       and where that one is
      Z  footer        where the last index is
    89 'TREC1' 0d 0a                       magic again: the file was ended, not cut off

Bodies are msgpack maps with stable names; new names may be added, none is ever renamed. Kinds of
facts are strings. A file begins with a snapshot of what was known before its first fact.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, Literal

import msgspec
from msgspec import Struct

from tui.timeline.cutter import Chunk, Kept, Note
from tui.timeline.pack import DamagedError

MAGIC: Final = b"\x89TREC1\r\n"
HEAD: Final = struct.Struct(">IcI")
"""Length of the body, type, checksum."""
OFFSET: Final = struct.Struct(">Q")
TAIL_BYTES: Final = HEAD.size + OFFSET.size + len(MAGIC)
"""The footer and the magic after it."""
INDEX_CHUNKS: Final = 64
BODY_BYTES_MAX: Final = 256 * 1_048_576
"""A longer record is damage."""
VERSION: Final = 1

Kind = Literal["H", "E", "S", "M", "I", "Z"]
Origin = Literal["live", "sim", "talk"]


class Header(Struct, frozen=True):
    """`H`: the first record. Times are microseconds since 1970."""

    v: int
    created: int
    cluster: str
    n: int
    """Copies of each key, and how many must answer a read and a write; 0: not known."""
    r: int
    w: int
    clock: str
    """How times were made: "node+collector", both in every fact."""
    app: str
    source: Origin = "live"
    git: str = ""
    seed: int | None = None


class Index(Struct, frozen=True):
    """`I`: where the records since the last index are."""

    prev: int
    """Offset of the index before; 0: there is none."""
    entries: list[tuple[int, int, int, str]]
    """[t, seq, offset, type] of each: its time, how many facts came before it, where, what."""


Body = Header | Chunk | Kept | Note | Index

_encoder = msgspec.msgpack.Encoder()
_decoders = {
    "H": msgspec.msgpack.Decoder(Header),
    "E": msgspec.msgpack.Decoder(Chunk),
    "S": msgspec.msgpack.Decoder(Kept),
    "M": msgspec.msgpack.Decoder(Note),
    "I": msgspec.msgpack.Decoder(Index),
}


def framed(kind: Kind, body: bytes) -> bytes:
    """A record as bytes."""
    letter = kind.encode()
    return HEAD.pack(len(body), letter, zlib.crc32(body, zlib.crc32(letter))) + body


def record(body: Body) -> bytes:
    """A record as bytes, its type found by what it holds."""
    kind: Kind
    match body:
        case Header():
            kind = "H"
        case Chunk():
            kind = "E"
        case Kept():
            kind = "S"
        case Note():
            kind = "M"
        case Index():
            kind = "I"
    return framed(kind, _encoder.encode(body))


def footer(index: int) -> bytes:
    """The last record, and the magic after it."""
    return framed("Z", OFFSET.pack(index)) + MAGIC


def body_of(kind: str, data: bytes) -> Body | None:
    """What a record holds; None: it is of a type that this version does not know.

    Raises DamagedError.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        return None
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DamagedError(f"a record of type {kind} does not read ({error})") from None
