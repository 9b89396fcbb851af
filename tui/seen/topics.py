"""Broadcasts as the view keeps them: the last few of each topic, with the way each one took.

A part of `tui.view.ClusterView`, made by `tui.folding.topics` from facts alone. Only traced ones are
here (a few a second); totals are in each node's row. Times are microseconds since 1970, by the clock
of whoever stated the fact.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.model.member import NodeId

TOPICS_SEEN_MAX: Final = 64
"""Topics kept, those that spoke last."""
BROADCASTS_MAX: Final = 8
"""Of one topic."""
LEGS_MAX: Final = 256
"""Nodes of one broadcast."""


class Leg(Struct, frozen=True):
    """One link of a broadcast's way: from the node that had it to the next."""

    node: NodeId
    came_from: NodeId
    hops: int
    """From the origin to `node`."""
    at: int
    took_us: int
    """Since it was published, by the clocks of two nodes."""
    subscribers: int
    """Handed to so many at `node`."""
    mended: bool
    """A digest found that it was missing; the tree had not brought it."""


class Broadcast(Struct, frozen=True):
    """One message on a topic, and whom it has reached."""

    topic: str
    origin: NodeId
    epoch: int
    number: int
    """0: it was sent to each subscriber apart."""
    at: int
    """When it was published; reckoned from an arrival until its origin has told it."""
    bytes: int = 0
    subscribers: int = 0
    """Handed to so many at the origin itself."""
    told: bool = False
    """Its origin has spoken: the fields above are its own."""
    apart: dict[NodeId, int] = {}
    """Messages sent to each other node, one for each subscriber there."""
    legs: tuple[Leg, ...] = ()
    """In order of hops, at most `LEGS_MAX`."""

    @property
    def wire(self) -> int:
        """Messages known to have crossed from node to node for it."""
        return sum(self.apart.values()) + len(self.legs)

    @property
    def handed(self) -> int:
        """Deliveries to subscribers, as far as they were told (or sent, one by one)."""
        return (
            self.subscribers + sum(self.apart.values()) + sum(leg.subscribers for leg in self.legs)
        )


Broadcasts = dict[str, tuple[Broadcast, ...]]
"""By topic, the one that spoke last at the end; each oldest first, at most `BROADCASTS_MAX`."""
