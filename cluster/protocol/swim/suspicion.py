"""How long a suspect has to answer, and who has doubted it so far.

Lifeguard's dynamic suspicion (Dadgar et al. 2018, section 4.2): a suspicion that only we hold is
given `suspicion_max_us`; each other accuser brings it nearer to `suspicion_min_us`, because a
healthy node is rarely the only one that sees a death. Both grow with the logarithm of the cluster,
as gossip does (memberlist, util.go suspicionTimeout). A refused connection is testimony of the
suspect's own kernel and shortens the wait, but does not end it.

Ignores what follows from a suspicion's end (`protocol.swim.membership`).
"""

from __future__ import annotations

from math import log, log10

from msgspec import Struct

from cluster.config import SECOND, MembershipConfig
from cluster.model.facts import Evidence, FactId, SuspicionConfirmed, SuspicionRaised
from cluster.model.member import Claim, MemberState, NodeId
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.roster import Roster

REFUSED_FRESH_US = 3 * SECOND
"""A refused connection counts as evidence for this long."""


def patience_us(
    config: MembershipConfig, evidence: Evidence, confirmed: int, others: int, members: int
) -> int:
    """How long a suspect may stay silent, from the first accusation on.

    `max - (max - min) * log(C + 1) / log(K + 1)`, as in memberlist's suspicion.go, where C is
    `confirmed` and K the configured number or, if fewer, the `others` who could confirm. Times
    max(1, log10 `members`).
    """
    grown = max(1.0, log10(max(1, members)))
    if evidence == "refused":
        return int(config.crash_suspicion_us * grown)
    k = min(config.suspicion_confirmations, others)
    if k < 1 or config.suspicion == "fixed":
        return int(config.suspicion_min_us * grown)
    share = min(1.0, log(confirmed + 1) / log(k + 1))
    span = config.suspicion_max_us - config.suspicion_min_us
    return int((config.suspicion_max_us - int(span * share)) * grown)


class _Running(Struct):
    """A running suspicion of one incarnation."""

    started: int
    accusers: set[NodeId]
    evidence: Evidence
    deadline: int
    told: tuple[FactId, ...] = ()
    """The fact that said so."""


class Suspicions:
    """The running suspicions of one node."""

    def __init__(self, out: Outbox, config: MembershipConfig, roster: Roster) -> None:
        self._out = out
        self._config = config
        self._roster = roster
        self._running: dict[NodeId, _Running] = {}
        self._refused: dict[NodeId, int] = {}

    def open(self, claim: Claim) -> None:
        """This member is suspected from now on, in this incarnation."""
        now = self._out.now
        accusers = {claim.accuser} if claim.accuser else set[NodeId]()
        evidence: Evidence = "refused" if self.testified(claim.name) else "silent"
        running = _Running(now, accusers, evidence, 0)
        running.deadline = now + self._patience(running)
        self._running[claim.name] = running
        raised = self._out.emit(
            SuspicionRaised(
                claim.name,
                claim.epoch,
                claim.incarnation,
                claim.accuser,
                running.evidence,
                running.deadline,
            )
        )
        running.told = (raised.id,)
        self._out.set_timer(("suspect", claim.name), running.deadline)

    def told(self, name: NodeId) -> tuple[FactId, ...]:
        """The fact with which a running suspicion began; none when there is none."""
        running = self._running.get(name)
        return running.told if running is not None else ()

    def close(self, name: NodeId) -> None:
        """It is suspected no more, whichever way that ended."""
        if self._running.pop(name, None) is not None:
            self._out.cancel_timer(("suspect", name))

    def confirm(self, claim: Claim) -> bool:
        """Another accuser of the same incarnation; whether that is worth passing on."""
        running = self._running.get(claim.name)
        if running is None or self._config.suspicion == "fixed":
            return False
        if claim.accuser in running.accusers:
            return False
        if len(running.accusers) > self._config.suspicion_confirmations:
            return False
        running.accusers.add(claim.accuser)
        self._rearm(claim.name, running)
        self._out.emit(
            SuspicionConfirmed(
                claim.name, claim.accuser, len(running.accusers) - 1, running.deadline
            )
        )
        return True

    def extend(self, name: NodeId, us: int) -> None:
        """Give a suspect more time: it was we who slept."""
        running = self._running.get(name)
        if running is not None:
            running.deadline = self._out.now + us
            self._out.set_timer(("suspect", name), running.deadline)

    def _rearm(self, name: NodeId, running: _Running) -> None:
        deadline = running.started + self._patience(running)
        running.deadline = max(self._out.now, min(running.deadline, deadline))
        self._out.set_timer(("suspect", name), running.deadline)

    def _patience(self, running: _Running) -> int:
        return patience_us(
            self._config,
            running.evidence,
            max(0, len(running.accusers) - 1),
            len(self._roster.others(MemberState.ALIVE)),
            len(self._roster.ring_members()),
        )

    # --- what a kernel says -------------------------------------------------------------------

    def refused(self, name: NodeId) -> None:
        """The member's own kernel says that nothing listens at its address."""
        self._refused[name] = self._out.now
        running = self._running.get(name)
        if running is not None and running.evidence == "silent":
            running.evidence = "refused"
            self._rearm(name, running)

    def testified(self, name: NodeId) -> bool:
        """Whether its kernel refused a connection a moment ago, and nothing was heard since."""
        at = self._refused.get(name)
        return at is not None and self._out.now - at <= REFUSED_FRESH_US

    def heard(self, name: NodeId) -> None:
        """It spoke, or began a new life: a refusal from before says nothing any more."""
        if self._refused:
            self._refused.pop(name, None)
