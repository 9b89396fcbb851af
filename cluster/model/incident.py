"""The incident record: one failure of one life of one member, stage by stage (DESIGN 6).

Derived from facts by a pure function; the recovery screen draws it and tests assert on it, so
picture and test cannot disagree. Decides when each stage began and ended and, for those still
open, what they wait for. Ignores how facts travelled and who draws them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cluster.model.facts import FactId
from cluster.model.member import NodeId

StageName = Literal[
    "silent",
    "suspected",
    "dead",
    "hints",
    "rebuilt",
    "back",
    "returned",
    "one view",
]
"""In this order: silent (fault or last sign of life until the first suspicion), suspected (until
the first declares it dead), dead (until the last live view does), hints (collect for it, until it
is back or removed), rebuilt (copies filled on other owners after it was removed from the ring),
back (its process returned until every live view has it alive), returned (hints drained to it),
one view (all live nodes agree on members and ring again)."""


class Stage(Struct, frozen=True):
    """One stage. `began` 0: not begun; `ended` 0: not ended."""

    name: StageName
    began: int = 0
    ended: int = 0
    witness: NodeId = NodeId("")
    """Who noticed its end (or its begin, while open)."""
    causes: tuple[FactId, ...] = ()
    waiting_on: str = ""
    skipped: bool = False
    """The story went another way (a false alarm is never rebuilt)."""
    count: int = 0
    """Hints collected or returned, partitions rebuilt; 0 where nothing is counted."""


class Incident(Struct, frozen=True):
    """One failure of `subject` in its life `epoch`."""

    subject: NodeId
    epoch: int
    began: int
    """The injected fault's time when known, else the last sign of life before the suspicion."""
    fault: str
    """"kill", "pause", "cut" ... or "" when nobody told us why."""
    stages: tuple[Stage, ...]
    ended: int = 0
    """When the last stage ended; 0 while open."""
    false_alarm: bool = False
    """The subject answered before anyone declared it dead."""
