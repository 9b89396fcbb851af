"""What a node stores of the cluster, to find it again and to know what it may answer."""

from __future__ import annotations

import msgspec

from cluster.model.member import Claim, NodeId

NAME = "memory"
"""The blob it is stored as."""


class Memory(msgspec.Struct, frozen=True, array_like=True):
    """Its peers, the ring it followed, the partitions of which it lacked nothing."""

    claims: tuple[Claim, ...]
    ring: tuple[NodeId, ...]
    complete: tuple[int, ...]
    drained: bool = False
    """It had given up its places and was to stay."""

    def blob(self) -> bytes:
        """As it is stored."""
        return msgspec.msgpack.encode(self)


def recall(blob: bytes) -> Memory | None:
    """What an earlier life stored; None if it is damaged."""
    try:
        return msgspec.msgpack.decode(blob, type=Memory)
    except msgspec.MsgspecError:
        return None
