"""A counter that any replica may raise or lower: the sum of what each actor has added.

Each actor keeps one entry, its own sum so far, under the dot of its last change; so a counter
grows with the actors that ever changed it, not with the changes (PN-counter: Shapiro et al., "A
comprehensive study of Convergent and Commutative Replicated Data Types", 2011, 3.1.3; one signed
entry does for P and N, since dots already say which of two entries of an actor is the later).

Dots make it removable inside a map, with a price: an addition that is concurrent with a removal
brings back all that its own actor had added, as in Riak.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.values.dots import NOTHING, Dot, Seen, join_entries, join_seen, seen

Entries = dict[Dot, int]
"""By the dot of an actor's last change: the sum of all its changes."""


class Counter(Struct, frozen=True, array_like=True):
    """The state of a counter."""

    entries: Entries
    seen: Seen


EMPTY = Counter({}, NOTHING)


def added(entries: Entries, amount: int, dot: Dot) -> tuple[Entries, list[Dot]]:
    """The entry that replaces the actor's own, and the dots that it replaces."""
    own = [held for held in entries if held[0] == dot[0]]
    return {dot: sum(entries[held] for held in own) + amount}, own


def delta(state: Counter, amount: int, dot: Dot) -> Counter:
    """The change alone, to be joined to any replica of this counter."""
    entries, replaced = added(state.entries, amount, dot)
    return Counter(entries, seen([dot, *replaced]))


def apply(state: Counter, amount: int, dot: Dot) -> Counter:
    """The counter after its change named `dot`."""
    return join(state, delta(state, amount, dot))


def join(a: Counter, b: Counter) -> Counter:
    """What both know together."""
    entries = join_entries(a.entries, a.seen, b.entries, b.seen)
    return Counter(entries, join_seen(a.seen, b.seen))


def total(entries: Entries) -> int:
    """What people see."""
    return sum(entries.values())
