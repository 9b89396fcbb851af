"""`POST /kv/{key}?type=...`: changes of typed values as JSON, and the values as JSON.

counter   {"add": 5}                          a negative number takes away
set       {"add": ["a", "b"]} {"remove": ["a"]}
register  {"set": "a"}                        text or a whole number
lww       {"set": "a"}                        LOSSY: of two concurrent settings one disappears
map       {"field": "score", "type": "counter", "add": 5}    any of the above but lww, in a field
          {"remove": "score"}                 the whole field
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from cluster.api.messages import HttpError
from cluster.model.values.typed import Shown
from cluster.model.values.update import (
    Amount,
    CounterAdd,
    Elements,
    FieldName,
    FieldUpdate,
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


class _Add(Struct, forbid_unknown_fields=True):
    add: Amount


class _Change(Struct, forbid_unknown_fields=True):
    add: Elements | None = None
    remove: Elements | None = None


class _Set(Struct, forbid_unknown_fields=True):
    set: Plain


class _RemoveField(Struct, forbid_unknown_fields=True):
    remove: FieldName


EXAMPLES: Final[dict[TypeName, str]] = {
    "counter": '{"add": 1}',
    "set": '{"add": ["a"]} or {"remove": ["a"]}',
    "map": '{"field": "score", "type": "counter", "add": 1} or {"remove": "score"}',
    "register": '{"set": "a"}',
    "lww": '{"set": "a"}',
}

_NAMES: Final[dict[str, TypeName]] = {name: name for name in EXAMPLES}


def update_from(kind: str, body: bytes) -> Update:
    """The change that a body asks for, of a value of type `kind`."""
    name = _NAMES.get(kind)
    if name is None:
        known = ", ".join(EXAMPLES)
        raise HttpError(400, "bad type", f"an update says ?type= one of {known}")
    try:
        return _update(name, body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        detail = f"a {kind} is changed by {EXAMPLES[name]}: {error}"
        raise HttpError(400, "bad update", detail) from None


def _update(kind: TypeName, body: bytes) -> Update:
    match kind:
        case "counter":
            return CounterAdd(msgspec.json.decode(body, type=_Add).add)
        case "set":
            change = msgspec.json.decode(body, type=_Change)
            if change.add is not None and change.remove is None:
                return SetAdd(change.add)
            if change.remove is not None and change.add is None:
                return SetRemove(change.remove)
            raise msgspec.ValidationError("one of add and remove")
        case "register":
            return RegisterSet(msgspec.json.decode(body, type=_Set).set)
        case "lww":
            return LwwSet(msgspec.json.decode(body, type=_Set).set)
        case "map":
            return _map_change(body)


def _map_change(body: bytes) -> MapUpdate | MapRemove:
    parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if "field" not in parts:
        return MapRemove(msgspec.json.decode(body, type=_RemoveField).remove)
    field = msgspec.json.decode(parts.pop("field"), type=FieldName)
    kind = msgspec.json.decode(parts.pop("type", b'""'), type=str)
    if kind not in ("counter", "set", "register"):
        raise msgspec.ValidationError("a field has a type: counter, set or register")
    # What is beside the field's name and type is that type's own change.
    update = _update(kind, msgspec.json.encode(parts))
    assert isinstance(update, FieldUpdate)
    return MapUpdate(field, update)


def shown(kind: TypeName, value: Shown) -> bytes:
    """A typed value as JSON."""
    said: dict[str, object] = {"type": kind, "value": value}
    if kind == "lww":
        said["lossy"] = True
    return msgspec.json.encode(said)
