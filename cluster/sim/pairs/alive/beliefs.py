"""What nodes came to believe of each other while it was looked at, as their own facts say it.

A belief counts for each node that holds it: five nodes that suspect one are five. Ignores what was
done to the accused; times are the world's, because no clock of these worlds is wrong.
"""

from __future__ import annotations

from cluster.model.facts import Fact, MemberChanged, SuspicionRaised
from cluster.model.member import MemberState, NodeId

Pair = tuple[NodeId, NodeId]
"""(who believes it, of whom)."""


class Beliefs:
    """A watcher of one world. Counts from its making, or from `forget`."""

    def __init__(self) -> None:
        self.accused = 0
        """Suspicions that began anywhere, of anybody."""
        self.suspected: dict[Pair, int] = {}
        """When somebody was first suspected by each."""
        self.dead: dict[Pair, int] = {}
        """When somebody was first held dead by each, or gone for good."""
        self.ring_changes = 0
        """Beliefs that took somebody off the ring, or put them back."""

    def forget(self) -> None:
        """Count from now on: what went before was the founding."""
        self.__init__()

    def hear(self, fact: Fact) -> None:
        """Take a fact."""
        match fact.payload:
            case SuspicionRaised(subject):
                self.accused += 1
                self.suspected.setdefault((fact.node, subject), fact.at)
            case MemberChanged(claim, old):
                if MemberState.DEAD <= claim.state < MemberState.LEFT:
                    self.dead.setdefault((fact.node, claim.name), fact.at)
                off = claim.state is MemberState.REMOVED
                self.ring_changes += off is not (old is MemberState.REMOVED)
            case _:
                pass

    def who_suspects(self, name: NodeId) -> list[NodeId]:
        """All who ever suspected a member."""
        return sorted(who for who, whom in self.suspected if whom == name)

    def who_buries(self, name: NodeId) -> list[NodeId]:
        """All who ever held a member dead."""
        return sorted(who for who, whom in self.dead if whom == name)
