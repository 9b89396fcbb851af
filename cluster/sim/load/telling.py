"""What the clients of a world did, in the words of `cluster.model.export`.

Typed values are shown as people see them, so that a set's reads are its elements and a counter's a
number; a plain key that holds several values is a read of them all.
"""

from __future__ import annotations

from typing import Final

from cluster.model.export.history import End, Op, Span, history_of
from cluster.model.values.typed import typed
from cluster.model.versions import Versions
from cluster.sim.load.history import History, OpKind, OpOutcome
from cluster.sim.load.history import Op as Asked

WORDS: Final[dict[OpKind, str]] = {
    "put": "write",
    "delete": "delete",
    "get": "read",
    "count": "count",
    "add": "add",
    "remove": "remove",
}
ENDS: Final[dict[OpOutcome, End]] = {
    "ok": "ok",
    "failed": "fail",
    "maybe": "info",
    "pending": "info",
}


def told(history: History) -> list[Op]:
    """The history of a world, for export."""
    return history_of(_span(op) for op in history.ops)


def _span(op: Asked) -> Span:
    seen = _seen(op.read) if op.read is not None else None
    ended = None if op.outcome == "pending" else op.ended
    key = op.key.decode("utf-8", "replace")
    return Span(WORDS[op.kind], key, _asked(op), seen, op.invoked, ended, ENDS[op.outcome])


def _asked(op: Asked) -> object:
    match op.kind:
        case "count":
            return op.amount
        case "put" | "add" | "remove":
            return op.value.decode()
        case "get" | "delete":
            return None


def _seen(versions: Versions) -> object:
    found = typed(versions)
    if found is not None:
        return found[1]
    values = [s.value.decode("utf-8", "replace") for s in versions.siblings if s.value is not None]
    return values if len(values) > 1 else next(iter(values), None)
