"""How records and hints lie in LMDB, and what one commit brings there.

LMDB keys may have 511 bytes at most, ours 1,024, so every record is stored under its partition and
a hash of its key, with the whole key inside the value. A scan therefore goes in hash order: any
order will do, as long as the last key of a page says where the next one begins.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

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

encode = msgspec.msgpack.Encoder().encode
decode_row = msgspec.msgpack.Decoder(Row).decode
decode_hint = msgspec.msgpack.Decoder(Hint).decode


class Batch:
    """What one commit brings to disk."""

    __slots__ = ("gained", "hints", "meta", "records", "tokens")

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.records: dict[bytes, Row | None] = {}
        self.hints: Table = {}
        self.meta: Table = {}
        self.gained: dict[int, int] = {}
        """Per partition: how many keys this batch adds."""


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
