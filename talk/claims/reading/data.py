"""Measures of data: what was acknowledged, what is lost, where copies are."""

from __future__ import annotations

from cluster.model.member import NodeId
from talk.claims.evidence import UNKNOWN, Evidence, Measured
from tui.judge.agreement import agreement, live_observers
from tui.judge.exposure import common_ring, places, served

Args = tuple[str, ...]


def answers(evidence: Evidence, _args: Args) -> Measured:
    """Acknowledged since."""
    now, then = evidence.since.load, evidence.since.view.load
    if now is None:
        return UNKNOWN
    count = now.acknowledged - (then.acknowledged if then is not None else 0)
    return Measured(float(count), evidence.since.attempts, "operations")


def answers_failed(evidence: Evidence, _args: Args) -> Measured:
    """Refused since: nothing was written, and the player knows."""
    now, then = evidence.since.load, evidence.since.view.load
    if now is None:
        return UNKNOWN
    count = now.failed - (then.failed if then is not None else 0)
    return Measured(float(count), evidence.since.attempts, "operations")


def availability(evidence: Evidence, _args: Args) -> Measured:
    """In percent of the operations that ended since."""
    since = evidence.since
    if not since.attempts:
        return UNKNOWN
    return Measured(100 * since.successes / since.attempts, since.attempts, "operations")


def lost(evidence: Evidence, _args: Args) -> Measured:
    """Known only once an audit has ended since."""
    load = evidence.since.load
    if load is None or not evidence.since.audits or load.unreadable < 0:
        return UNKNOWN
    return Measured(float(load.unreadable), load.audited, "answers read back")


def _depth(evidence: Evidence, target: str) -> Measured:
    observers = live_observers(evidence.view.nodes, evidence.now)
    if not observers:
        return UNKNOWN
    kept = [d for name in observers for d in evidence.view.nodes[name].hints]
    count = sum(depth.count for depth in kept if target in ("", depth.target))
    return Measured(float(count), len(observers), "nodes")


def hints(evidence: Evidence, _args: Args) -> Measured:
    """At all nodes that report."""
    return _depth(evidence, "")


def hints_for(evidence: Evidence, args: Args) -> Measured:
    """For one of them."""
    return _depth(evidence, args[0])


def hints_stored(evidence: Evidence, _args: Args) -> Measured:
    """Of traced writes."""
    return evidence.since.counted("hints stored")


def hints_delivered(evidence: Evidence, _args: Args) -> Measured:
    """Acknowledged by their target."""
    return evidence.since.counted("hints delivered")


def _serving(evidence: Evidence) -> tuple[int, ...]:
    judged = agreement(evidence.view, evidence.now)
    return served(evidence.view.nodes, judged, evidence.now)


def unserved(evidence: Evidence, _args: Args) -> Measured:
    """No owner of these can answer."""
    counts = _serving(evidence)
    return Measured(float(counts[0]), sum(counts), "partitions") if counts else UNKNOWN


def short(evidence: Evidence, _args: Args) -> Measured:
    """An owner of these is missing."""
    counts = _serving(evidence)
    return Measured(float(sum(counts[:-1])), sum(counts), "partitions") if counts else UNKNOWN


def filling(evidence: Evidence, _args: Args) -> Measured:
    """Owned, and not answered from yet."""
    observers = live_observers(evidence.view.nodes, evidence.now)
    if not observers:
        return UNKNOWN
    count = sum(evidence.view.nodes[name].filling for name in observers)
    return Measured(float(count), len(observers), "nodes")


def unequal(evidence: Evidence, _args: Args) -> Measured:
    """Compared since the moment that counts, or not known."""
    observers = live_observers(evidence.view.nodes, evidence.now)
    rows = [
        row
        for name in observers
        for row in evidence.view.nodes[name].trees
        if row.peer in observers and row.shared
    ]
    if not rows:
        return UNKNOWN
    wrong = sum(not row.clean or row.at < evidence.since.at for row in rows)
    return Measured(float(wrong), len(rows), "pairs of owners")


def repaired(evidence: Evidence, _args: Args) -> Measured:
    """At either end."""
    return evidence.since.counted("keys repaired")


def share(evidence: Evidence, args: Args) -> Measured:
    """Of partitions times copies."""
    ring = common_ring(evidence.view.nodes, evidence.now)
    if ring is None:
        return UNKNOWN
    held = places(ring)
    whole = sum(held.values())
    return (
        Measured(100 * held.get(NodeId(args[0]), 0) / whole, whole, "places") if whole else UNKNOWN
    )


def largest(evidence: Evidence, _args: Args) -> Measured:
    """1 is perfectly even."""
    ring = common_ring(evidence.view.nodes, evidence.now)
    held = places(ring) if ring is not None else {}
    whole = sum(held.values())
    if not whole:
        return UNKNOWN
    return Measured(max(held.values()) * len(held) / whole, whole, "places")
