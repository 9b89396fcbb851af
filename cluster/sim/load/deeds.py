"""What the clients of a world did, in the words of the judge (`cluster.model.judging`).

An operation is one deed, however often it was tried. It ended when its acknowledgement came, also
where its client had given up by then. One with another try that may still happen is told as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cluster.model.judging.deeds import Deed, Kind, Outcome
from cluster.model.values.typed import typed
from cluster.model.versions import Versions
from cluster.sim.load.history import UPDATES, History, Op, OpKind, OpOutcome

KINDS: Final[dict[OpKind, Kind]] = {
    "put": "write",
    "delete": "delete",
    "get": "read",
    "count": "count",
    "add": "add",
    "remove": "remove",
}
OUTCOMES: Final[dict[OpOutcome, Outcome]] = {
    "ok": "ok",
    "failed": "failed",
    "maybe": "maybe",
    "pending": "maybe",
}


def deeds_of(history: History, *, typed_too: bool = True) -> tuple[Deed, ...]:
    """All operations of a world. `typed_too`: also those on counters and sets."""
    typed_keys = {key for key, writes in history.writes.items() if writes[0].kind in UPDATES}
    return tuple(_deed(history, op) for op in history.ops if typed_too or op.key not in typed_keys)


def final_of(read: Iterable[tuple[bytes, Versions]]) -> dict[str, tuple[str, ...]]:
    """What keys held in the end, for `Evidence.final`; counters are told by `totals_of`."""
    return {text_of(key): values_of(versions) for key, versions in read}


def totals_of(read: Iterable[tuple[bytes, Versions]]) -> dict[str, int]:
    """What counters showed in the end, for `Evidence.totals`."""
    totals: dict[str, int] = {}
    for key, versions in read:
        found = typed(versions)
        if found is not None and isinstance(found[1], int):
            totals[text_of(key)] = found[1]
    return totals


def values_of(versions: Versions) -> tuple[str, ...]:
    """The values of all siblings, without tombstones; of a typed key its one value as text."""
    found = typed(versions)
    if found is not None:
        return (str(found[1]),)
    return tuple(text_of(s.value) for s in versions.siblings if s.value is not None)


def text_of(blob: bytes) -> str:
    """A key or a value as the judge has it: bytes that are no text become escapes."""
    return blob.decode("utf-8", "backslashreplace")


def _deed(history: History, op: Op) -> Deed:
    return Deed(
        number=op.number,
        client=op.client,
        kind=KINDS[op.kind],
        key=text_of(op.key),
        invoked=op.invoked,
        ended=op.acknowledged_at or op.ended,
        outcome=OUTCOMES[op.outcome],
        value=_value(op),
        told=values_of(op.read) if op.read is not None else (),
        node=op.node,
        saw=_saw(history, op),
        again=op.writes and op.outcome == "ok" and op.unsure > 1,
    )


def _value(op: Op) -> str:
    if op.kind == "count":
        return str(op.amount)
    return "" if op.kind in ("get", "delete") else text_of(op.value)


def _saw(history: History, op: Op) -> tuple[int, ...]:
    """Of all that a write had seen, what none of the others had seen: enough to tell the rest."""
    writes = history.writes.get(op.key, [])
    left, numbers = op.saw, list[int]()
    while left:
        place = left.bit_length() - 1
        seen = writes[place]
        numbers.append(seen.number)
        left &= ~(seen.saw | 1 << place)
    return tuple(numbers)
