"""Event lines about keys: writes, reads, hints, deletions, comparisons.

Part of `tui.judge.phrases`, which says when a line deserves to be one.
"""

from __future__ import annotations

from typing import Final

from cluster.model.facts import (
    CopiesDropped,
    HintsDelivered,
    HintsExpired,
    HintStored,
    OperationFinished,
    OperationStarted,
    ReadRepaired,
    ReapingWaited,
    RecordRotted,
    SiblingsKept,
    TombstonesReaped,
    TreeCompared,
    TreeRebuilt,
)
from tui.judge.wording import Phrase, counted, listed

MANY_HINTS: Final = 50
"""Smaller deliveries are told only when they are the last."""


Data = (
    OperationStarted | OperationFinished | SiblingsKept | HintStored | HintsDelivered | ReadRepaired
)


def of_data(payload: Data) -> Phrase | None:
    """Writes, reads, hints."""
    match payload:
        case OperationFinished():
            if payload.outcome in ("ok", "absent"):
                return None
            proof = (
                f", {counted(len(payload.replicas), 'copy', 'copies')} proven"
                if payload.replicas
                else ""
            )
            return Phrase(f"{payload.kind} {payload.key}: {payload.outcome}{proof}", "warn")
        case SiblingsKept():
            return Phrase(f"keeps {payload.count} versions of {payload.key}")
        case HintStored():
            if payload.depth not in (1, 10, 100, 1_000, 10_000):
                return None
            held = f" ({payload.depth:,} now)" if payload.depth > 1 else ""
            return Phrase(f"keeps a write for {payload.target}: {payload.key}{held}")
        case HintsDelivered():
            if not payload.delivered:
                return None
            writes = "write" if payload.delivered == 1 else f"{payload.delivered:,} writes"
            if not payload.remaining:
                return Phrase(f"gave {payload.target} its last {writes} back", "good")
            if payload.delivered < MANY_HINTS:
                return None
            return Phrase(f"gave {payload.target} {writes} back, {payload.remaining:,} left")
        case ReadRepaired():
            return Phrase(f"a read repaired {payload.key} at {listed(payload.replicas)}")
        case OperationStarted():
            return None


def of_deletions(payload: TombstonesReaped | ReapingWaited) -> Phrase:
    """Tombstones that go, and those that have to stay."""
    keys = counted(payload.count, "deleted key")
    match payload:
        case TombstonesReaped():
            return Phrase(f"forgot {keys}: nobody has anything older")
        case ReapingWaited():
            return Phrase(f"cannot forget {keys} yet: waits for {payload.waiting_on}")


Upkeep = (
    TreeCompared
    | TreeRebuilt
    | CopiesDropped
    | HintsExpired
    | RecordRotted
    | TombstonesReaped
    | ReapingWaited
)


def of_upkeep(payload: Upkeep) -> Phrase | None:
    """Comparing copies, reading them again, the slow way home, and deletions."""
    match payload:
        case TombstonesReaped() | ReapingWaited():
            return of_deletions(payload)
        case HintsExpired():
            kept = counted(payload.count, "write")
            return Phrase(f"gives up handing {kept} to {payload.target}: its trees will", "bad")
        case RecordRotted():
            things = counted(payload.count, payload.what, "memories" * (payload.what == "memory"))
            return Phrase(f"finds {things} damaged on its disk", "bad")
        case TreeCompared():
            if payload.keys_repaired:
                keys = counted(payload.keys_repaired, "key")
                return Phrase(f"found {payload.peer}'s copies apart, mended {keys}", "warn")
            if payload.left:
                return None
            return Phrase(f"holds the same as {payload.peer}: {payload.partitions} trees equal")
        case CopiesDropped():
            keys = counted(payload.keys, "key")
            return Phrase(f"let go of {keys} of partition {payload.partition}: its owners have all")
        case TreeRebuilt():
            if not payload.mended:
                return None
            apart = counted(payload.mended, "leaf", "leaves")
            return Phrase(f"read its disk again: {apart} no longer held what was written", "bad")
