"""What many nodes do or suffer alike, in quick succession: a stretch of it is one line of the log."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.member import NodeId

UpkeepKind = Literal["equal", "dropped", "refused"]


class Upkeep(Struct, frozen=True, gc=False):
    """Alike things told in quick succession, of one or several nodes."""

    kind: UpkeepKind
    at: int
    """Of the last of them."""
    count: int
    """How many were told."""
    amount: int
    """Trees found equal, keys let go of, or writes refused."""
    nodes: tuple[NodeId, ...]
    """Who told of them, in the order of their first words."""
    text: str
    """The line that says it now, at `at` and by `speaker`."""
    speaker: NodeId
    why: str = ""
    """Of refused writes: the reason last given."""
