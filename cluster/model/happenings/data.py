"""What happens to keys: operations, hints, repairs, broadcasts, the comparison of copies.

Part of the vocabulary of `cluster.model.facts`, which is where to import these from.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.member import NodeId

Outcome = Literal["ok", "absent", "not written", "maybe written", "failed"]
OperationKind = Literal["put", "get", "delete", "update"]


class OperationStarted(Struct, frozen=True, array_like=True, tag="op.start"):
    """A coordinator took a traced client operation."""

    number: int
    kind: OperationKind
    key: str
    partition: int
    owners: tuple[NodeId, ...]


class OperationFinished(Struct, frozen=True, array_like=True, tag="op.end"):
    """The client has its answer. `replicas` are those that proved it."""

    number: int
    kind: OperationKind
    key: str
    outcome: Outcome
    replicas: tuple[NodeId, ...]
    primaries: int
    siblings: int
    took_us: int


class SiblingsKept(Struct, frozen=True, array_like=True, tag="sibling.create"):
    """A write met one it had not seen: both are kept."""

    key: str
    count: int


class HintStored(Struct, frozen=True, array_like=True, tag="hint.add"):
    """This node keeps a write for an absent owner. Reported when traced; depths are exact."""

    target: NodeId
    key: str
    depth: int


class HintsDelivered(Struct, frozen=True, array_like=True, tag="hint.send"):
    """A batch of hints was acknowledged by its target. `remaining` 0 means drained."""

    target: NodeId
    delivered: int
    remaining: int


class HintsExpired(Struct, frozen=True, array_like=True, tag="hint.expire"):
    """Hints were given up because their target stayed away too long. Their records are kept."""

    target: NodeId
    count: int
    oldest_at: int
    """Since when the oldest of them waited."""


class ReadRepaired(Struct, frozen=True, array_like=True, tag="rr.repair"):
    """A read found replicas behind and sent them what they missed."""

    key: str
    replicas: tuple[NodeId, ...]


class MessagesMissed(Struct, frozen=True, array_like=True, tag="topic.miss"):
    """Broadcast messages of `origin` never reached this node, and are no longer kept for it.

    Of whatever topics: nobody keeps what they were.
    """

    origin: NodeId
    count: int


# --- trees ---------------------------------------------------------------------------------------


class TreeCompared(Struct, frozen=True, array_like=True, tag="aae.exchange"):
    """A round of comparison with another owner ended, and something differed or is equal again.

    Rounds that find everything equal as before are not told: the pulse says when the last one was.
    """

    peer: NodeId
    partitions: int
    """Compared."""
    leaves_differ: int
    keys_repaired: int
    """At either end, on disk."""
    took_us: int
    left: int
    """Partitions not known to be equal after it; 0 is clean."""


class CopiesDropped(Struct, frozen=True, array_like=True, tag="aae.drop"):
    """Copies of a partition that others own are gone here: every owner has them all on disk."""

    partition: int
    keys: int


class RecordRotted(Struct, frozen=True, array_like=True, tag="store.corrupt"):
    """This node's disk gave back what nobody wrote. It reads as absent, and trees bring it back."""

    what: str
    """record, hint or memory."""
    partition: int
    """-1 where nobody can know it any more."""
    count: int


class TreeRebuilt(Struct, frozen=True, array_like=True, tag="aae.rebuild"):
    """Trees were read anew from the disk. `mended` leaves said something else before."""

    partitions: int
    keys: int
    mended: int
