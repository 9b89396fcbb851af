"""The last seconds of what caused what: facts kept whole, so that a story can be told of them.

A part of `tui.view.ClusterView`. Everything else in a view is a state; here are the steps between:
messages at both ends, operations, probes, doubts. Kept small, because a view of every second of a
quarter of an hour may be kept: full chunks are packed (about 14 bytes a fact) and shared between
views, only the last few facts are open. Bounded by `CHUNKS_MAX`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    HintsDelivered,
    HintStored,
    MemberChanged,
    MessageReceived,
    MessageSent,
    OperationFinished,
    OperationStarted,
    ProbeMissed,
    ReadRepaired,
    SiblingsKept,
    SuspicionConfirmed,
    SuspicionRaised,
    SuspicionRefuted,
)
from tui.timeline.pack import pack, unpack

TRACED: Final = frozenset(
    {
        MessageSent,
        MessageReceived,
        OperationStarted,
        OperationFinished,
        SiblingsKept,
        HintStored,
        HintsDelivered,
        ReadRepaired,
        ProbeMissed,
        SuspicionRaised,
        SuspicionConfirmed,
        SuspicionRefuted,
        MemberChanged,
        FaultInjected,
        FaultHealed,
    }
)
"""The kinds of facts that are kept."""
CHUNK: Final = 256
"""Facts packed together. More make packing better and the open end longer."""
CHUNKS_MAX: Final = 20
"""About 5,000 facts: the last eight seconds of five nodes that trace all they may, more of quieter
ones. Raising it costs 4 kB a chunk in every view that is kept, and time when somebody looks."""


class Chunk(Struct, frozen=True):
    """Facts packed together, in the order in which they were folded."""

    blob: bytes

    def facts(self) -> list[Fact]:
        """What it holds."""
        return unpack(self.blob).facts


class Trace(Struct, frozen=True):
    """All that is kept, oldest first."""

    chunks: tuple[Chunk, ...] = ()
    tail: tuple[Fact, ...] = ()
    """Fewer than `CHUNK`."""


def extended(trace: Trace, news: Sequence[Fact]) -> Trace:
    """The trace with more facts; the oldest chunks go when there are too many."""
    tail = (*trace.tail, *news)
    if len(tail) < CHUNK:
        return Trace(trace.chunks, tail)
    chunks = list(trace.chunks)
    while len(tail) >= CHUNK:
        full, tail = tail[:CHUNK], tail[CHUNK:]
        chunks.append(Chunk(pack(full, [0] * CHUNK)))
    return Trace(tuple(chunks[-CHUNKS_MAX:]), tail)
