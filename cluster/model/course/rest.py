"""Which open records a fact may change: the others need not be looked at.

A record is at rest when its last look left it as it was. It stays so until something changes that one
of its stages asks for, which of a fact of a large cluster is seldom more than one record: the one of
whom it speaks. Whatever is not named here (a snapshot, a fault, somebody falling silent) may concern
them all. Decides nothing about the records themselves: `stages` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from cluster.model.course.stages import UNNOTICED_US
from cluster.model.facts import (
    Fact,
    MemberChanged,
    ProbeMissed,
    PulseReported,
    SuspicionConfirmed,
    SuspicionRaised,
)
from cluster.model.incident import Incident
from cluster.model.lives import Life, Lives
from cluster.model.member import NodeId


class Weights(NamedTuple):
    """All that one record asks of the others, to know whether it is an echo of theirs."""

    failed: frozenset[NodeId] = frozenset()
    """The subjects of open records."""
    certain: frozenset[NodeId] = frozenset()
    """Those of records that are confirmed."""


class Reach(NamedTuple):
    """Whom a fact may concern."""

    all: bool = False
    subjects: frozenset[NodeId] = frozenset()
    pulsed: bool = False
    """Those who wait for fresh reports."""
    views: bool = False
    """Those who wait for one view of all."""
    before: int = 0
    """The time of the fact before."""

    def concerns(self, incident: Incident) -> bool:
        """Whether this record, at rest until now, has to be looked at."""
        if self.all or incident.subject in self.subjects:
            return True
        back = incident.stage("back")
        if back.open:  # it waits for time to pass, and then is over unnoticed
            return self.before < back.began + UNNOTICED_US
        if self.views and incident.stage("one view").open:
            return True
        return self.pulsed and _waits_for_reports(incident)


ALL: Final = Reach(all=True)


def reach(before: Lives, after: Lives, fact: Fact) -> Reach:
    """Whom a fact concerns, from what was remembered before it and is now."""
    if after.living is not before.living or after.faults is not before.faults:
        return ALL
    old, new = before.life(fact.node), after.life(fact.node)
    if new.epoch != old.epoch:
        return ALL
    at = before.at
    match fact.payload:
        case MemberChanged(claim=claim):
            return Reach(subjects=frozenset((claim.name, fact.node)), before=at)
        case SuspicionRaised(subject=subject) | SuspicionConfirmed(subject=subject):
            return Reach(subjects=frozenset((subject, fact.node)), before=at)
        case ProbeMissed(target=target):
            return Reach(subjects=frozenset((target, fact.node)), before=at)
        case PulseReported(hints=hints) if _stands(old, new):
            views = _views(after)
            same = old.view == new.view or (views > 1 and _views(before) == views)
            # Since when the oldest hint waits may be told here first.
            subjects = frozenset((fact.node, *[depth.target for depth in hints]))
            return Reach(subjects=subjects, pulsed=True, views=not same or views <= 1, before=at)
        case _:
            return ALL


def moved(old: Incident, new: Incident) -> bool:
    """Whether a record got any further: what a stage waits for is only said, no rule asks for it."""
    if old is new:
        return False
    if replace(new, stages=old.stages) != old or len(new.stages) != len(old.stages):
        return True
    pairs = zip(old.stages, new.stages, strict=True)
    return any(a is not b and replace(b, waiting_on=a.waiting_on, due=a.due) != a for a, b in pairs)


def weighed(incidents: Sequence[Incident]) -> Weights:
    """The weights of these records."""
    open_ = [incident for incident in incidents if not incident.ended]
    failed = frozenset([incident.subject for incident in open_])
    return Weights(failed, frozenset([i.subject for i in open_ if i.confirmed]))


def _stands(old: Life, new: Life) -> bool:
    """Whether a pulse said nothing of places, hints and trees that it had not said before."""
    return (
        old.hints == new.hints
        and old.filling == new.filling
        and old.ring == new.ring
        and old.trees == new.trees
    )


def _views(lives: Lives) -> int:
    """How many different views the living hold."""
    return len({lives.nodes[name].view for name in lives.living})


def _waits_for_reports(incident: Incident) -> bool:
    if incident.stage("rebuilt").open:
        return True
    settled = incident.stage("returned").settled and incident.stage("trees clean").settled
    return bool(incident.stage("back").ended) and not settled
