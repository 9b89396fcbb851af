"""How many keys have to move when the members change: counted key by key, from two tables.

Decides what a move is: a place (a copy of a key) at a node that did not hold that key before. A
place that only went is no move: nothing is copied for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cluster.model.member import NodeId


class Moved(Struct, frozen=True):
    """What a change of members costs."""

    keys: int = 0
    """Keys that both tables know."""
    places: int = 0
    """Copies of them afterwards."""
    keys_moved: int = 0
    """Keys with at least one copy at a node that had none."""
    places_moved: int = 0
    needlessly: int = 0
    """Places that moved to a node that was there before: a newcomer does not need them."""

    @property
    def keys_share(self) -> float:
        """Of all keys, those that move. 0 without keys."""
        return self.keys_moved / self.keys if self.keys else 0.0

    @property
    def places_share(self) -> float:
        """Of all places, those that move. 0 without keys."""
        return self.places_moved / self.places if self.places else 0.0


def moved(
    before: Mapping[str, tuple[NodeId, ...]], after: Mapping[str, tuple[NodeId, ...]]
) -> Moved:
    """Compare who holds each key. Keys that one of the tables does not know are left out."""
    there = {node for owners in before.values() for node in owners}
    keys = places = keys_moved = places_moved = needlessly = 0
    for key, owners in after.items():
        held = before.get(key)
        if held is None:
            continue
        new = [node for node in owners if node not in held]
        keys += 1
        places += len(owners)
        keys_moved += bool(new)
        places_moved += len(new)
        needlessly += sum(node in there for node in new)
    return Moved(keys, places, keys_moved, places_moved, needlessly)
