"""Any fact as one line of words: what a person stepping from fact to fact reads.

Facts worth a line in the log are told as there; messages by their two ends; of all others the kind
and the fields, as they came. Nothing is left out but what is long.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, msgpack
from msgspec.structs import fields

from cluster.model.casebook import Casebook
from cluster.model.facts import Fact, MessageReceived, MessageSent, PulseReported, SnapshotTaken
from tui.judge.phrases import spoken

WORD_MAX: Final = 40
"""Characters of one field."""
_NO_CASES: Final = Casebook()


def plainly(fact: Fact) -> str:
    """One line, without the node's name."""
    payload = fact.payload
    match payload:
        case MessageSent():
            about = f" about {payload.about}" if payload.about else ""
            key = f" for {payload.key}" if payload.key else ""
            return f"sends {payload.kind}{about}{key} to {payload.to} (number {payload.number})"
        case MessageReceived():
            return f"receives {payload.kind} from {payload.sender} (number {payload.number})"
        case PulseReported():
            return "says how it fares: rates, depths, what it heard of whom"
        case SnapshotTaken():
            return f"says all it knows: {len(payload.members)} members, {payload.keys:,} keys"
        case _:
            said = spoken(fact, None, _NO_CASES, (-1, 0))
            return said.text if said is not None else _kind(payload)


def _kind(payload: Struct) -> str:
    tag = payload.__struct_config__.tag
    parts = [f"{field.name} {_short(getattr(payload, field.name))}" for field in fields(payload)]
    return f"{tag}: {', '.join(parts)}"


def _short(value: object) -> str:
    if isinstance(value, str | int | float | bool):
        text = str(value)
    elif isinstance(value, Struct):
        text = "(" + " ".join(_short(part) for part in _parts(value)) + ")"
    else:
        text = str(msgpack.decode(msgpack.encode(value)))
    return text if len(text) <= WORD_MAX else text[: WORD_MAX - 1] + "…"


def _parts(value: Struct) -> list[object]:
    return [getattr(value, field.name) for field in fields(value)]
