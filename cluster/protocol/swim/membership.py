"""What this node believes of every member, and how those beliefs change.

SWIM (Das, Gupta, Motivala 2002). Rules of this file: every change of belief goes through `_apply`;
only the accused raises its own incarnation; "dead" learned from a push/pull is only "suspect"
(memberlist: a stale peer must not kill a live node); a closed or refused connection is never a
verdict; dead is not departure (DESIGN 4): a member leaves the ring only by its own farewell or
when a node that still sees a majority gives it up.

Ignores who is probed and when (`protocol.swim.prober`), how long a suspicion lasts
(`protocol.swim.suspicion`) and what owners follow (`protocol.quorum.placement`).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from cluster.config import EPOCH_AHEAD_MS_MAX, MS, SECOND, MembershipConfig
from cluster.model.facts import MemberChanged, SuspicionRefuted, Via
from cluster.model.member import NOBODY, Address, Claim, MemberState, NodeId
from cluster.model.summary import Fate
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.flaps import Flaps
from cluster.protocol.swim.health import Health
from cluster.protocol.swim.roster import Roster
from cluster.protocol.swim.rumours import Rumours
from cluster.protocol.swim.suspicion import Suspicions

MEMBERS_MAX = 4_096
"""Members a node will know of, dead ones included."""


class Membership:
    """The beliefs of one node."""

    def __init__(
        self, out: Outbox, config: MembershipConfig, gossip: Address, window: Address
    ) -> None:
        self._out = out
        self._config = config
        self.me = out.name
        self.leaving = False
        self.rumours = Rumours(config.retransmit_mult)
        own = Claim(out.name, out.epoch, 0, MemberState.ALIVE, gossip, window)
        self.roster = Roster(own)
        self.claims = self.roster.claims
        """Read it; every change goes through this machine."""
        self.health = Health(out, config)
        self.suspicions = Suspicions(out, config, self.roster)
        self._flaps = Flaps(out, config)
        self.since: dict[NodeId, int] = {out.name: 0}
        self.last_heard: dict[NodeId, int] = {}
        self._round_trips: dict[NodeId, int] = {}
        self._removed_as = (0, 0, 0)
        """The latest claim by which others went on without this node: it is told many times."""
        self.on_ring_changed: Callable[[], None] = lambda: None
        """Called when the set of ring members may have changed."""
        self.on_alive: Callable[[NodeId], None] = lambda _name: None
        """Called when a member is (again) alive, or has begun a new life."""
        self.on_removed: Callable[[], None] = lambda: None
        """Called when this node learns that the ring went on without it."""
        self.on_accused: Callable[[NodeId], None] = lambda _teller: None
        """Called with who repeats something of this node that is not, or no longer, true."""

    # --- what others may ask ------------------------------------------------------------------

    @property
    def own(self) -> Claim:
        """What this node says of itself."""
        return self.claims[self.me]

    @property
    def version(self) -> int:
        """Rises with every change of belief: what was derived from them may be kept till then."""
        return self.roster.version

    def state(self, name: NodeId) -> MemberState | None:
        """The state believed of a member, None if it was never heard of."""
        claim = self.claims.get(name)
        return claim.state if claim is not None else None

    def alive(self, name: NodeId) -> bool:
        """Whether the member is believed alive (a suspect is not)."""
        claim = self.claims.get(name)
        return claim is not None and claim.state is MemberState.ALIVE

    def others(self, worst: MemberState) -> tuple[NodeId, ...]:
        """Other members whose state is no worse than `worst`, sorted."""
        return self.roster.others(worst)

    def ring_members(self) -> tuple[NodeId, ...]:
        """Exactly those neither left, removed nor draining, sorted."""
        return self.roster.ring_members()

    def address(self, name: NodeId) -> Address:
        """Where a member listens."""
        return self.claims[name].gossip

    def name_at(self, address: Address) -> NodeId | None:
        """Who listens there, as far as known."""
        return self.roster.name_at(address)

    def digest(self) -> str:
        """Equal digests mean equal beliefs about everybody."""
        return self.roster.digest()

    def fates(self) -> tuple[Fate, ...]:
        """All beliefs, for a snapshot."""
        return tuple(
            Fate(c, self.since.get(c.name, 0), self.last_heard.get(c.name, 0))
            for c in self.roster.whole()
        )

    def whole_view(self) -> tuple[Claim, ...]:
        """All claims, for a push/pull."""
        return self.roster.whole()

    def answered(self, name: NodeId, took_us: int) -> None:
        """A member answered our own ping itself."""
        self._round_trips[name] = took_us

    def take_round_trips(self) -> dict[NodeId, int]:
        """How long each member that was probed since the last call took; at most one a probe."""
        taken, self._round_trips = self._round_trips, {}
        return taken

    # --- claims arriving ----------------------------------------------------------------------

    def hear(self, name: NodeId, epoch: int) -> None:
        """A packet came directly from this life of a member."""
        claim = self.claims.get(name)
        if claim is not None and claim.epoch == epoch:
            self.last_heard[name] = self._out.now
            self.suspicions.heard(name)

    def learn(self, claim: Claim, via: Via, teller: NodeId) -> None:
        """Take a claim from somebody, if it is news and could be true."""
        old = self.claims.get(claim.name)
        if old is claim or (old == claim and claim.state is MemberState.ALIVE):
            return  # as nearly all of a push/pull: whole views meet, and little has changed
        if claim.name == self.me:
            self._learn_of_self(claim, teller)
        elif old is None:
            self._meet(claim, via, teller)
        else:
            if via == "pushpull" and claim.state is MemberState.DEAD:
                claim = replace(claim, state=MemberState.SUSPECT)
            order, known = claim.order, old.order
            if order > known:
                if not self._from_the_future(claim):
                    self._apply(claim, via, teller)
            elif order == known and claim.state is MemberState.SUSPECT and claim.accuser:
                self._confirm(claim)

    def _meet(self, claim: Claim, via: Via, teller: NodeId) -> None:
        if self._from_the_future(claim) or len(self.claims) >= MEMBERS_MAX:
            return
        if via == "pushpull" and claim.state is MemberState.DEAD:
            claim = replace(claim, state=MemberState.SUSPECT)
        self._apply(claim, via, teller)

    def _from_the_future(self, claim: Claim) -> bool:
        return claim.epoch > self._out.now // MS + EPOCH_AHEAD_MS_MAX

    def _learn_of_self(self, claim: Claim, teller: NodeId) -> None:
        own = self.own
        if claim.epoch > own.epoch:
            if not self._from_the_future(claim):
                self._out.halt(
                    f"another process now runs as {self.me} (a later boot was heard of); "
                    "stop it, start this one under another name, or, if its disk is new, see that "
                    "the computer's clock was not set back",
                    failed=True,
                )
            return
        removed = claim.state is MemberState.REMOVED and claim.order > self._removed_as
        if removed and own.state is MemberState.ALIVE:
            self._removed_as = claim.order
            self.on_removed()
        if claim.epoch < own.epoch:
            if claim.state is not MemberState.LEFT:
                self.rumours.add(own)
                self.on_accused(teller)
            return
        if self.leaving:
            return
        if claim.order > own.order:
            raised = replace(own, incarnation=claim.incarnation + 1)
            self._out.emit(SuspicionRefuted(raised.incarnation, claim.state, claim.accuser))
            self._set(raised)
            self.rumours.add(raised)
            self.health.change(+1, "refuted")
            self.on_accused(teller)
        elif claim.state is not MemberState.ALIVE:
            self.on_accused(teller)

    def _apply(self, claim: Claim, via: Via, teller: NodeId) -> None:
        old = self.claims.get(claim.name)
        self._set(claim)
        self._out.emit(MemberChanged(claim, old.state if old else None, via, teller))
        self.rumours.add(claim)
        if old is None or claim.epoch > old.epoch:
            self.suspicions.heard(claim.name)
        if claim.state is MemberState.SUSPECT:
            self.suspicions.open(claim)
        else:
            self.suspicions.close(claim.name)
        evict = ("evict", claim.name)
        if claim.state is MemberState.DEAD:
            self._out.set_timer(evict, self._out.now + self._config.evict_after_us)
        elif old is not None and old.state is MemberState.DEAD:
            self._out.cancel_timer(evict)
        if old is None or old.on_ring != claim.on_ring:
            self.on_ring_changed()
        if claim.state is MemberState.ALIVE:
            if old is not None and MemberState.ALIVE < old.state < MemberState.LEFT:
                self._flaps.returned(claim.name)
            self.on_alive(claim.name)

    def _set(self, claim: Claim) -> None:
        old = self.claims.get(claim.name)
        if old is None or old.state != claim.state or old.epoch != claim.epoch:
            self.since[claim.name] = self._out.now
        self.roster.put(claim)

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

    def _confirm(self, claim: Claim) -> None:
        if self.suspicions.confirm(claim):
            self.rumours.add(claim)

    def suspicion_expired(self, name: NodeId, late_us: int) -> None:
        """A suspect had its time: declare it dead, unless it was we who slept."""
        claim = self.claims.get(name)
        if claim is None or claim.state is not MemberState.SUSPECT:
            return
        if late_us > self._config.stall_us:
            self.suspicions.extend(name, 2 * self._config.probe_period_us)
            return
        dead = replace(claim, state=MemberState.DEAD, accuser=self.me)
        self._out.because(self.suspicions.told(name))
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

    def drain(self, *, on: bool) -> None:
        """Give up this node's places on the ring, or take places again."""
        own = self.own
        changed = replace(own, incarnation=own.incarnation + 1, draining=on)
        self._set(changed)
        self._out.emit(MemberChanged(changed, MemberState.ALIVE, "operator", self.me))
        self.rumours.add(changed)
        self.on_ring_changed()

    def leave(self, *, drained: bool = False) -> None:
        """Say farewell: this node's claim of itself becomes "left".

        `drained`: nothing it holds is needed, and it will return with an empty disk if at all.
        """
        self.leaving = True
        left = replace(self.own, state=MemberState.LEFT, draining=drained)
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
