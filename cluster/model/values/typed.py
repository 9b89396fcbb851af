"""Typed values where they live: as the bytes of a sibling whose content type says so.

A replica that takes a change joins every typed sibling it holds, applies the change under the dot
it mints for it, and stores the result as the one sibling that supersedes all it has seen. So
concurrent changes leave siblings, which are joined for whoever reads and by the next change, and
are never a conflict to people.

What a state has seen is exactly the record's causal context at the minting: a dot that the record
covers was either joined into the state, or deliberately dropped by a removal, a delete or a plain
write that replaced it. Therefore an addition is never lost by a delete that had not seen it, and
an actor that goes on after a delete cannot be mistaken for its earlier self.

One key holds one type. A plain value beside a typed one, or two types, is an ordinary conflict:
shown as siblings, resolved by writing with their context.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import Final, assert_never

import msgspec
from msgspec import Struct

from cluster.config import DataConfig
from cluster.model.values import amap, aset, counter, lww, register
from cluster.model.values.amap import AMap
from cluster.model.values.aset import ASet
from cluster.model.values.counter import Counter
from cluster.model.values.dots import Dot, Seen, join_seen
from cluster.model.values.lww import Lww
from cluster.model.values.register import Register
from cluster.model.values.update import (
    TYPE_OF,
    CounterAdd,
    LwwSet,
    MapRemove,
    MapUpdate,
    Plain,
    RegisterSet,
    SetAdd,
    SetRemove,
    TypeName,
    Update,
)
from cluster.model.versions import Sibling, Versions, put

State = Counter | ASet | AMap | Register | Lww
Shown = Plain | list[Plain] | dict[str, object]
"""A value as people and JSON have it."""

PREFIX: Final = "application/vnd.masterless."
"""Content types that begin so are ours: a client may not store bytes under them."""

_EMPTY: Final[dict[TypeName, State]] = {
    "counter": counter.EMPTY,
    "set": aset.EMPTY,
    "map": amap.EMPTY,
    "register": register.EMPTY,
    "lww": lww.EMPTY,
}
_NAMES: Final[dict[type[State], TypeName]] = {type(s): name for name, s in _EMPTY.items()}
_DECODERS: Final[dict[str, msgspec.msgpack.Decoder[State]]] = {
    PREFIX + name: msgspec.msgpack.Decoder(type(state)) for name, state in _EMPTY.items()
}
_encode: Final = msgspec.msgpack.Encoder().encode
ENTRY_MAX: Final = 2**62
"""No actor's sum in a counter passes this: it has to fit the wire's 64 bits."""


class Misfit(Struct, frozen=True):
    """Why a change cannot be made to what the key holds. Nothing was stored."""

    why: str


def type_name(state: State) -> TypeName:
    """The type of a state."""
    return _NAMES[type(state)]


@lru_cache(maxsize=256)
def reserved(content_type: str) -> bool:
    """Whether a content type is one of ours. Cached: there are few, and each write asks."""
    return content_type.strip().lower().startswith(PREFIX)


def decode(sibling: Sibling) -> State | None:
    """The typed state in a sibling; None if it is a plain value or a tombstone."""
    decoder = _DECODERS.get(sibling.content_type)
    if decoder is None or sibling.value is None:
        return None
    try:
        return decoder.decode(sibling.value)
    except msgspec.MsgspecError:
        return None  # bytes of somebody who claims to be a replica: shown as they are


def state_of(versions: Versions) -> State | None:
    """The join of all that a key holds; None unless all that is alive is of one type.

    Tombstones beside typed siblings do not count: the change that they had not seen wins.
    """
    states: list[State] = []
    for sibling in versions.siblings:
        if sibling.value is None:
            continue
        state = decode(sibling)
        if state is None:
            return None
        states.append(state)
    if not states or any(type(state) is not type(states[0]) for state in states):
        return None
    return reduce(join, states)


def typed(versions: Versions) -> tuple[TypeName, Shown] | None:
    """The type of a key's value and the value as people and JSON have it; None if it is not typed.

    counter: a whole number. set: its elements, sorted. map: fields by name. register: all its
    unresolved values. lww: its value.
    """
    state = state_of(versions)
    return None if state is None else (_NAMES[type(state)], plain(state))


def plain(state: State) -> Shown:
    """A state as people and JSON have it."""
    match state:
        case Counter():
            return counter.total(state.entries)
        case ASet():
            return aset.elements(state.members)
        case AMap():
            return amap.fields(state)
        case Register():
            return register.values(state.entries)
        case Lww():
            return state.value


def join(a: State, b: State) -> State:
    """What both know together. They must be of one type."""
    match a, b:
        case Counter(), Counter():
            return counter.join(a, b)
        case ASet(), ASet():
            return aset.join(a, b)
        case AMap(), AMap():
            return amap.join(a, b)
        case Register(), Register():
            return register.join(a, b)
        case Lww(), Lww():
            return lww.join(a, b)
        case _:
            raise AssertionError("two types are not joined")


def apply(state: State, update: Update, dot: Dot, at: int) -> State:
    """A state after a change named `dot`, made at `at` (microseconds). Types must fit."""
    match state, update:
        case Counter(), CounterAdd(amount):
            return counter.apply(state, amount, dot)
        case ASet(), SetAdd() | SetRemove():
            return aset.apply(state, update, dot)
        case AMap(), MapUpdate() | MapRemove():
            return amap.apply(state, update, dot)
        case Register(), RegisterSet(value):
            return register.apply(state, value, dot)
        case Lww(), LwwSet(value):
            return lww.apply(state, value, dot, at)
        case _:
            raise AssertionError("the caller compares types first")


def updated(
    held: Versions, actor: str, update: Update, at: int, limits: DataConfig
) -> Versions | Misfit:
    """The record of a replica after it has minted a change under `actor`."""
    wanted = TYPE_OF[type(update)]
    live = any(sibling.value is not None for sibling in held.siblings)
    before = state_of(held) if live else _EMPTY[wanted]
    if before is None or _NAMES[type(before)] != wanted:
        there = "values in conflict" if before is None else f"a {_NAMES[type(before)]}"
        if before is None and len(held.siblings) == 1:
            there = "a plain value"
        return Misfit(
            f"the key holds {there}, not a {wanted}; replace it by a put with the context"
            " of a read, or use another key"
        )
    clash = _field_clash(before, update)
    if clash:
        return Misfit(clash)
    counter_of_dot = held.context.get(actor, 0) + 1
    after = apply(_with_seen(before, Seen(held.context)), update, (actor, counter_of_dot), at)
    blob = _encode(after)
    if not isinstance(update, SetRemove | MapRemove):
        excess = _excess(after, len(blob), limits)
        if excess:
            return Misfit(excess)
    return put(held, held.context, actor, blob, PREFIX + wanted, at)


def _with_seen(state: State, more: Seen) -> State:
    if isinstance(state, Lww):
        return state
    return msgspec.structs.replace(state, seen=join_seen(state.seen, more))


def _field_clash(state: State, update: Update) -> str:
    if not isinstance(state, AMap) or not isinstance(update, MapUpdate):
        return ""
    wanted = TYPE_OF[type(update.update)]
    there = amap.types_of(state, update.field)
    if not there or wanted in there:
        return ""
    return f"the field {update.field[:40]!r} is a {there[0]}, not a {wanted}; remove it first"


def _excess(state: State, size: int, limits: DataConfig) -> str:
    """What a change would make too large; empty if nothing."""
    if size > limits.value_bytes_max:
        return f"a value has at most {limits.value_bytes_max} bytes, this would have {size}"
    match state:
        case Counter(entries):
            return _entry_excess(entries)
        case ASet(members):
            return _set_excess(members, limits)
        case AMap(counters, sets, registers):
            fields = len(counters) + len(sets) + len(registers)
            if fields > limits.map_fields_max:
                return f"a map has at most {limits.map_fields_max} fields"
            stores = [_entry_excess(entries) for entries in counters.values()]
            stores += [_set_excess(members, limits) for members in sets.values()]
            return next((excess for excess in stores if excess), "")
        case Register() | Lww():
            return ""
    assert_never(state)


def _entry_excess(entries: counter.Entries) -> str:
    if any(abs(amount) > ENTRY_MAX for amount in entries.values()):
        return "the counter would pass what fits 64 bits"
    return ""


def _set_excess(members: aset.Members, limits: DataConfig) -> str:
    if len(members) > limits.set_elements_max:
        return f"a set has at most {limits.set_elements_max} elements"
    return ""
