"""What the verdict says of operations that are refused: how many, and by whose disks.

A full disk is no failure that gossip could notice: all nodes are alive and agree. So the nodes' own
word about their disks counts, and how the answers of the workload ended over the last ten seconds.
Writes are said to fail only where that was measured, or where fewer disks than a write needs are
left; one disk of many that refuses costs nothing but its copies.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tui.judge.agreement import is_live
from tui.judge.court.crowns import architecture_of
from tui.judge.exposure import refuses_writes
from tui.judge.tale import Clause
from tui.judge.wording import Tone, listed
from tui.view import ClusterView

SPAN_US: Final = 10_000_000
"""Answers of so long are counted."""
STALE_US: Final = 2_000_000
"""Nothing is said of a load that has counted nothing for so long."""
ANSWERED_LEAST: Final = 0.9
"""Of all operations in that span; where fewer are answered it is news."""
TRIED_LEAST: Final = 20
REASON_MAX: Final = 32


class Share(NamedTuple):
    """How the operations of the last `SPAN_US` ended."""

    tried: int
    answered: int

    def __str__(self) -> str:
        return f"{100 * self.answered // self.tried} %"


def refused_share(view: ClusterView, now: int) -> Share | None:
    """When too few operations are answered, and have been for the whole span: how many are."""
    tallies = view.court.tallies
    if not tallies or now - tallies[-1].at > STALE_US:
        return None
    until = tallies[-1].at
    if tallies[0].began > until - SPAN_US:
        return None
    recent = [tally for tally in tallies if tally.began >= until - SPAN_US]
    share = Share(sum(t.tried for t in recent), sum(t.succeeded for t in recent))
    if share.tried < TRIED_LEAST or share.answered >= ANSWERED_LEAST * share.tried:
        return None
    half = [tally for tally in recent if tally.began >= until - SPAN_US // 2]
    late = Share(sum(t.tried for t in half), sum(t.succeeded for t in half))
    # It must last: what a short outage cost is told by the failure that it belongs to.
    over = not late.tried or late.answered >= ANSWERED_LEAST * late.tried
    return None if over else share


def told_refusals(
    view: ClusterView, now: int, tone: Tone, clauses: list[Clause]
) -> tuple[Tone, list[Clause]]:
    """The verdict with refused operations in it: disks come first of all, a share alone second."""
    share = refused_share(view, now)
    number = Clause("", "")
    if share is not None and architecture_of(view) == "masterless":
        said = f"{share} of operations answered in {SPAN_US // 1_000_000} s"
        number = Clause(f"Only {said}.", f"only {said}")
    refusing = [node for node in view.nodes.values() if refuses_writes(node, now)]
    if not refusing:
        if not number.text:
            return tone, clauses
        return "bad", [*clauses[:1], number, *clauses[1:]]
    names = [node.name for node in refusing]
    whose = f"{names[0]}'s disk" if len(names) == 1 else f"the disks of {listed(names)}"
    verb = "refuses" if len(names) == 1 else "refuse"
    reason = max(refusing, key=lambda node: node.refused_at).refusal
    cause = reason.partition(":")[0]  # what to do about it is for the log
    why = f" ({cause})" if 0 < len(cause) <= REASON_MAX else ""
    live = sum(is_live(node, now) for node in view.nodes.values())
    needed = max((node.write_quorum for node in view.nodes.values()), default=0)
    if number.text or live - len(names) < needed:
        text, short = f"Writes fail: {whose} {verb} them", f"Writes fail, {whose} {verb}"
        return "bad", [Clause(f"{text}{why}.", short), number, *clauses]
    text = f"{whose[0].upper() if len(names) > 1 else whose[0]}{whose[1:]} {verb} writes"
    return "bad" if tone == "bad" else "warn", [Clause(f"{text}{why}.", text), number, *clauses]
