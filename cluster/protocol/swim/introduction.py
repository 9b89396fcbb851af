"""How views meet: joining through any seed, periodic push/pull, and contact with the given-up.

A push/pull carries a whole view both ways. The receiver answers with what it knew *before* it
merges, so that a member that was given up while away learns that the ring went on without it.
A node that hears itself accused answers the teller directly, so that two sides of a healed split
believe in each other after one round trip.

Ignores when the gone are tried again (`protocol.swim.reconnector`).
"""

from __future__ import annotations

from random import Random

from cluster.config import MembershipConfig
from cluster.model.member import NOBODY, Address, MemberState, NodeId
from cluster.protocol.messages import Gossip, PushPull
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership
from cluster.protocol.swim.reconnector import Reconnector

QUIET_US = 200_000
"""Somebody we hold dead is told so, and somebody who accuses us answered, at most this often."""


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
        self._answered: dict[NodeId, int] = {}
        self._reconnector = Reconnector(out, config, members.roster, rng, self._push)
        members.on_accused = self._answer

    def join(self, seeds: tuple[Address, ...]) -> None:
        """Introduce this node at these addresses, now and until somebody is known there."""
        own = self._members.own.gossip
        for seed in seeds:
            if seed != own and seed not in self._seeds:
                self._seeds.append(seed)
        for seed in self._unmet():
            self._push(NOBODY, seed)

    def greet_all(self) -> None:
        """After a restart: tell the remembered members of the new life, before anything else."""
        names = self._members.others(MemberState.REMOVED)
        if len(names) > self._config.greetings_max:
            names = self._rng.sample(names, self._config.greetings_max)
        for name in names:
            self._push(name, self._members.address(name))

    def _unmet(self) -> list[Address]:
        return [s for s in self._seeds if self._members.name_at(s) is None]

    def _push(self, to: NodeId, address: Address) -> None:
        body = PushPull(self._members.whole_view(), answer=False)
        self._out.send(to, address, "stream", body)

    def push_pull(self) -> None:
        """Exchange views with one random live member; the period grows with the cluster."""
        others = self._members.others(MemberState.ALIVE)
        period = self._config.push_pull_us(len(others) + 1)
        jitter = self._rng.randint(0, period // 4)
        self._out.set_timer(("push-pull",), self._out.now + period - period // 8 + jitter)
        if others and not self._members.leaving:
            name = self._rng.choice(others)
            self._push(name, self._members.address(name))

    def reconnect(self) -> None:
        """Try members believed dead, and seeds not met yet, that are due."""
        self._out.set_timer(("reconnect",), self._out.now + self._config.reconnect_period_us)
        if not self._members.leaving:
            self._reconnector.tick(self._unmet())

    def met(self, name: NodeId) -> None:
        """A member is (again) alive."""
        self._reconnector.sign_of_life(self._members.address(name))

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
        self._reconnector.sign_of_life(claim.gossip)
        if self._not_lately(self._told, sender):
            self._out.send(sender, claim.gossip, "datagram", Gossip(), claims=(claim,))

    def _answer(self, teller: NodeId) -> None:
        """Somebody repeats something of this node that is not true: say what is."""
        claim = self._members.claims.get(teller)
        if claim is not None and self._not_lately(self._answered, teller):
            own = self._members.own
            self._out.send(teller, claim.gossip, "datagram", Gossip(), claims=(own,))

    def _not_lately(self, done: dict[NodeId, int], name: NodeId) -> bool:
        """Whether this has not been done in the last moment; it counts as done now."""
        if self._out.now - done.get(name, -QUIET_US) < QUIET_US:
            return False
        done[name] = self._out.now
        return True
