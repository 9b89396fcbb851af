"""What this node believes of every member, and how those beliefs change.

SWIM (Das, Gupta, Motivala 2002) with the parts of Lifeguard that decide how long a suspicion
lasts. Rules of this file: every change of belief goes through `_apply`; only the accused raises
its own incarnation; "dead" learned from a push/pull is only "suspect" (memberlist: a stale peer
must not kill a live node); a closed or refused connection shortens a suspicion but is never a
verdict; dead is not departure (DESIGN 4): a member leaves the ring only by its own farewell or
when a node that still sees a majority gives it up.

Ignores who is probed and when (`protocol.swim.prober`) and what owners follow (`protocol.quorum.placement`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from math import log

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import SECOND, MembershipConfig
from cluster.model.facts import (
    Evidence,
    MemberChanged,
    SuspicionConfirmed,
    SuspicionRaised,
    SuspicionRefuted,
    Via,
)
from cluster.model.member import NOBODY, Address, Claim, MemberState, NodeId, on_ring, supersedes
from cluster.model.summary import Fate
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.rumours import Rumours

REFUSED_FRESH_US = 3 * SECOND
"""A refused connection counts as evidence for this long."""

EPOCH_AHEAD_S_MAX = 7 * 86_400
"""Epochs are Unix seconds at boot: one further in the future is nonsense, and is not followed."""
MEMBERS_MAX = 4_096
"""Members a node will know of, dead ones included."""


class Suspicion(Struct):
    """A running suspicion of one incarnation."""

    started: int
    accusers: set[NodeId]
    evidence: Evidence
    deadline: int


class Membership:
    """The member table of one node."""

    def __init__(
        self, out: Outbox, config: MembershipConfig, gossip: Address, window: Address
    ) -> None:
        self._out = out
        self._config = config
        self.me = out.name
        self.leaving = False
        self.rumours = Rumours(config.retransmit_mult)
        own = Claim(out.name, out.epoch, 0, MemberState.ALIVE, gossip, window)
        self.claims: dict[NodeId, Claim] = {out.name: own}
        self.since: dict[NodeId, int] = {out.name: 0}
        self.last_heard: dict[NodeId, int] = {}
        self._names: dict[Address, NodeId] = {gossip: out.name}
        self._suspicions: dict[NodeId, Suspicion] = {}
        self._refused: dict[NodeId, int] = {}
        self._digest = ""
        self.version = 0
        """Rises with every change of belief: what was derived from beliefs may be kept till then."""
        self.on_ring_changed: Callable[[], None] = lambda: None
        """Called when the set of ring members may have changed."""
        self.on_alive: Callable[[NodeId], None] = lambda _name: None
        """Called when a member is (again) alive, or has begun a new life."""
        self.on_removed: Callable[[], None] = lambda: None
        """Called when this node learns that the ring went on without it."""

    # --- what others may ask ------------------------------------------------------------------

    @property
    def own(self) -> Claim:
        """What this node says of itself."""
        return self.claims[self.me]

    def state(self, name: NodeId) -> MemberState | None:
        """The state believed of a member, None if it was never heard of."""
        claim = self.claims.get(name)
        return claim.state if claim is not None else None

    def alive(self, name: NodeId) -> bool:
        """Whether the member is believed alive (a suspect is not)."""
        return self.state(name) is MemberState.ALIVE

    def others(self, worst: MemberState) -> list[NodeId]:
        """Other members whose state is no worse than `worst`, sorted."""
        return sorted(n for n, c in self.claims.items() if c.state <= worst and n != self.me)

    def ring_members(self) -> tuple[NodeId, ...]:
        """Exactly those neither left nor removed, sorted."""
        return tuple(sorted(n for n, c in self.claims.items() if on_ring(c.state)))

    def address(self, name: NodeId) -> Address:
        """Where a member listens."""
        return self.claims[name].gossip

    def name_at(self, address: Address) -> NodeId | None:
        """Who listens there, as far as known."""
        return self._names.get(address)

    def digest(self) -> str:
        """Equal digests mean equal beliefs about everybody."""
        if not self._digest:
            rows = sorted((n, c.epoch, c.incarnation, c.state) for n, c in self.claims.items())
            self._digest = hashlib.blake2b(repr(rows).encode(), digest_size=4).hexdigest()
        return self._digest

    def fates(self) -> tuple[Fate, ...]:
        """All beliefs, for a snapshot."""
        return tuple(
            Fate(c, self.since.get(n, 0), self.last_heard.get(n, 0))
            for n, c in sorted(self.claims.items())
        )

    def whole_view(self) -> tuple[Claim, ...]:
        """All claims, for a push/pull."""
        return tuple(c for _, c in sorted(self.claims.items()))

    # --- claims arriving ----------------------------------------------------------------------

    def hear(self, name: NodeId, epoch: int) -> None:
        """A packet came directly from this life of a member."""
        claim = self.claims.get(name)
        if claim is not None and claim.epoch == epoch:
            self.last_heard[name] = self._out.now
            if self._refused:
                self._refused.pop(name, None)

    def learn(self, claim: Claim, via: Via, teller: NodeId) -> None:
        """Take a claim from somebody, if it is news and could be true."""
        if claim.epoch > self._out.now // SECOND + EPOCH_AHEAD_S_MAX:
            return
        if claim.name not in self.claims and len(self.claims) >= MEMBERS_MAX:
            return
        if claim.name == self.me:
            self._learn_of_self(claim)
            return
        old = self.claims.get(claim.name)
        if via == "pushpull" and claim.state is MemberState.DEAD:
            claim = replace(claim, state=MemberState.SUSPECT)
        if supersedes(claim, old):
            self._apply(claim, via, teller)
        elif (
            old is not None
            and claim.order == old.order
            and claim.state is MemberState.SUSPECT
            and claim.accuser
        ):
            self._confirm(claim)

    def _learn_of_self(self, claim: Claim) -> None:
        own = self.own
        if claim.epoch > own.epoch:
            self._out.halt(
                f"another process now runs as {self.me} (a later boot was heard of); "
                "stop it or start this one under another name",
                failed=True,
            )
            return
        if claim.state is MemberState.REMOVED and own.state is MemberState.ALIVE:
            self.on_removed()
        if claim.epoch < own.epoch:
            if claim.state is not MemberState.LEFT:
                self.rumours.add(own)
            return
        if claim.order <= own.order or self.leaving:
            return
        raised = replace(own, incarnation=claim.incarnation + 1)
        self._out.emit(SuspicionRefuted(raised.incarnation, claim.state, claim.accuser))
        self._set(raised)
        self.rumours.add(raised)

    def _apply(self, claim: Claim, via: Via, teller: NodeId) -> None:
        old = self.claims.get(claim.name)
        self._set(claim)
        self._out.emit(MemberChanged(claim, old.state if old else None, via, teller))
        self.rumours.add(claim)
        if old is None or claim.epoch > old.epoch:
            self._refused.pop(claim.name, None)
        if claim.state is MemberState.SUSPECT:
            self._open(claim)
        else:
            self._close(claim.name)
        evict = ("evict", claim.name)
        if claim.state is MemberState.DEAD:
            self._out.set_timer(evict, self._out.now + self._config.evict_after_us)
        elif old is not None and old.state is MemberState.DEAD:
            self._out.cancel_timer(evict)
        if old is None or on_ring(old.state) != on_ring(claim.state):
            self.on_ring_changed()
        if claim.state is MemberState.ALIVE:
            self.on_alive(claim.name)

    def _set(self, claim: Claim) -> None:
        old = self.claims.get(claim.name)
        if old is None or old.state != claim.state or old.epoch != claim.epoch:
            self.since[claim.name] = self._out.now
        if old is not None and old.gossip != claim.gossip:
            self._names.pop(old.gossip, None)
        self._names[claim.gossip] = claim.name
        self.claims[claim.name] = claim
        self._digest = ""
        self.version += 1

    # --- suspicion ----------------------------------------------------------------------------

    def suspect(self, name: NodeId) -> None:
        """Our own probe of this member failed."""
        claim = self.claims.get(name)
        if claim is None:
            return
        if claim.state is MemberState.ALIVE:
            accused = replace(claim, state=MemberState.SUSPECT, accuser=self.me)
            self._apply(accused, "probe", self.me)
        elif claim.state is MemberState.SUSPECT:
            self._confirm(replace(claim, accuser=self.me))

    def refused(self, name: NodeId) -> None:
        """The member's own kernel says that nothing listens at its address."""
        self._refused[name] = self._out.now
        suspicion = self._suspicions.get(name)
        if suspicion is not None and suspicion.evidence == "silent":
            suspicion.evidence = "refused"
            self._rearm(name, suspicion)

    def _open(self, claim: Claim) -> None:
        now = self._out.now
        refused_at = self._refused.get(claim.name)
        fresh = refused_at is not None and now - refused_at <= REFUSED_FRESH_US
        accusers = {claim.accuser} if claim.accuser else set[NodeId]()
        suspicion = Suspicion(now, accusers, "refused" if fresh else "silent", 0)
        suspicion.deadline = now + self._patience(suspicion)
        self._suspicions[claim.name] = suspicion
        self._out.emit(
            SuspicionRaised(
                claim.name,
                claim.epoch,
                claim.incarnation,
                claim.accuser,
                suspicion.evidence,
                suspicion.deadline,
            )
        )
        self._out.set_timer(("suspect", claim.name), suspicion.deadline)

    def _close(self, name: NodeId) -> None:
        if self._suspicions.pop(name, None) is not None:
            self._out.cancel_timer(("suspect", name))

    def _confirm(self, claim: Claim) -> None:
        suspicion = self._suspicions.get(claim.name)
        if suspicion is None or claim.accuser in suspicion.accusers:
            return
        if len(suspicion.accusers) > self._config.suspicion_confirmations:
            return
        suspicion.accusers.add(claim.accuser)
        self.rumours.add(claim)
        self._rearm(claim.name, suspicion)
        self._out.emit(
            SuspicionConfirmed(
                claim.name, claim.accuser, len(suspicion.accusers) - 1, suspicion.deadline
            )
        )

    def _rearm(self, name: NodeId, suspicion: Suspicion) -> None:
        deadline = suspicion.started + self._patience(suspicion)
        suspicion.deadline = max(self._out.now, min(suspicion.deadline, deadline))
        self._out.set_timer(("suspect", name), suspicion.deadline)

    def _patience(self, suspicion: Suspicion) -> int:
        """How long to wait: falls from max to min as others confirm (Lifeguard, section 4.2).

        `max - (max - min) * log(C + 1) / log(K + 1)`, as in memberlist's suspicion.go. With fewer
        than K others to ask, the number that exists is enough.
        """
        config = self._config
        if suspicion.evidence == "refused":
            return config.crash_suspicion_us
        others = len(self.others(MemberState.ALIVE))
        k = min(config.suspicion_confirmations, others)
        if k < 1:
            return config.suspicion_min_us
        confirmed = max(0, len(suspicion.accusers) - 1)
        share = min(1.0, log(confirmed + 1) / log(k + 1))
        span = config.suspicion_max_us - config.suspicion_min_us
        return config.suspicion_max_us - int(span * share)

    def suspicion_expired(self, name: NodeId, late_us: int) -> None:
        """A suspect had its time: declare it dead, unless it was we who slept."""
        claim = self.claims.get(name)
        suspicion = self._suspicions.get(name)
        if claim is None or suspicion is None or claim.state is not MemberState.SUSPECT:
            return
        if late_us > self._config.stall_us:
            suspicion.deadline = self._out.now + 2 * self._config.probe_period_us
            self._out.set_timer(("suspect", name), suspicion.deadline)
            return
        dead = replace(claim, state=MemberState.DEAD, accuser=self.me)
        self._apply(dead, "timer", self.me)

    # --- departure ----------------------------------------------------------------------------

    def evict(self, name: NodeId) -> None:
        """A dead member had its time: remove it from the ring if a majority is on our side."""
        claim = self.claims.get(name)
        if claim is None or claim.state is not MemberState.DEAD or self.leaving:
            return
        ring = self.ring_members()
        alive = sum(1 for member in ring if self.alive(member))
        if 2 * alive > len(ring):
            removed = replace(claim, state=MemberState.REMOVED, accuser=self.me)
            self._apply(removed, "timer", self.me)
        else:
            self._out.set_timer(("evict", name), self._out.now + SECOND)

    def leave(self) -> None:
        """Say farewell: this node's claim of itself becomes "left"."""
        self.leaving = True
        left = replace(self.own, state=MemberState.LEFT)
        self._set(left)
        self._out.emit(MemberChanged(left, MemberState.ALIVE, "operator", self.me))
        self.rumours.add(left)

    def restore(self, claims: tuple[Claim, ...]) -> None:
        """Take the members remembered from an earlier life as a first, unproven view.

        Memory is a list of addresses to try and a ring to keep, not evidence: whoever was alive
        or suspect then is taken as alive and will be probed.
        """
        for claim in claims:
            if claim.name == self.me or claim.name in self.claims:
                continue
            if claim.state is MemberState.SUSPECT:
                claim = replace(claim, state=MemberState.ALIVE, accuser=NOBODY)
            self._set(claim)
            self._out.emit(MemberChanged(claim, None, "boot", self.me))
            if claim.state is MemberState.DEAD:
                self._out.set_timer(
                    ("evict", claim.name), self._out.now + self._config.evict_after_us
                )
