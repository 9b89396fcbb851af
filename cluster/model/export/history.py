"""What clients did and saw, as Jepsen's checkers want it: an invocation, then how it ended.

Decides the meaning of the four kinds, and which process an operation belongs to: one process does
one thing at a time, and is never heard of again after something nobody knows the end of. Ignores
who ran the clients: the simulator, the Maelstrom runner and a load on real nodes can all be told
this way.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Literal

from msgspec import Struct

End = Literal["ok", "fail", "info"]
"""`ok`: it was done. `fail`: it was certainly not done. `info`: nobody knows (maybe written)."""
Kind = Literal["invoke", "ok", "fail", "info"]


class Op(Struct, frozen=True):
    """One line of a history."""

    index: int
    """Counts the lines from 0."""
    process: int
    kind: Kind
    f: str
    """What was asked: "add", "read", "write", "broadcast", "generate", "echo"."""
    value: object
    """What was written, or (in the `ok` of a read) what was seen."""
    at: int
    """Microseconds."""
    key: str = ""
    """For stores of many keys."""
    final: bool = False
    """A read made after everything had healed and settled."""


class Span(Struct, frozen=True):
    """One operation from its invocation to its end, before it has a process."""

    f: str
    key: str
    asked: object
    told: object
    """What the `ok` of a "read" shows; all other ends show what was asked."""
    begun: int
    """Microseconds."""
    ended: int | None
    """None: it never ended, as far as anybody knows."""
    end: End = "ok"


def pairs(history: list[Op]) -> list[tuple[Op, Op | None]]:
    """Each invocation with how it ended (None: the history ends first), in order of invocation."""
    ended: dict[int, Op] = {}
    open_at: dict[int, int] = {}
    for op in history:
        if op.kind == "invoke":
            open_at[op.process] = op.index
        else:
            ended[open_at.pop(op.process)] = op
    return [(op, ended.get(op.index)) for op in history if op.kind == "invoke"]


def history_of(spans: Iterable[Span]) -> list[Op]:
    """The history of operations that ran beside each other, with as few processes as that takes.

    Of two moments at the same microsecond invocations come first: what touches counts as
    concurrent, so that no order is claimed that was not seen.
    """
    rows: list[tuple[int, bool, int, int, Span]] = []
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    processes = 0
    for number, span in enumerate(sorted(spans, key=lambda span: span.begun)):
        while busy and busy[0][0] < span.begun:
            heappush(free, heappop(busy)[1])
        if free:
            process = heappop(free)
        else:
            process, processes = processes, processes + 1
        rows.append((span.begun, False, number, process, span))
        if span.ended is not None:
            rows.append((max(span.begun, span.ended), True, number, process, span))
            if span.end != "info":
                heappush(busy, (max(span.begun, span.ended), process))
    rows.sort(key=lambda row: row[:3])
    return [
        Op(index, process, span.end, span.f, _shown(span), at, span.key)
        if is_end
        else Op(index, process, "invoke", span.f, span.asked, at, span.key)
        for index, (at, is_end, _, process, span) in enumerate(rows)
    ]


def _shown(span: Span) -> object:
    return span.told if span.f == "read" and span.end == "ok" else span.asked
