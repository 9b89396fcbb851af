"""`plan`: what a join or a drain would move, as one document or as text.

Decides where the figures of a plan come from: the ring most nodes use, and for each partition the
most keys any of its owners says it holds. Ignores the arithmetic (`cluster.model.plan`).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cluster.config import RingConfig
from cluster.model.member import NodeId
from cluster.model.plan import Plan, PlanError, plan
from cluster.model.ring import Ring, build_ring
from tui.judge.exposure import common_ring
from tui.judge.wording import counted, joined
from tui.text.status import table
from tui.view import ClusterView

SLACK: Final = RingConfig().load_slack


def planned(
    view: ClusterView, now: int, joins: tuple[NodeId, ...], drains: tuple[NodeId, ...]
) -> Plan:
    """The plan for a cluster as it is. Raises PlanError."""
    found = common_ring(view.nodes, now)
    if found is None:
        raise PlanError("no node says which ring it uses")
    kinds = {node.architecture for node in view.nodes.values()} - {"masterless"}
    if kinds:
        kind = min(kinds)
        raise PlanError(
            f"a {kind} cluster has no partitions to share out: there is nothing to plan"
        )
    # A node with fewer members than N cannot show N; its quorum can: it is the majority of N.
    quorum = max(node.write_quorum for node in view.nodes.values())
    wanted = max(found.replicas, 2 * quorum - 1)
    ring = build_ring(found.members, found.partitions, wanted, SLACK)
    if ring.digest != found.digest or _indexes(ring) != found.owners:
        raise PlanError("this program and the nodes work out owners differently; use their version")
    keys: dict[int, int] = {}
    for node in view.nodes.values():
        for partition, count in enumerate(node.stock):
            if node.name in ring.owners[partition]:
                keys[partition] = max(keys.get(partition, 0), count)
    return plan(ring, joins, drains, wanted, SLACK, keys)


def _indexes(ring: Ring) -> tuple[tuple[int, ...], ...]:
    index = {name: i for i, name in enumerate(ring.members)}
    return tuple(tuple(index[owner] for owner in owners) for owners in ring.owners)


def plan_document(found: Plan) -> Any:
    """With stable names."""
    return msgspec.to_builtins(found)


def plan_text(found: Plan) -> list[str]:
    """One line per node, then totals, then what to watch out for."""
    what = [f"{joined(found.joins)} {_verb(found.joins, 'join')}"] if found.joins else []
    what += [f"{joined(found.drains)} {_verb(found.drains, 'drain')}"] if found.drains else []
    rows = [["", "places", "after", "gains", "gives", "keys to fetch"]]
    for share in found.shares:
        keys = "unknown" if share.keys is None else f"{share.keys:,}"
        counts = (share.before, share.after, share.gains, share.gives)
        rows.append([share.node, *(str(count) for count in counts), keys])
    keys = "an unknown number of keys" if found.keys is None else counted(found.keys, "key")
    moves = counted(len(found.moves), "place")
    lines = [
        f"When {' and '.join(what)}:",
        *table(rows),
        f"{moves} {'moves' if len(found.moves) == 1 else 'move'}, with {keys}.",
        f"The largest share is {found.balance_before:.2f} times the mean now, "
        f"{found.balance_after:.2f} after.",
    ]
    if found.short_after:
        lines.append(
            f"{counted(found.short_after, 'partition')} would have fewer than "
            f"{found.owners_wanted} owners"
            + (" (as now)." if found.short_before else ": too few nodes would be left.")
        )
    return lines


def _verb(names: tuple[NodeId, ...], verb: str) -> str:
    return verb + ("s" if len(names) == 1 else "")
