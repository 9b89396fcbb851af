"""How views meet: joining through any seed, periodic push/pull, and the dead tried for ever.

A push/pull carries a whole view both ways. The receiver answers with what it knew *before* it
merges, so that a member that was given up while away learns that the ring went on without it.
There is no rejoin cliff: seeds and every member ever known are tried for as long as this node runs.
"""

from __future__ import annotations

from random import Random

from cluster.config import MembershipConfig
from cluster.model.member import NOBODY, Address, MemberState, NodeId
from cluster.protocol.messages import Gossip, PushPull
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership

UNDEAD_QUIET_US = 200_000
"""Somebody we hold dead is told so at most this often."""


class Introduction:
    """Joins, push/pulls and reconnections of one node."""

    def __init__(
        self, out: Outbox, config: MembershipConfig, members: Membership, rng: Random
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._rng = rng
        self._seeds: list[Address] = []
        self._told: dict[NodeId, int] = {}

    def join(self, seeds: tuple[Address, ...]) -> None:
        """Introduce this node at these addresses, now and until somebody is known there."""
        own = self._members.own.gossip
        for seed in seeds:
            if seed != own and seed not in self._seeds:
                self._seeds.append(seed)
        for seed in self._unmet():
            self._push(NOBODY, seed)

    def greet_all(self) -> None:
        """After a restart: tell every remembered member of the new life, before anything else."""
        for name in self._members.others(MemberState.REMOVED):
            self._push(name, self._members.address(name))

    def _unmet(self) -> list[Address]:
        return [s for s in self._seeds if self._members.name_at(s) is None]

    def _push(self, to: NodeId, address: Address) -> None:
        body = PushPull(self._members.whole_view(), answer=False)
        self._out.send(to, address, "stream", body)

    def push_pull(self) -> None:
        """Exchange views with one random live member; the period grows with the cluster."""
        others = self._members.others(MemberState.ALIVE)
        period = self._config.push_pull_period_us
        if len(others) > 32:
            # memberlist's pushPullScale: one more period per doubling above 32 nodes.
            period *= (len(others) // 32).bit_length() + 1
        jitter = self._rng.randint(0, period // 4)
        self._out.set_timer(("push-pull",), self._out.now + period - period // 8 + jitter)
        if others and not self._members.leaving:
            name = self._rng.choice(others)
            self._push(name, self._members.address(name))

    def reconnect(self) -> None:
        """Try one member believed dead, or a seed not met yet."""
        self._out.set_timer(("reconnect",), self._out.now + self._config.reconnect_period_us)
        if self._members.leaving:
            return
        gone = [
            (name, claim.gossip)
            for name, claim in sorted(self._members.claims.items())
            if claim.state in (MemberState.DEAD, MemberState.REMOVED)
        ]
        gone += [(NOBODY, seed) for seed in self._unmet()]
        if gone:
            name, address = self._rng.choice(gone)
            self._push(name, address)

    def on_push_pull(self, body: PushPull, sender: NodeId, source: Address) -> None:
        """A whole view arrived: answer with ours as it was, then merge theirs."""
        if not body.answer:
            theirs = next((c.gossip for c in body.claims if c.name == sender), source)
            view = PushPull(self._members.whole_view(), answer=True)
            self._out.send(sender, theirs, "stream", view)
        for claim in body.claims:
            via = "gossip" if claim.name == sender else "pushpull"
            self._members.learn(claim, via, sender)

    def undead(self, sender: NodeId, epoch: int) -> None:
        """A member we hold dead speaks: tell it, so that it can refute (foca's TurnUndead)."""
        claim = self._members.claims.get(sender)
        if claim is None or claim.epoch != epoch:
            return
        if claim.state not in (MemberState.SUSPECT, MemberState.DEAD, MemberState.REMOVED):
            return
        last = self._told.get(sender, -UNDEAD_QUIET_US)
        if self._out.now - last >= UNDEAD_QUIET_US:
            self._told[sender] = self._out.now
            self._out.send(sender, claim.gossip, "datagram", Gossip(), claims=(claim,))
