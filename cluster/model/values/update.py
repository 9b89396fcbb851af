"""What a client may ask of a typed value: one small struct for each change.

Decides the shape and bounds of changes. Ignores how they are applied (one file for each type).
Plain values are whole numbers or text, so that JSON shows exactly what is stored.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Plain = Annotated[int, Meta(ge=-(2**53), le=2**53)] | Annotated[str, Meta(max_length=65_536)]
"""An element of a set, or what a register holds. Bounded as JavaScript's whole numbers are."""
Elements = Annotated[tuple[Plain, ...], Meta(min_length=1, max_length=4_096)]
FieldName = Annotated[str, Meta(min_length=1, max_length=256)]
Amount = Annotated[int, Meta(ge=-(2**53), le=2**53)]

TypeName = Literal["counter", "set", "map", "register", "lww"]


class CounterAdd(Struct, frozen=True, array_like=True, tag=1):
    """Add to a counter; a negative amount takes away."""

    amount: Amount


class SetAdd(Struct, frozen=True, array_like=True, tag=2):
    """Put elements into a set. Wins over a concurrent removal that has not seen it."""

    elements: Elements


class SetRemove(Struct, frozen=True, array_like=True, tag=3):
    """Take out of a set what has been seen of these elements."""

    elements: Elements


class RegisterSet(Struct, frozen=True, array_like=True, tag=4):
    """Replace all that a register was seen to hold. Concurrent settings are all kept."""

    value: Plain


class LwwSet(Struct, frozen=True, array_like=True, tag=5):
    """Set a last-write-wins register: lossy, of two concurrent settings one disappears."""

    value: Plain


FieldUpdate = CounterAdd | SetAdd | SetRemove | RegisterSet
"""What can be asked of a field of a map."""


class MapUpdate(Struct, frozen=True, array_like=True, tag=6):
    """Change one field of a map. Wins over a concurrent removal of the field."""

    field: FieldName
    update: FieldUpdate


class MapRemove(Struct, frozen=True, array_like=True, tag=7):
    """Take out of a map what has been seen of a field."""

    field: FieldName


Update = CounterAdd | SetAdd | SetRemove | RegisterSet | LwwSet | MapUpdate | MapRemove

TYPE_OF: Final[dict[type[Update], TypeName]] = {
    CounterAdd: "counter",
    SetAdd: "set",
    SetRemove: "set",
    RegisterSet: "register",
    LwwSet: "lww",
    MapUpdate: "map",
    MapRemove: "map",
}
"""The type of the value that each change is for."""


def in_order(values: list[Plain]) -> list[Plain]:
    """Numbers first, then text, each sorted: the order in which values are shown."""
    return sorted(values, key=lambda v: (isinstance(v, str), v))
