"""Single moments of an incident, beside its stages: what first told of it (DESIGN 6).

A stage lasts; a milestone is one fact that somebody noticed: the injected fault, the first probe
that nobody answered, the first confirmation of a suspicion, the first write that a fallback took.
Facts of different nodes come slightly mixed, so an earlier moment that is told later replaces the
one that was noted. A milestone that never came has no time: a refused connection needs no missed
probe, and a cluster without writes has no fallbacks.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    FactId,
    HintStored,
    ProbeMissed,
    PulseReported,
    SuspicionConfirmed,
)
from cluster.model.incident import Incident, Milestone, MilestoneName
from cluster.model.lives import Lives
from cluster.model.member import NodeId


def noted(incident: Incident, lives: Lives, fact: Fact) -> Incident:
    """The incident with the milestones that this fact, or what `lives` kept, adds."""
    payload = fact.payload
    incident = _fault(incident, lives)
    match payload:
        case PulseReported():
            return _held(incident, fact, payload)
        case HintStored() if payload.target == incident.subject:
            return _earliest(incident, "fallback write", fact.at, fact.id, fact.causes)
        case SuspicionConfirmed() if payload.subject == incident.subject:
            incident = _earliest(incident, "confirmed", fact.at, fact.id, fact.causes)
            return _counted(incident, "confirmed", payload.confirmations)
        case ProbeMissed() if payload.target == incident.subject:
            known = incident.milestone("missed probe").count
            return _counted(_missed(incident, lives), "missed probe", known + 1)
        case _:
            if incident.milestone("missed probe").at:
                return incident
            return _missed(incident, lives)


def _fault(incident: Incident, lives: Lives) -> Incident:
    if not incident.fault or incident.milestone("fault").at:
        return incident
    fault = lives.fault_on(incident.subject)
    if fault is None or fault.kind != incident.fault:
        return incident
    return _earliest(incident, "fault", fault.at, fault.id)


def _missed(incident: Incident, lives: Lives) -> Incident:
    """Probes missed before the record was opened count, from its beginning."""
    for miss in lives.missed(incident.subject):
        if miss.at >= incident.began:
            incident = _earliest(incident, "missed probe", miss.at, miss.id)
            incident = _counted(incident, "missed probe", 1)
    return incident


def _held(incident: Incident, fact: Fact, pulse: PulseReported) -> Incident:
    """Not every hint is told one by one; a pulse says since when the oldest one waits."""
    for depth in pulse.hints:
        if depth.target == incident.subject and depth.count:
            if depth.oldest_at < incident.began:
                return incident  # kept since an earlier failure
            return _earliest(incident, "fallback write", depth.oldest_at, fact.id)
    return incident


def _earliest(
    incident: Incident,
    name: MilestoneName,
    at: int,
    cause: FactId,
    more: tuple[FactId, ...] = (),
) -> Incident:
    old = incident.milestone(name)
    if old.at and old.at <= at:
        return incident
    witness = NodeId(cause.node)
    return _put(incident, replace(old, at=at, witness=witness, causes=(cause, *more[:1])))


def _counted(incident: Incident, name: MilestoneName, count: int) -> Incident:
    old = incident.milestone(name)
    return _put(incident, replace(old, count=count)) if old.at and count > old.count else incident


def _put(incident: Incident, new: Milestone) -> Incident:
    changed = tuple(new if each.name == new.name else each for each in incident.milestones)
    return replace(incident, milestones=changed)
