"""What owners say to each other when they compare their copies. Part of `protocol.messages`.

Each docstring is the message's conversation, as there.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from cluster.protocol.fields import Hash, Number, Page, Partition


class TreeRoots(Struct, frozen=True, array_like=True, tag=30):
    """An owner begins a comparison: the roots of the partitions it owns together with the receiver.

    Only those that speak for all the sender should hold. Answered with `TreeLeaves`. If all are
    equal that was all: one small pair of messages.
    """

    number: Number
    digest: str
    roots: Annotated[tuple[tuple[Partition, Hash], ...], Meta(max_length=65_536)]


class TreeLeaves(Struct, frozen=True, array_like=True, tag=31):
    """Which of these roots differ here, and the leaves of the first of them.

    `unready` counts partitions of which the answerer's tree says nothing yet. `refused` non-empty:
    it follows another ring, or has a comparison with the asker under way itself.
    """

    number: Number
    refused: str = ""
    unready: Annotated[int, Meta(ge=0, le=65_536)] = 0
    differing: Annotated[
        tuple[tuple[Partition, Annotated[tuple[Hash, ...], Meta(max_length=65_536)]], ...],
        Meta(max_length=65_536),
    ] = ()


class LeafKeys(Struct, frozen=True, array_like=True, tag=32):
    """What the asker holds in a differing leaf: keys after `after`, up to `upto` (empty: the end).

    Answered with `LeafRecords`.
    """

    number: Number
    digest: str
    partition: Partition
    leaf: Annotated[int, Meta(ge=0, le=65_535)]
    after: bytes
    upto: bytes
    keys: Annotated[tuple[tuple[bytes, Hash], ...], Meta(max_length=65_536)]


class LeafRecords(Struct, frozen=True, array_like=True, tag=33):
    """What the answerer holds differently (`records`), and what it wants because it lacks it.

    Speaks for keys up to `upto` (empty: the end of the leaf); the asker goes on from there, after
    sending with `LeafPush` what the answerer lacks of the merged result.
    """

    number: Number
    refused: str = ""
    upto: bytes = b""
    records: Page = ()
    wanted: Annotated[tuple[bytes, ...], Meta(max_length=65_536)] = ()


class LeafPush(Struct, frozen=True, array_like=True, tag=34):
    """Records for an owner that was found without them or behind.

    Answered with `ReplicaWritten` of the same number (below `REPAIR_NUMBERS`) once all are merged
    and on disk.
    """

    number: Number
    digest: str
    partition: Partition
    records: Page


REPAIR_NUMBERS: Final = -(2**60)
"""A `ReplicaWritten` numbered below answers a `LeafPush`; other negative ones answer hints."""
