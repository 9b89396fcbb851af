"""Processes of another maker's cluster that began a moment ago, and who is behind with its table.

A process that is young is not a new member: Redis nodes keep their place and their name when they are
started again. It is back when we saw its life before, it has joined when the others had not known it,
and for one look alone it has only started.
"""

from __future__ import annotations

from collections.abc import Sequence

from cluster.model.member import NodeId
from cluster.model.summary import RingTable
from tui.judge.wording import joined, listed
from tui.view import ClusterView


def begun(view: ClusterView, names: list[NodeId], now: int) -> str:
    """What to say of members whose processes began lately: "r1 is back as a replica of r2"."""
    back = [name for name in names if view.nodes[name].epoch > 1]
    come = [name for name in names if name not in back and _new(view, name)]
    said: list[str] = []
    if back:
        said.append(f"{listed(back)} {'is' if len(back) == 1 else 'are'} back{_role(view, back)}")
    if come:
        said.append(f"{listed(come)} {'has' if len(come) == 1 else 'have'} joined")
    rest = [name for name in names if name not in back and name not in come]
    if rest:
        first = min(view.nodes[name].started_at for name in rest)
        said.append(f"{listed(rest)} started {(now - first) // 1_000_000} s ago{_role(view, rest)}")
    return ", ".join(said)


def _new(view: ClusterView, name: NodeId) -> bool:
    """Whether others met it while we looked on."""
    held = [node.beliefs.get(name) for node in view.nodes.values()]
    return any(belief is not None and belief.via != "boot" for belief in held)


def _role(view: ClusterView, names: list[NodeId]) -> str:
    return role(view, names[0]) if len(names) == 1 else ""


def role(view: ClusterView, name: NodeId) -> str:
    """ " as a replica of r2", where partitions have masters and somebody leads it; else empty."""
    node = view.nodes.get(name)
    if node is None or node.ring is None or not node.ring.led:
        return ""
    if node.rule.leads:
        return " as a master"
    return f" as a replica of {node.rule.master}" if node.rule.master not in ("", name) else ""


def apart(view: ClusterView, observers: Sequence[NodeId], most: RingTable | None) -> str:
    """Whose table of masters differs from that of most, as a sentence; empty where there are none."""
    if most is None or not most.led:
        return ""
    late = [
        name
        for name in observers
        if (ring := view.nodes[name].ring) is not None and ring.digest != most.digest
    ]
    verb = "has" if len(late) == 1 else "have"
    return f" {joined(late)} {verb} another table of who leads which slots."
