"""Measures of processes: nodes, masters, rooms."""

from __future__ import annotations

from cluster.model.facts import RoomCounted
from cluster.model.member import NodeId
from talk.claims.evidence import UNKNOWN, Evidence, Measured
from tui.judge.agreement import agreement, live_observers
from tui.judge.court.crowns import leaders
from tui.judge.rooms.lanes import counting
from tui.judge.rooms.survey import survey

Args = tuple[str, ...]


def running(evidence: Evidence, _args: Args) -> Measured:
    """As the lab sees them from outside."""
    seen = [node.process for node in evidence.view.nodes.values()]
    if not any(state != "unknown" for state in seen):
        return UNKNOWN
    return Measured(float(seen.count("running")), len(seen), "processes")


def masters(evidence: Evidence, _args: Args) -> Measured:
    """By their own words; none where nobody reports."""
    observers = live_observers(evidence.view.nodes, evidence.now)
    if not observers:
        return UNKNOWN
    return Measured(float(len(leaders(evidence.view, evidence.now))), len(observers), "nodes")


def two_masters(evidence: Evidence, _args: Args) -> Measured:
    """Seconds since the moment that counts in which more than one process reigned."""
    reigns = [
        (max(reign.began, evidence.since.at), reign.ended or evidence.now)
        for reign in evidence.view.court.reigns
        if (reign.ended or evidence.now) > evidence.since.at
    ]
    if not reigns:
        return UNKNOWN
    edges = sorted([(began, 1) for began, _ in reigns] + [(ended, -1) for _, ended in reigns])
    total, holding, last = 0, 0, 0
    for at, step in edges:
        if holding > 1:
            total += at - last
        holding, last = holding + step, at
    return Measured(total / 1e6, len(reigns), "reigns")


def terms_refused(evidence: Evidence, _args: Args) -> Measured:
    """A master that slept through an election wrote on."""
    return evidence.since.counted("terms refused")


def discarded(evidence: Evidence, _args: Args) -> Measured:
    """Acknowledged once."""
    return evidence.since.counted("writes discarded")


def queue(evidence: Evidence, _args: Args) -> Measured:
    """The longest of any node."""
    observers = live_observers(evidence.view.nodes, evidence.now)
    if not observers:
        return UNKNOWN
    longest = max(evidence.view.nodes[name].queue for name in observers)
    return Measured(float(longest), len(observers), "nodes")


def rooms(evidence: Evidence, _args: Args) -> Measured:
    """Known to anybody."""
    total = survey(evidence.view, evidence.now).total
    return Measured(float(total), total, "rooms") if total else UNKNOWN


def rooms_served(evidence: Evidence, _args: Args) -> Measured:
    """Exactly once each."""
    found = survey(evidence.view, evidence.now)
    if not found.total:
        return UNKNOWN
    odd = len(found.twice) + len(found.failed) + len(found.waiting)
    return Measured(float(found.total - odd), found.total, "rooms")


def rooms_unserved(evidence: Evidence, _args: Args) -> Measured:
    """By nobody, or given up."""
    found = survey(evidence.view, evidence.now)
    if not found.total:
        return UNKNOWN
    return Measured(float(len(found.waiting) + len(found.failed)), found.total, "rooms")


def rooms_twice(evidence: Evidence, _args: Args) -> Measured:
    """By two that can be heard."""
    found = survey(evidence.view, evidence.now)
    return Measured(float(len(found.twice)), found.total, "rooms") if found.total else UNKNOWN


def rooms_on(evidence: Evidence, args: Args) -> Measured:
    """By its own word, as long as that counts."""
    view, name = evidence.view, NodeId(args[0])
    total = len(view.rooms.by_name)
    if not total or name not in view.nodes:
        return UNKNOWN
    alive = counting(view, evidence.now, agreement(view, evidence.now))
    held = view.rooms.held.get(name, 0) if alive.get(name) else 0
    return Measured(float(held), total, "rooms")


def crashes(evidence: Evidence, _args: Args) -> Measured:
    """Each process of a room."""
    return evidence.since.counted("exits crashed")


def restarts(evidence: Evidence, _args: Args) -> Measured:
    """After whatever end that nobody wanted."""
    took = evidence.since.restarts_us
    return Measured(float(len(took)), evidence.since.facts, "facts")


def restart(evidence: Evidence, _args: Args) -> Measured:
    """From when a node set out to start it until it served."""
    took = evidence.since.restarts_us
    return Measured(max(took) / 1e3, len(took), "restarts") if took else UNKNOWN


def answers_in(evidence: Evidence, args: Args) -> Measured:
    """By its own word to those who had answered in it."""
    fact = evidence.since.rooms_counted.get(args[0])
    if fact is None or not isinstance(fact.payload, RoomCounted):
        return UNKNOWN
    counted = fact.payload
    return Measured(float(counted.held), counted.acknowledged, "answers acknowledged", fact)


def escalations(evidence: Evidence, _args: Args) -> Measured:
    """More restarts than a supervisor bears."""
    return evidence.since.counted("escalations")


def handed_over(evidence: Evidence, _args: Args) -> Measured:
    """Alive."""
    return evidence.since.counted("rooms handed over")


def handover(evidence: Evidence, _args: Args) -> Measured:
    """By the giving node's clock."""
    lost = evidence.since.lost_us
    return Measured(max(lost) / 1e3, len(lost), "handovers") if lost else UNKNOWN


def merged(evidence: Evidence, _args: Args) -> Measured:
    """As the winner tells it."""
    return evidence.since.counted("names won")
