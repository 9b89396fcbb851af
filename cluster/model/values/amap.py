"""A map of fields, each a counter, a set or a register, that merges field by field.

An update of a field wins over a concurrent removal of it (as in Riak's map); what the removal had
seen of the field goes, what it had not seen stays. All fields share one set of seen dots (DotMap:
Almeida et al. 2016, section 7). As in Riak a field is named by its name and its type: two replicas
may concurrently make a counter and a set of one name, and neither is lost.

A field of which nothing is left is not there: a set from which everything was taken disappears.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from cluster.model.values import aset, counter, register
from cluster.model.values.dots import NOTHING, Dot, Seen, join_entries, join_seen, seen
from cluster.model.values.update import (
    CounterAdd,
    MapRemove,
    MapUpdate,
    RegisterSet,
    SetAdd,
    SetRemove,
)

F = TypeVar("F")
V = TypeVar("V")


class AMap(Struct, frozen=True, array_like=True):
    """The state of a map: fields by type, then by name."""

    counters: dict[str, counter.Entries]
    sets: dict[str, aset.Members]
    registers: dict[str, register.Entries]
    seen: Seen


EMPTY = AMap({}, {}, {}, NOTHING)


def delta(state: AMap, update: MapUpdate | MapRemove, dot: Dot) -> AMap:
    """The change alone, to be joined to any replica of this map."""
    name = update.field
    if isinstance(update, MapRemove):
        return AMap({}, {}, {}, seen([dot, *_dots(state, name)]))
    match update.update:
        case CounterAdd(amount):
            entries, replaced = counter.added(state.counters.get(name, {}), amount, dot)
            return AMap({name: entries}, {}, {}, seen([dot, *replaced]))
        case SetAdd() | SetRemove() as change:
            members, replaced = aset.changed(state.sets.get(name, {}), change, dot)
            return AMap({}, {name: members} if members else {}, {}, seen([dot, *replaced]))
        case RegisterSet(value):
            held = state.registers.get(name, {})
            return AMap({}, {}, {name: {dot: value}}, seen([dot, *held]))


def _dots(state: AMap, name: str) -> list[Dot]:
    held = [*state.counters.get(name, ()), *state.registers.get(name, ())]
    return held + [dot for dots in state.sets.get(name, {}).values() for dot in dots]


def apply(state: AMap, update: MapUpdate | MapRemove, dot: Dot) -> AMap:
    """The map after its change named `dot`."""
    return join(state, delta(state, update, dot))


def join(a: AMap, b: AMap) -> AMap:
    """What both know together."""
    return AMap(
        _join_fields(a.counters, a.seen, b.counters, b.seen, join_entries),
        _join_fields(a.sets, a.seen, b.sets, b.seen, aset.join_members),
        _join_fields(a.registers, a.seen, b.registers, b.seen, join_entries),
        join_seen(a.seen, b.seen),
    )


def _join_fields(
    a: dict[str, dict[F, V]],
    seen_a: Seen,
    b: dict[str, dict[F, V]],
    seen_b: Seen,
    join_stores: Callable[[dict[F, V], Seen, dict[F, V], Seen], dict[F, V]],
) -> dict[str, dict[F, V]]:
    joined: dict[str, dict[F, V]] = {}
    for name in sorted({*a, *b}):
        store = join_stores(a.get(name, {}), seen_a, b.get(name, {}), seen_b)
        if store:
            joined[name] = store
    return joined


def fields(state: AMap) -> dict[str, object]:
    """What people see. A name that has several types shows them all, by type."""
    by_name: dict[str, dict[str, object]] = {}
    for name, entries in state.counters.items():
        by_name.setdefault(name, {})["counter"] = counter.total(entries)
    for name, members in state.sets.items():
        by_name.setdefault(name, {})["set"] = aset.elements(members)
    for name, held in state.registers.items():
        by_name.setdefault(name, {})["register"] = register.values(held)
    return {
        name: next(iter(types.values())) if len(types) == 1 else types
        for name, types in sorted(by_name.items())
    }


def types_of(state: AMap, name: str) -> list[str]:
    """As which types a field is there."""
    there = {"counter": state.counters, "set": state.sets, "register": state.registers}
    return [kind for kind, held in there.items() if name in held]
