"""One line for each fact about places: rings and transfers."""

from __future__ import annotations

from cluster.model.facts import (
    DrainEnded,
    DrainProgressed,
    HintsHandedOver,
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
from cluster.model.member import NodeId
from cluster.model.summary import DrainRow, RingTable
from tui.judge.foreign.polled import of_table
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
    | DrainProgressed
    | DrainEnded
    | HintsHandedOver
)


def of_places(payload: Placing, before: RingTable | None, node: NodeId) -> Phrase | None:
    """Ring, transfers, and giving up places; `before` is the table that this node had, if it has masters."""
    match payload:
        case DrainProgressed() | DrainEnded() | HintsHandedOver():
            return _of_giving_up(payload)
        case RingChanged(ring=ring) if ring.led:
            return of_table(before, ring, node)
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


def _of_giving_up(payload: DrainProgressed | DrainEnded | HintsHandedOver) -> Phrase | None:
    match payload:
        case HintsHandedOver():
            if payload.remaining or not payload.count:
                return None
            return Phrase(f"gave its last hints for {payload.target} to other keepers", "good")
        case DrainProgressed(row):
            return _of_drain(row)
        case DrainEnded(how=how, row=row):
            match how:
                case "drained":
                    then = "leaves" if row.leaving else "stays without places"
                    return Phrase(f"all it held is readable elsewhere: it {then}", "good")
                case "timeout":
                    left = counted(row.partitions, "partition")
                    return Phrase(f"leaves though {left} still {_need(row)} it", "warn")
                case "alone":
                    return Phrase("leaves: nobody is there to take over", "warn")
                case "undone":
                    return Phrase("takes places on the ring again")


def _need(row: DrainRow) -> str:
    return "needs" if row.partitions == 1 else "need"


def _of_drain(row: DrainRow) -> Phrase:
    what = "drains and will leave" if row.leaving else "drains"
    if row.partitions:
        what += f": {counted(row.partitions, 'partition')} to hand on"
    elif row.hints:
        what += f": {counted(row.hints, 'hint')} to hand on"
    return Phrase(f"{what}, waits for {row.waiting_on}" if row.waiting_on else what)
