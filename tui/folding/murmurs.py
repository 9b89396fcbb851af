"""What a row gains from facts that are not about it: a sign of life, and whom the node heard.

Most facts are messages. To make a row anew for each of them was a third of what a fold cost, so
they are gathered here and written into the rows before anybody reads one (`settle`). Decides
nothing: what comes out is what writing each at once would have given.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tui.view import NodeView


class Murmurs:
    """Those of one batch that no row holds yet. Lives inside one call of `fold`."""

    def __init__(self, nodes: dict[NodeId, NodeView]) -> None:
        self._nodes = nodes
        self._spoke: dict[NodeId, int] = {}
        self._heard: dict[NodeId, dict[NodeId, int]] = {}

    def spoke(self, fact: Fact) -> bool:
        """A node made a fact. False: of one unknown, unheard or born again, so look at its row."""
        name = fact.node
        node = self._nodes.get(name)
        if node is None or fact.epoch > node.epoch or not node.connected:
            return False
        if fact.at > self._spoke.get(name, 0):
            self._spoke[name] = fact.at
        return True

    def heard(self, node: NodeId, sender: NodeId, at: int) -> None:
        """A node that is known had a message. What it heard later than that stands."""
        heard = self._heard.get(node)
        if heard is None:
            heard = self._heard[node] = {}
            self._spoke.setdefault(node, 0)
        if at > heard.get(sender, 0):
            heard[sender] = at

    def settle(self) -> None:
        """Write it all into the rows."""
        for name, at in self._spoke.items():
            node = self._nodes[name]
            heard = node.heard
            if name in self._heard:
                news = {s: t for s, t in self._heard[name].items() if t > heard.get(s, 0)}
                heard = {**heard, **news} if news else heard
            if at > node.reported_at or heard is not node.heard:
                reported = max(at, node.reported_at)
                self._nodes[name] = replace(node, reported_at=reported, heard=heard)
        self._spoke.clear()
        self._heard.clear()
