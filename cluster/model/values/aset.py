"""A set in which an addition wins over a concurrent removal, and nothing is kept of what is gone.

Each element carries the dots of the additions that nobody has replaced; a removal takes out the
dots it has seen and no others (ORSWOT: Bieniusa et al., "An Optimized Conflict-free Replicated
Set", 2012). Adding again replaces the dots seen, so that an element costs one dot in peace.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.values.dots import NOTHING, Dot, Seen, join_dots, join_seen, seen
from cluster.model.values.update import Plain, SetAdd, SetRemove, in_order

Members = dict[Plain, tuple[Dot, ...]]
"""By element: the additions that keep it in, at least one."""


class ASet(Struct, frozen=True, array_like=True):
    """The state of an add-wins set."""

    members: Members
    seen: Seen


EMPTY = ASet({}, NOTHING)


def changed(members: Members, update: SetAdd | SetRemove, dot: Dot) -> tuple[Members, list[Dot]]:
    """The members of the change's delta, and the dots it replaces.

    One addition puts several elements in under one dot. Where only some of them are touched, the
    delta repeats the others, lest "seen and not there" take them out too.
    """
    replaced = [d for element in update.elements for d in members.get(element, ())]
    touched = set(update.elements)
    gone = set(replaced)
    delta: Members = {}
    for element, dots in members.items():
        beside = tuple(d for d in dots if d in gone)
        if beside and element not in touched:
            delta[element] = beside
    if isinstance(update, SetAdd):
        for element in update.elements:
            delta[element] = (dot,)
    return delta, replaced


def delta(state: ASet, update: SetAdd | SetRemove, dot: Dot) -> ASet:
    """The change alone, to be joined to any replica of this set."""
    members, replaced = changed(state.members, update, dot)
    return ASet(members, seen([dot, *replaced]))


def apply(state: ASet, update: SetAdd | SetRemove, dot: Dot) -> ASet:
    """The set after its change named `dot`."""
    return join(state, delta(state, update, dot))


def join(a: ASet, b: ASet) -> ASet:
    """What both know together."""
    return ASet(join_members(a.members, a.seen, b.members, b.seen), join_seen(a.seen, b.seen))


def join_members(a: Members, seen_a: Seen, b: Members, seen_b: Seen) -> Members:
    """Join what two sets, or one field of two maps, hold."""
    joined: Members = {}
    for element in in_order([*a, *(e for e in b if e not in a)]):
        dots = join_dots(a.get(element, ()), seen_a, b.get(element, ()), seen_b)
        if dots:
            joined[element] = dots
    return joined


def elements(members: Members) -> list[Plain]:
    """What people see."""
    return in_order(list(members))
