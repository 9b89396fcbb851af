"""Which links are meant to be cut, as acts that can be healed one by one.

Cuts overlap: n4 may be isolated inside a partition, and healing one leaves the other. So what is
kept are the acts; who is cut off from whom is computed from all of them and from the nodes that
exist now (a node added later falls on the larger side). Ignores how a node is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from cluster.model.member import NodeId

CutKind = Literal["cut", "partition", "isolate"]

CUTS_MAX = 32


class Cut(Struct, frozen=True):
    """One act. `side` against `others`; no others: against everyone else."""

    kind: CutKind
    side: frozenset[NodeId]
    others: frozenset[NodeId] = frozenset()

    def severs(self, a: NodeId, b: NodeId) -> bool:
        """Whether the link between a and b is cut by this."""
        if self.others:
            return (a in self.side and b in self.others) or (b in self.side and a in self.others)
        return (a in self.side) != (b in self.side)


class Cuts:
    """The acts in force."""

    def __init__(self) -> None:
        self.acts: list[Cut] = []

    def add(self, cut: Cut) -> bool:
        """Put it in force. False when it is already, or when there are too many."""
        if cut in self.acts or len(self.acts) >= CUTS_MAX:
            return False
        self.acts.append(cut)
        return True

    def remove(self, cut: Cut) -> None:
        """Heal one act."""
        if cut in self.acts:
            self.acts.remove(cut)

    def severed(self, name: NodeId, names: Iterable[NodeId]) -> frozenset[NodeId]:
        """Whom `name` must not reach."""
        return frozenset(
            other
            for other in names
            if other != name and any(cut.severs(name, other) for cut in self.acts)
        )

    def isolation_of(self, name: NodeId) -> Cut | None:
        """The act that isolates `name`, if there is one."""
        alone = Cut("isolate", frozenset((name,)))
        return alone if alone in self.acts else None
