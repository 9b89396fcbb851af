"""The fifth architecture: nobody is special. Any node takes any operation; the ring does the rest."""

from __future__ import annotations

from cluster.model.member import NodeId
from cluster.model.summary import NO_RULE, Rule
from cluster.protocol.inputs import TimerKey
from cluster.protocol.policy.policy import Spoken
from cluster.protocol.quorum.operation import Operation


class Masterless:
    """Never passes anything on, never waits for anybody."""

    merges = True

    def boot(self) -> None:
        """Nothing to begin."""

    def takes(self, op: Operation) -> bool:
        """Always."""
        del op
        return True

    def expired(self, op: Operation) -> None:
        """Cannot be: it takes everything."""
        raise AssertionError(f"operation {op.number} was not carried out")

    def peer_lost(self, name: NodeId) -> None:
        """The coordinator sees to it."""

    def timer(self, words: TimerKey) -> None:
        """It sets none."""

    def heard(self, body: Spoken, sender: NodeId) -> None:
        """A member that follows another architecture; its own configuration is wrong."""

    def damaged(self) -> None:
        """The trees see to it."""

    def rule(self) -> Rule:
        """There is no master."""
        return NO_RULE

    def queued(self) -> int:
        """There is no queue."""
        return 0
