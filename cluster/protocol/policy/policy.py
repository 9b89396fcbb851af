"""What the coordinator asks of an architecture: who may accept this, who must hold it, who decides.

`takes` answers the first question for one operation; `model.layout` answers the second from the
members alone; the third is each policy's own affair. Everything a policy keeps on disk, says to
others or waits for goes through here, so that nothing else in a node knows which of the five it is.
"""

from __future__ import annotations

from typing import Protocol

from cluster.model.member import NodeId
from cluster.model.summary import Rule
from cluster.protocol.inputs import TimerKey
from cluster.protocol.messages import (
    Accept,
    Accepted,
    Heed,
    Herald,
    Relayed,
    Solicit,
    Survey,
    SurveyPage,
    Vote,
)
from cluster.protocol.quorum.operation import Operation

Spoken = Relayed | Herald | Heed | Accept | Accepted | Solicit | Vote | Survey | SurveyPage
"""What policies say to each other. (`Relay` is a request like any other.)"""


class Policy(Protocol):
    """One of the five architectures, at one node."""

    @property
    def merges(self) -> bool:
        """Whether nodes merge what each holds: hints, transfers and trees then apply."""
        ...

    def boot(self) -> None:
        """The node came up; its memory of members is restored."""
        ...

    def takes(self, op: Operation) -> bool:
        """Whether this node shall carry the operation out now, by the owners on the ring.

        False: the policy has seen to it (passed it on, queued it, refused it, or carries it out in
        its own way) and answers it in the book.
        """
        ...

    def expired(self, op: Operation) -> None:
        """The time of an operation that this node does not carry out by the ring is up: answer it."""
        ...

    def peer_lost(self, name: NodeId) -> None:
        """The link to a member broke: what it has not answered it may never answer."""
        ...

    def timer(self, words: TimerKey) -> None:
        """A timer set as ("policy", *words) came due."""
        ...

    def heard(self, body: Spoken, sender: NodeId) -> None:
        """A member spoke to this node's policy."""
        ...

    def damaged(self) -> None:
        """Something on this node's disk was found not to be what was written."""
        ...

    def rule(self) -> Rule:
        """Whom this node takes for the master now."""
        ...

    def queued(self) -> int:
        """How many requests wait for the one process that takes them."""
        ...
