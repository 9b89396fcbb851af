"""How records and hints lie in LMDB, and what one commit brings there.

LMDB keys may have 511 bytes at most, ours 1,024, so every record is stored under its partition and
a hash of its key, with the whole key inside the value. A scan therefore goes in hash order: any
order will do, as long as the last key of a page says where the next one begins.

Everything is sealed with a checksum, because LMDB has none: what a disk gives back changed is
damaged, and reads as absent instead of as something nobody wrote.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Struct

from cluster.model.fingerprint import POSITION_BYTES, position
from cluster.model.member import NodeId
from cluster.model.versions import EMPTY, Record

Table = dict[bytes, bytes | None]
"""Writes of one table by database key; None deletes. The last write of a key wins."""


class Row(Struct, frozen=True, array_like=True):
    """A record as it is stored."""

    key: bytes
    record: Record


class Hint(Struct, frozen=True, array_like=True):
    """A hint as it is stored."""

    target: NodeId
    partition: int
    key: bytes
    at: int


UNKNOWN: Final = Row(b"", Record(EMPTY))
"""Told apart by identity: nothing is queued for this key."""

FORMAT: Final = 2
"""Of a data directory. 1 had no checksums."""
SEAL_BYTES: Final = 4

encode = msgspec.msgpack.Encoder().encode
decode_row = msgspec.msgpack.Decoder(Row).decode
decode_hint = msgspec.msgpack.Decoder(Hint).decode


def seal(blob: bytes) -> bytes:
    """A blob with its checksum in front, as it lies on disk."""
    return crc32(blob).to_bytes(SEAL_BYTES, "big") + blob


def unseal(sealed: bytes) -> bytes | None:
    """The blob, or None if it is not what was sealed."""
    blob = sealed[SEAL_BYTES:]
    return blob if sealed[:SEAL_BYTES] == crc32(blob).to_bytes(SEAL_BYTES, "big") else None


def row_of(sealed: bytes) -> Row | None:
    """A record as it was stored, or None if it is damaged."""
    blob = unseal(sealed)
    try:
        return None if blob is None else decode_row(blob)
    except msgspec.MsgspecError:
        return None


def hint_of(sealed: bytes) -> Hint | None:
    """A hint as it was stored, or None if it is damaged."""
    blob = unseal(sealed)
    try:
        return None if blob is None else decode_hint(blob)
    except msgspec.MsgspecError:
        return None


class Batch:
    """What one commit brings to disk."""

    __slots__ = ("gained", "hints", "meta", "records", "tokens", "written")

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.records: dict[bytes, Row | None] = {}
        self.hints: Table = {}
        self.meta: Table = {}
        self.gained: dict[int, int] = {}
        """Per partition: how many keys this batch adds."""
        self.written = 0
        """Bytes of keys and values, once they are on disk."""


def place_of(partition: int, key: bytes) -> bytes:
    """A record's database key."""
    return partition.to_bytes(2, "big") + position(key)


def hint_key(target: str, partition: int, key: bytes) -> bytes:
    """A hint's database key."""
    owner = target.encode()
    whole = len(owner).to_bytes(2, "big") + owner + partition.to_bytes(2, "big") + key
    return blake2b(whole, digest_size=POSITION_BYTES).digest()


def meta_key(name: str) -> bytes:
    """A named blob's database key."""
    return blake2b(name.encode(), digest_size=POSITION_BYTES).digest()
