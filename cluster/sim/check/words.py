"""What nodes say of themselves and each other: facts that may never contradict each other.

Boot epochs rise, facts are numbered without gaps, incarnations of one life never fall, beliefs
only move forward, only the accused raises its incarnation, no death is taken from a push/pull, and
equal member sets give equal owners. One step a fact. Ignores data.
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.model.facts import (
    Fact,
    MemberChanged,
    NodeStarted,
    PulseReported,
    RingChanged,
    SuspicionRefuted,
)
from cluster.model.member import MemberState, NodeId
from cluster.model.summary import RingTable
from cluster.sim.check.finding import BrokenPromiseError
from cluster.sim.world import LAB

Life = tuple[NodeId, int]
Own = Callable[[NodeId, int], int | None]
"""(name, epoch) -> the incarnation that life itself claims now; None when it does not run."""


class Words:
    """The judge of facts."""

    def __init__(self, own: Own) -> None:
        self._own = own
        self._epochs: dict[NodeId, int] = {}
        self._seqs: dict[Life, int] = {}
        self._incarnations: dict[Life, int] = {}
        self._beliefs: dict[tuple[NodeId, int, NodeId], tuple[int, int, int]] = {}
        self._rings: dict[tuple[tuple[NodeId, ...], int, int], RingTable] = {}
        self.checked = 0

    def hear(self, fact: Fact) -> None:
        """One more fact."""
        if fact.node == LAB:
            return
        self.checked += 1
        payload = fact.payload
        if not isinstance(payload, NodeStarted):
            self._number(fact)
        match payload:
            case NodeStarted():
                self._started(fact)
            case MemberChanged():
                self._believed(fact, payload)
            case PulseReported():
                self._incarnation(fact, payload.incarnation)
            case SuspicionRefuted():
                self._incarnation(fact, payload.incarnation)
            case RingChanged():
                self._ring(fact, payload.ring)
            case _:
                pass

    def _number(self, fact: Fact) -> None:
        life = (fact.node, fact.epoch)
        expected = self._seqs.get(life, 0) + 1
        self._seqs[life] = fact.seq
        if fact.seq != expected:
            raise BrokenPromiseError(
                "facts", f"{fact.node} numbered a fact {fact.seq} where {expected} was next"
            )

    def _started(self, fact: Fact) -> None:
        before = self._epochs.get(fact.node, 0)
        self._epochs[fact.node] = fact.epoch
        self._seqs[fact.node, fact.epoch] = fact.seq
        if fact.epoch <= before:
            raise BrokenPromiseError(
                "epochs",
                f"{fact.node} began a life with boot epoch {fact.epoch} after one with {before}: "
                "the two can be taken for each other",
            )

    def _incarnation(self, fact: Fact, incarnation: int) -> None:
        life = (fact.node, fact.epoch)
        before = self._incarnations.get(life, 0)
        self._incarnations[life] = incarnation
        if incarnation < before:
            raise BrokenPromiseError(
                "incarnations", f"{fact.node} fell from incarnation {before} to {incarnation}"
            )

    def _believed(self, fact: Fact, payload: MemberChanged) -> None:
        claim = payload.claim
        if claim.state is MemberState.DEAD and payload.via == "pushpull":
            raise BrokenPromiseError(
                "membership",
                f"{fact.node} took from {payload.teller}'s push/pull that {claim.name} is dead; "
                "a whole view may be stale and is only reason to suspect",
            )
        key = (fact.node, fact.epoch, claim.name)
        before = self._beliefs.get(key)
        if before is not None and claim.order < before:
            raise BrokenPromiseError(
                "membership",
                f"{fact.node} went back from {before} to {claim.order} in what it holds of "
                f"{claim.name} (epoch, incarnation, state)",
            )
        self._beliefs[key] = claim.order
        own = self._own(claim.name, claim.epoch)
        if own is not None and claim.incarnation > own:
            raise BrokenPromiseError(
                "incarnations",
                f"{fact.node} heard of incarnation {claim.incarnation} of {claim.name}, which "
                f"itself is only at {own}: somebody else raised it",
            )

    def _ring(self, fact: Fact, ring: RingTable) -> None:
        key = (ring.members, ring.partitions, ring.replicas)
        known = self._rings.setdefault(key, ring)
        if known.owners != ring.owners or known.digest != ring.digest:
            raise BrokenPromiseError(
                "ring",
                f"{fact.node} has other owners for the same members: {' '.join(ring.members)}",
            )
