"""Who reigned when, what that cost, and how answers went: the view's `Court`, fact by fact.

A reign begins and ends by the node's own word. A stopped process masters nobody, so a reign is cut
where the lab stops or ends its process, and goes on with a new span when it runs again: overlaps of
spans are then time in which two processes really accepted writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    NodeStarted,
    ProcessObserved,
    ReignBegan,
    ReignEnded,
    SnapshotTaken,
    WorkloadCounted,
    WritesDiscarded,
)
from cluster.model.judging.deeds import Reign
from cluster.model.member import NodeId
from tui.view import REIGNS_MAX, TALLIES_MAX, Court, Discard, NodeView, Tally

NOTED: Final = frozenset((
    NodeStarted,
    ProcessObserved,
    ReignBegan,
    ReignEnded,
    SnapshotTaken,
    WorkloadCounted,
    WritesDiscarded,
))  # fmt: skip
"""The kinds of facts that `attend` looks at: asked first, because most facts are others."""


def attend(court: Court, fact: Fact, nodes: Mapping[NodeId, NodeView]) -> Court:
    """The court after a fact. `nodes` are the rows as they were before it."""
    match fact.payload:
        case ReignBegan(term):
            return _begun(_ended(court, fact.node, fact.at), fact.node, term, fact.at)
        case ReignEnded() | NodeStarted():
            return _ended(court, fact.node, fact.at)
        case SnapshotTaken(rule=rule):
            if not rule.leads:
                return _ended(court, fact.node, fact.at)
            known = any(reign.node == fact.node and not reign.ended for reign in court.reigns)
            return court if known else _begun(court, fact.node, rule.term, fact.at)
        case ProcessObserved(subject=subject, state=state):
            row = nodes.get(subject)
            if state in ("paused", "gone"):
                return _ended(court, subject, fact.at)
            if row is not None and row.process == "paused" and row.rule.leads:
                return _begun(court, subject, row.rule.term, fact.at)
            return court
        case WritesDiscarded(count, master):
            discards = (*court.discards, Discard(fact.at, fact.node, count, master))
            return replace(court, discards=discards[-REIGNS_MAX:])
        case WorkloadCounted(interval_us=width, attempts=tried, successes=succeeded):
            tallies = (*court.tallies, Tally(fact.at - width, fact.at, tried, succeeded))
            return replace(court, tallies=tallies[-TALLIES_MAX:])
        case _:
            return court


def _begun(court: Court, node: NodeId, term: int, at: int) -> Court:
    return replace(court, reigns=(*court.reigns, Reign(node, term, at))[-REIGNS_MAX:])


def _ended(court: Court, node: NodeId, at: int) -> Court:
    if not any(reign.node == node and not reign.ended for reign in court.reigns):
        return court
    reigns = tuple(
        replace(reign, ended=max(at, reign.began))
        if reign.node == node and not reign.ended
        else reign
        for reign in court.reigns
    )
    return replace(court, reigns=reigns)
