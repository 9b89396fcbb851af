"""One line for each fact about places: rings and transfers."""

from __future__ import annotations

from cluster.model.facts import (
    PartitionFilled,
    RingChanged,
    TransferCancelled,
    TransferFinished,
    TransferProgressed,
    TransferResumed,
    TransfersQueued,
    TransferStalled,
    TransferStarted,
    TransferWaited,
)
from tui.judge.wording import Phrase, counted

Placing = (
    RingChanged
    | TransfersQueued
    | TransferStarted
    | TransferProgressed
    | TransferWaited
    | TransferStalled
    | TransferCancelled
    | TransferResumed
    | TransferFinished
    | PartitionFilled
)


def of_places(payload: Placing) -> Phrase | None:
    """Ring and transfers."""
    match payload:
        case RingChanged():
            said = f"follows a ring of {len(payload.ring.members)}"
            if payload.gained:
                said += f", gains {counted(payload.gained, 'place')}"
            if payload.lost:
                said += f", hands on {counted(payload.lost, 'place')}"
            return Phrase(said)
        case TransferWaited():
            return Phrase(f"partition {payload.partition} waits: {payload.waiting_on}", "warn")
        case PartitionFilled():
            return None if payload.remaining else Phrase("all its places are filled", "good")
        case TransferStalled():
            return Phrase(f"partition {payload.partition} tries another source: {payload.why}")
        case TransferCancelled():
            return Phrase(
                f"was told to cancel the transfer of partition {payload.partition}", "warn"
            )
        case TransferResumed():
            return Phrase(f"goes on with the transfer of partition {payload.partition}", "good")
        case TransfersQueued() | TransferStarted() | TransferProgressed() | TransferFinished():
            return None
