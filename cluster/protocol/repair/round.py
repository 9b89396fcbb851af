"""One comparison under way, at the end that began it. Plain state, no rules."""

from __future__ import annotations

from collections import deque

from msgspec import Struct, field

from cluster.model.member import NodeId
from cluster.model.summary import Likeness
from cluster.model.versions import Versions


class Round(Struct):
    """One comparison this node began."""

    peer: NodeId
    digest: str
    started: int
    asked_at: int
    number: int
    """Of the step that must be answered next."""
    likeness: Likeness
    compared: int = 0
    leaves: deque[tuple[int, int]] = field(default_factory=deque[tuple[int, int]])
    """(partition, leaf) still to be mended."""
    after: bytes = b""
    """How far the first of them is."""
    next: bytes = b""
    """How far it will be once the present push is on disk there."""
    rows: dict[bytes, Versions] = field(default_factory=dict[bytes, Versions])
    """What this node held in the step under way."""
    pushing: int = 0
    leaves_differ: int = 0
    repaired: int = 0
    strays: dict[int, int] = field(default_factory=dict[int, int])
    """Stray copies in this round that may yet turn out to be held by the peer: their roots."""
