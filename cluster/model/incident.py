"""The incident record: one failure of one life of one member, stage by stage (DESIGN 6).

Derived from facts by a pure function; the recovery screen draws it and tests assert on it, so
picture and test cannot disagree. Ignores how facts travelled and who draws them. How a stage
begins and ends is in `cluster.model.course.stages`, what a milestone is in `cluster.model.course.milestones`;
`cluster.model.casebook` makes these records.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

from cluster.model.facts import FactId
from cluster.model.member import NodeId

StageName = Literal[
    "silent",
    "suspected",
    "dead",
    "promoted",
    "covered",
    "hints",
    "rebuilt",
    "back",
    "returned",
    "trees clean",
    "one view",
]
"""In this order: silent (fault or last sign of life until the first suspicion), suspected (until
the first declares it dead), dead (until the last live view does), promoted (until a replica is master
of what it led, in the first view), covered (until every live view sends clients there; both only where
partitions have masters), hints (collect for it, until it is back or removed), rebuilt (copies filled on other owners after it was removed from the ring),
back (its process returned until every live view has it alive), returned (hints drained to it and
its own places filled again), trees clean (until the hash trees of every pair that it is one of have
been compared since and found equal), one view (all live nodes agree on members and ring again).
The last two go on beside each other."""

_ALL: Final[tuple[StageName, ...]] = get_args(StageName)
PROMOTION: Final[tuple[StageName, ...]] = ("promoted", "covered")
"""Only records of clusters whose partitions have masters hold these (`RingTable.led`)."""
STAGES: Final[tuple[StageName, ...]] = tuple(name for name in _ALL if name not in PROMOTION)
LED: Final[tuple[StageName, ...]] = (
    *("silent", "suspected", "dead", "promoted", "covered", "back", "one view"),
)
"""What is worth a row in the record of such a cluster: it keeps no hints and compares no trees."""


MilestoneName = Literal["fault", "missed probe", "confirmed", "fallback write"]
"""Moments, beside the stages: the injected fault when somebody told of it, the first probe that
the subject did not answer, the first time that a second accuser confirmed a suspicion, the first
write that a fallback kept for the subject."""

MILESTONES: Final[tuple[MilestoneName, ...]] = get_args(MilestoneName)
_STAGE_INDEX: Final = {name: index for index, name in enumerate(STAGES)}
_MILESTONE_INDEX: Final = {name: index for index, name in enumerate(MILESTONES)}


class Milestone(Struct, frozen=True):
    """One moment. `at` 0: it did not come."""

    name: MilestoneName
    at: int = 0
    witness: NodeId = NodeId("")
    """Who noticed it."""
    causes: tuple[FactId, ...] = ()
    """The fact that told of it, and what caused that."""
    count: int = 0
    """Probes missed, confirmations heard by one node at most; 0 where nothing is counted."""


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
    overtaken: bool = False
    """It ended because the story went on, not because what it waited for came: a member that
    comes back before everybody held it dead."""
    due: int = 0
    """When it ends by itself, where somebody said so (a suspicion's first deadline)."""

    @property
    def open(self) -> bool:
        """Begun and not over."""
        return bool(self.began) and not self.ended and not self.skipped

    @property
    def settled(self) -> bool:
        """Over, one way or the other."""
        return bool(self.ended) or self.skipped


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
    """When the last stage ended; 0 while open. A removed member's record opens again when the
    member comes back."""
    false_alarm: bool = False
    """The subject answered before anyone declared it dead."""
    confirmed: bool = False
    """The lab did it, or at some time more live nodes accused the subject than trusted it."""
    milestones: tuple[Milestone, ...] = tuple(Milestone(name) for name in MILESTONES)
    interrupted: bool = False
    """The subject had come back, and failed again before all was whole: the next record is of that."""

    def stage(self, name: StageName) -> Stage:
        """One of its stages; one that records of its kind do not hold was skipped."""
        if len(self.stages) == len(STAGES) and name in _STAGE_INDEX:
            return self.stages[_STAGE_INDEX[name]]
        return next((s for s in self.stages if s.name == name), Stage(name, skipped=True))

    @property
    def rows(self) -> tuple[StageName, ...]:
        """The stages that are shown of it, in order."""
        held = {stage.name for stage in self.stages}
        if held.isdisjoint(PROMOTION):
            return STAGES
        return tuple(n for n in _ALL if n in LED or (n in held and self.stage(n).began))

    def milestone(self, name: MilestoneName) -> Milestone:
        """One of its moments."""
        return self.milestones[_MILESTONE_INDEX[name]]

    @property
    def removed(self) -> bool:
        """The ring went on without the subject."""
        return bool(self.stage("rebuilt").began)

    @property
    def returned(self) -> bool:
        """The subject came back (and every live view knows it)."""
        back = self.stage("back")
        return bool(back.ended) and not back.overtaken
