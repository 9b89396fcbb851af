"""What two replicas compare instead of their data: a key's position and its record's fingerprint.

A fingerprint covers all that must be equal between replicas (context, dots, values) and nothing
that differs for good reason (`Record.mine`). Positions order the keys of a partition, the same on
every node, so that a leaf of a hash tree is one range of them. Ignores trees (`protocol.repair`).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final

import msgspec

from cluster.model.versions import Versions

POSITION_BYTES: Final = 16
LEAVES_MAX: Final = 65_536
"""A leaf is named by the first two bytes of a position at most."""

# Replicas learn the actors of a context in different orders: sorted, they encode alike.
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


@lru_cache(maxsize=4_096)
def position(key: bytes) -> bytes:
    """A key's place in the order in which records are scanned. Remembered, as `key_hash` is."""
    return blake2b(key, digest_size=POSITION_BYTES).digest()


def leaf_of(place: bytes, leaves: int) -> int:
    """The leaf of a position, of a tree with `leaves` (a power of two) leaves."""
    return int.from_bytes(place[:2], "big") * leaves >> 16


def leaf_range(leaf: int, leaves: int) -> tuple[bytes, bytes]:
    """The two-byte prefixes between which a leaf's positions lie; the end is exclusive.

    The last leaf ends with three bytes, because nothing of two lies past all of it.
    """
    width = LEAVES_MAX // leaves
    first, past = leaf * width, (leaf + 1) * width
    end = past.to_bytes(2, "big") if past < LEAVES_MAX else b"\xff" * (POSITION_BYTES + 1)
    return first.to_bytes(2, "big"), end


def fingerprint(key: bytes, versions: Versions) -> int:
    """64 bits that differ whenever two replicas hold different things under a key."""
    return int.from_bytes(blake2b(_encode((key, versions)), digest_size=8).digest(), "big")
