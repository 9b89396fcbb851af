"""What each node holds of the others, from whom it lists as connected: pure.

Erlang suspects nobody. A node is in `nodes()` or it is not, and one that was and is no more is gone in
that node's view, whether it died, left or is cut off. A node that was never seen listed is held gone
only where something says that it ought to be: the node knows its name without a connection, or is
connected with others that list it (both only where Erlang links everybody with everybody, which
`connect_all` turns off). A newcomer is given a moment for that. Nodes that have nothing to do with each
other hold nothing of each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Final

from msgspec import Struct

from cluster.model.member import MemberState, NodeId
from tui.sources.foreign.seen import Opinion

JOINING_S: Final = 2.0
"""A newcomer is linked with everybody within this long."""
FORGOTTEN_S: Final = 600.0
"""Whom nobody has listed for so long is not spoken of any more."""


class Listing(Struct, frozen=True):
    """What one node said of its connections."""

    nodes: frozenset[NodeId]
    """`nodes()`: connected, and not hidden."""
    apart: frozenset[NodeId] = frozenset()
    """Known by name, and not connected at all."""
    everybody: bool = True
    """It links itself with everybody it hears of (`connect_all`)."""


class Mesh:
    """Remembers who listed whom."""

    def __init__(self, named: Iterable[NodeId] = ()) -> None:
        self._named = frozenset(named)
        """Spoken of as soon as anybody knows them, and never forgotten."""
        self._began: float | None = None
        self._linked: set[tuple[NodeId, NodeId]] = set()
        """(observer, subject): seen listed at some time."""
        self._seen: dict[NodeId, float] = {}
        """When each was last listed, or answered."""
        self._first: dict[NodeId, float] = {}

    def opinions(
        self, listings: Mapping[NodeId, Listing], now: float
    ) -> dict[NodeId, dict[NodeId, Opinion]]:
        """Each node's row, itself included."""
        if listings and self._began is None:
            self._began = now
        for name, listing in listings.items():
            for each in (name, *listing.nodes):
                self._seen[each] = now
                self._first.setdefault(each, now)
            self._linked.update((name, other) for other in listing.nodes)
        self._forget(now)
        parts = components(listings)
        return {name: self._row(name, listings[name], parts[name], now) for name in listings}

    def knows(self, name: NodeId) -> bool:
        """Whether anybody listed it within memory."""
        return name in self._seen

    def _row(
        self, name: NodeId, listing: Listing, part: Set[NodeId], now: float
    ) -> dict[NodeId, Opinion]:
        row = {name: Opinion(MemberState.ALIVE)}
        for other in sorted(self._named.union(self._seen)):
            if other == name:
                continue
            if other in listing.nodes:
                row[other] = Opinion(MemberState.ALIVE)
            elif (name, other) in self._linked:
                row[other] = Opinion(MemberState.DEAD)
            elif listing.everybody and (other in listing.apart or other in part):
                newer = max(self._first.get(each, now) for each in (other, name))
                if now - newer >= JOINING_S or newer == self._began or other not in self._first:
                    row[other] = Opinion(MemberState.DEAD)
        return row

    def _forget(self, now: float) -> None:
        old = {name for name, at in self._seen.items() if now - at > FORGOTTEN_S}
        for name in old:
            del self._seen[name], self._first[name]
        if old:
            self._linked = {pair for pair in self._linked if not old & {*pair}}


def components(listings: Mapping[NodeId, Listing]) -> dict[NodeId, frozenset[NodeId]]:
    """For each node, all that are connected with it, also through others."""
    near: dict[NodeId, set[NodeId]] = {}
    for name, listing in listings.items():
        near.setdefault(name, set()).update(listing.nodes)
        for other in listing.nodes:
            near.setdefault(other, set()).add(name)
    parts: dict[NodeId, frozenset[NodeId]] = {}
    for name in near:
        if name in parts:
            continue
        reached, waiting = {name}, [name]
        while waiting:
            found = near[waiting.pop()] - reached
            reached |= found
            waiting += found
        parts.update(dict.fromkeys(reached, frozenset(reached)))
    return parts
