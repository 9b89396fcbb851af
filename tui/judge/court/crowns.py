"""Who believes to be master, who follows whom, since when: what crowns are drawn from.

A crown is a node's own word, and counts only while that node can be heard: of a paused or silent
one it is kept as a shadow (it will go on as master when it wakes), of a dead one it is gone. With
two crowns both are right to be shown. Ignores what that means (`tui.judge.court.news`).
"""

from __future__ import annotations

from typing import Literal

from cluster.config import ArchitectureName
from cluster.model.judging.deeds import Reign
from cluster.model.member import MemberState, NodeId
from tui.judge.agreement import agreement, is_live
from tui.view import ClusterView, NodeView

Crown = Literal["worn", "shadow", ""]


def architecture_of(view: ClusterView) -> ArchitectureName:
    """What the nodes say they are; all of a cluster say the same."""
    for node in view.nodes.values():
        if node.architecture != "masterless":
            return node.architecture
    return "masterless"


def crown_of(view: ClusterView, node: NodeView, now: int) -> Crown:
    """Whether a node wears a crown now."""
    if not node.rule.leads or node.process == "gone" or node.departed:
        return ""
    if is_live(node, now):
        return "worn"
    state = agreement(view, now).state(node.name)
    stopped = node.process == "paused" or state in (MemberState.ALIVE, MemberState.SUSPECT)
    return "shadow" if stopped else ""


def leaders(view: ClusterView, now: int) -> tuple[NodeId, ...]:
    """Whoever can be heard and acts as master."""
    return tuple(n.name for n in view.nodes.values() if n.rule.leads and is_live(n, now))


def following(node: NodeView) -> str:
    """Whom a node follows, in which term: "leads t3", "n1 t3", "n1", "nobody"."""
    rule = node.rule
    term = f" t{rule.term}" if rule.term else ""
    if rule.leads:
        return f"leads{term}"
    return f"{rule.master}{term}" if rule.master else "nobody"


def followers(view: ClusterView, now: int, master: NodeId) -> list[NodeId]:
    """Who of those that can be heard takes it for the master, beside itself."""
    return [
        n.name for n in view.nodes.values()
        if n.name != master and n.rule.master == master and is_live(n, now)
    ]  # fmt: skip


def reigning_since(view: ClusterView, name: NodeId) -> int:
    """When the present reign of a node began; 0 when it was never told."""
    began = (r.began for r in reversed(view.court.reigns) if r.node == name and not r.ended)
    return next(began, 0)


def last_reign(view: ClusterView) -> Reign | None:
    """The latest reign that is over."""
    over = [reign for reign in view.court.reigns if reign.ended]
    return max(over, key=lambda reign: reign.ended, default=None)
