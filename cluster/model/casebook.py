"""The casebook: every incident, kept up to date fact by fact.

Decides when a record opens (an injected kill, pause or isolation; a process seen gone without a
farewell; else the first accusation), when one is an echo of another and not worth a record, and
when a removed member's record opens again. A member that has come back and fails again, before all
is whole, has failed a second time: its first record ends there, interrupted. The stages themselves
are in `cluster.model.course.stages`.

An echo: an isolated node soon accuses everybody, and when it is back, others hear of that. Those
accused by nobody else, on the larger side, have not failed; the isolated one has, and has its own
record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from cluster.model.course.case import Case
from cluster.model.course.promotions import follow
from cluster.model.course.rest import Weights, moved, reach, weighed
from cluster.model.course.stages import progress
from cluster.model.facts import (
    Fact,
    FaultInjected,
    MemberChanged,
    NodeStarted,
    ProcessObserved,
    PulseReported,
    SnapshotTaken,
    SuspicionRaised,
)
from cluster.model.incident import STAGES, Incident, Stage
from cluster.model.lives import REMEMBERED, Life, Lives, Opinion, Remembered, remember
from cluster.model.member import MemberState, NodeId

INCIDENTS_MAX: Final = 50
DONE_BY_LAB: Final = ("kill", "pause", "isolate")
"""Faults of one node that are certain from the moment they are told of."""


SUSPECT: Final = MemberState.SUSPECT
REMOVED: Final = MemberState.REMOVED
LOOK_US: Final = 250_000
"""A pulse that says nothing new is reason to look at an open record again only this often: what
has changed then is at most that somebody has been silent for too long to be asked."""


class Casebook(Struct, frozen=True):
    """All records, oldest first, and what they are derived from."""

    incidents: tuple[Incident, ...] = ()
    lives: Lives = Lives()
    looked: int = 0
    """When the open records were last looked at whole."""
    restless: frozenset[NodeId] = frozenset()
    """Whose records the last fact took further: the next one may take them further still."""
    weights: Weights = Weights()
    """By which records were last held to be echoes of others or not."""

    def open_for(self, subject: NodeId) -> Incident | None:
        """The record of a member that is not closed."""
        return next((i for i in self.incidents if i.subject == subject and not i.ended), None)


def advance(book: Casebook, fact: Fact) -> Casebook:
    """The casebook after one more fact.

    What comes out is what a look at every open record would give; records at rest that the fact does
    not concern are not looked at, or hundreds of members that come and go could not be followed.
    """
    payload = fact.payload
    if type(payload) not in REMEMBERED:
        return book
    lives = remember(book.lives, fact, cast("Remembered", payload))
    incidents = book.incidents
    if type(payload) in _OPENING:
        incidents = _opened(incidents, lives, fact)
    open_ = [incident for incident in incidents if not incident.ended]
    if not open_:
        return Casebook(_last(incidents), lives, book.looked)
    brief = (
        isinstance(payload, PulseReported)
        and fact.at < book.looked + LOOK_US
        and not _news(book.lives.life(fact.node), lives.life(fact.node))
    )
    reached, restless = reach(book.lives, lives, fact), book.restless
    due = [i for i in open_ if i.subject in restless or reached.concerns(i)]
    if incidents is not book.incidents:
        known = set(map(id, book.incidents))
        due += [i for i in open_ if id(i) not in known]
    looked = book.looked if brief else fact.at
    if not due and weighed(incidents) == book.weights:
        return Casebook(_last(incidents), lives, looked, frozenset(), book.weights)
    names = {incident.subject for incident in due}
    seen = tuple(
        i
        if i.ended or i.subject not in names or (brief and not _timely(i))
        else follow(progress(i, lives, fact), lives, fact)
        for i in incidents
    )
    restless = {new.subject for old, new in zip(incidents, seen, strict=True) if moved(old, new)}
    if brief:  # what was left out is for the next fact
        return Casebook(_last(seen), lives, looked, frozenset(restless | names), book.weights)
    weights = weighed(seen)
    every = weights != book.weights
    left = tuple(
        i
        for i in seen
        if i.ended or not (every or i.subject in names) or not _void(i, weights, lives)
    )
    return Casebook(_last(left), lives, looked, frozenset(restless), weights)


def _last(incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
    return incidents[-INCIDENTS_MAX:] if len(incidents) > INCIDENTS_MAX else incidents


_OPENING: Final = frozenset((
    FaultInjected, MemberChanged, NodeStarted, ProcessObserved, SnapshotTaken, SuspicionRaised,
))  # fmt: skip
"""What may open a record, or open one again."""


def _news(before: Life, after: Life) -> bool:
    """Whether a pulse said anything but that the node is there."""
    return (
        before.hints != after.hints
        or before.filling != after.filling
        or before.view != after.view
        or before.ring != after.ring
        or before.epoch != after.epoch
        or before.reachable != after.reachable
    )


def _timely(incident: Incident) -> bool:
    """Whether a stage is open that waits for fresh reports: each pulse counts."""
    return bool(incident.stage("back").began) or incident.stage("rebuilt").open


def _opened(incidents: tuple[Incident, ...], lives: Lives, fact: Fact) -> tuple[Incident, ...]:
    incidents = _reopened(incidents, lives)
    payload = fact.payload
    match payload:
        case FaultInjected(kind="kill" | "pause" | "isolate"):
            return _by_lab(incidents, lives, fact, payload.subject, payload.kind)
        case ProcessObserved(state="gone" | "paused"):
            return _by_lab(incidents, lives, fact, payload.subject, "")
        case SuspicionRaised():
            return _by_accusation(incidents, lives, fact, payload.subject)
        case MemberChanged(claim=claim) if claim.name != fact.node and payload.via != "boot":
            return _by_accusation(incidents, lives, fact, claim.name)
        case SnapshotTaken():
            for fate in payload.members:
                if fate.claim.state in (MemberState.SUSPECT, MemberState.DEAD):
                    incidents = _by_accusation(incidents, lives, fact, fate.claim.name)
            return incidents
        case _:
            return incidents


def _by_lab(
    incidents: tuple[Incident, ...], lives: Lives, fact: Fact, subject: NodeId, fault: str
) -> tuple[Incident, ...]:
    life = lives.life(subject)
    for index, incident in enumerate(incidents):
        if (
            incident.subject == subject
            and not incident.ended
            and incident.epoch >= life.epoch
            and not incident.stage("back").began  # else it fails again
        ):
            if not fault or incident.fault == fault:
                return incidents
            began = min(incident.began, fact.at)
            told = replace(incident, fault=fault, began=began, confirmed=True)
            return (*incidents[:index], told, *incidents[index + 1 :])
    said_farewell = any(
        opinion.state is MemberState.LEFT for opinion in lives.observers(subject).values()
    )
    if not life.epoch or life.departed or (said_farewell and not fault):
        return incidents
    # Where an observer asks time and again, what it found gone fell silent after its last answer.
    began = life.answered if not fault and not life.reachable and life.answered else fact.at
    return _new(incidents, lives, fact, subject, life.epoch, began, fault)


def _by_accusation(
    incidents: tuple[Incident, ...], lives: Lives, fact: Fact, subject: NodeId
) -> tuple[Incident, ...]:
    opinion = lives.life(fact.node).opinions.get(subject)
    if (
        opinion is None
        or opinion.state not in (MemberState.SUSPECT, MemberState.DEAD)
        or opinion.epoch < lives.life(subject).epoch
        or not lives.live(fact.node)
    ):
        return incidents
    views = lives.observers(subject)
    known = next((i for i in incidents if i.subject == subject and not i.ended), None)
    again = known is not None and _returned_at_least(known)
    if known is not None and not (again and _fails_again(known, fact, opinion, views)):
        return incidents
    cause = lives.fault_on(subject)
    began = lives.last_sign(subject, fact.node, opinion.since)
    if cause is not None and cause.at <= opinion.since:
        began = cause.at
    began = min([began, *[o.doubted or o.since for o in views.values() if o.accuses]])
    if known is not None:
        began = max(began, _returned_at_least(known))
    fault = cause.kind if cause is not None else ""
    return _new(incidents, lives, fact, subject, opinion.epoch, began, fault)


def _returned_at_least(incident: Incident) -> int:
    """Since when it is known to be back: with everybody, else with the first; 0 if it is not."""
    back = incident.stage("back")
    return back.ended or back.began


def _fails_again(
    incident: Incident, fact: Fact, opinion: Opinion, views: Mapping[NodeId, Opinion]
) -> bool:
    """Whether this accusation is of a later failure than the one the member is back from.

    A suspicion alone is not yet: it may pass, and the recovery goes on. Nor is what somebody who has
    just come remembers, or what some have not unlearned while others see it alive.
    """
    return (
        opinion.state is MemberState.DEAD
        and opinion.since > _returned_at_least(incident)
        and not isinstance(fact.payload, SnapshotTaken)
        and (incident.returned or all(held.accuses for held in views.values()))
    )


def _new(
    incidents: tuple[Incident, ...],
    lives: Lives,
    fact: Fact,
    subject: NodeId,
    epoch: int,
    began: int,
    fault: str,
) -> tuple[Incident, ...]:
    """Open a record; an earlier one of the same member is over."""
    stages = tuple(Stage(name) for name in STAGES)
    done_by_lab = fault in DONE_BY_LAB
    incident = Incident(subject, epoch, began, fault, stages, confirmed=done_by_lab)
    if _echo(incident, weighed(incidents), lives.observers(subject)):
        return incidents
    closed = tuple(
        _superseded(i, lives, fact) if i.subject == subject and not i.ended else i
        for i in incidents
    )
    return (*closed, incident)


def _superseded(incident: Incident, lives: Lives, fact: Fact) -> Incident:
    case = Case(incident, lives, fact)
    case.finish(fact.at, false_alarm=incident.false_alarm)
    over = case.result()
    return replace(over, interrupted=True) if incident.stage("back").began else over


def _reopened(incidents: tuple[Incident, ...], lives: Lives) -> tuple[Incident, ...]:
    """A removed member that comes back goes on with its last record."""
    for index in range(len(incidents) - 1, -1, -1):
        old = incidents[index]
        if not old.ended or old.stage("back").settled or not old.removed:
            continue
        if any(i.subject == old.subject for i in incidents[index + 1 :]):
            continue
        reborn = lives.life(old.subject).epoch > old.epoch
        again = [
            o
            for o in lives.observers(old.subject).values()
            if o.state is MemberState.ALIVE and o.since > old.began
        ]
        if reborn or again:
            stages = tuple(Stage("one view") if s.name == "one view" else s for s in old.stages)
            back = replace(old, ended=0, stages=stages)
            return (*incidents[:index], back, *incidents[index + 1 :])
    return incidents


def _void(incident: Incident, weights: Weights, lives: Lives) -> bool:
    """Whether a record should never have been: an echo, or a departure after all."""
    if incident.fault in DONE_BY_LAB:
        return False
    views = lives.observers(incident.subject)
    left = MemberState.LEFT in [opinion.state for opinion in views.values()]
    return left or _echo(incident, weights, views)


def _echo(incident: Incident, weights: Weights, views: Mapping[NodeId, Opinion]) -> bool:
    """Accused only by those who have failed themselves, or on the word of such."""
    if incident.confirmed:
        return False
    accusing = {n: o for n, o in views.items() if SUSPECT <= o.state <= REMOVED}
    if not accusing:
        return False
    sources = {opinion.accuser or name for name, opinion in accusing.items()}
    if sources <= weights.certain and incident.subject not in sources:
        return True
    trusting = len(views) - len(accusing) + 1
    return trusting > len(accusing) and accusing.keys() <= weights.failed
