"""Who is probed, when, and who is asked to help (SWIM 3.1, 4.3).

One member a period, in a shuffled round so that each is probed within a bounded time; a newcomer
enters at a random place. A ping that stays unanswered is retried through others; a period that
ends without any answer is reported to `Membership.suspect`. A ping to a suspect carries the
suspicion (Lifeguard's buddy system), so that the accused hears of it first. Evidence from a lost
connection starts a probe at once, outside the round.

If we ourselves did not run for a while, the answers may lie unread: such probes prove nothing.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct

from cluster.config import MembershipConfig
from cluster.model.facts import ProbeMissed
from cluster.model.member import Address, MemberState, NodeId
from cluster.protocol.messages import Ack, Gossip, Ping, PingReq
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership

PACKET_ROOM = 1_150
"""Bytes of a 1,400-byte packet left for rumours after the longest probe and the envelope."""
PROXIED_MAX = 256
"""Pings sent on others' behalf that are remembered at once."""


class Probe(Struct):
    """One running probe."""

    number: int
    target: NodeId
    epoch: int
    started: int


class Prober:
    """The failure detector of one node."""

    def __init__(
        self, out: Outbox, config: MembershipConfig, members: Membership, rng: Random
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._rng = rng
        self._round: list[NodeId] = []
        self._number = 0
        self._probes: dict[int, Probe] = {}
        self._proxied: dict[int, tuple[NodeId, int]] = {}

    def tick(self) -> None:
        """A period began: probe the next member of the round."""
        self._out.set_timer(("probe",), self._out.now + self._config.probe_period_us)
        if self._members.leaving:
            return
        known = self._members.others(MemberState.SUSPECT)
        if not known:
            return
        present = set(known)
        self._round = [name for name in self._round if name in present]
        if not self._round:
            self._round = known
            self._rng.shuffle(self._round)
        self.probe(self._round.pop())

    def newcomer(self, name: NodeId) -> None:
        """A member joined: it enters the current round at a random place."""
        if name not in self._round:
            self._round.insert(self._rng.randint(0, len(self._round)), name)

    def probe(self, target: NodeId) -> None:
        """Probe one member now, unless a probe of it is already running."""
        claim = self._members.claims.get(target)
        if claim is None or any(p.target == target for p in self._probes.values()):
            return
        self._number += 1
        probe = Probe(self._number, target, claim.epoch, self._out.now)
        self._probes[probe.number] = probe
        self._ping(probe.number, target, claim.gossip)
        key = str(probe.number)
        self._out.set_timer(("ping", key), self._out.now + self._config.probe_timeout_us)
        self._out.set_timer(("probed", key), self._out.now + self._config.probe_period_us)

    def _ping(self, number: int, target: NodeId, address: Address) -> None:
        claim = self._members.claims.get(target)
        accused = claim is not None and claim.state is not MemberState.ALIVE
        claims = (claim,) if claim is not None and accused else ()
        self._out.send(
            target, address, "datagram", Ping(number, target), claims=claims, room=PACKET_ROOM
        )

    # --- what comes back ----------------------------------------------------------------------

    def on_ping(self, ping: Ping, sender: NodeId, source: Address) -> None:
        """Answer, if it is for us (another node may have had our address before)."""
        if ping.target == self._members.me:
            self._out.send(
                sender, source, "datagram", Ack(ping.number, ping.target), room=PACKET_ROOM
            )

    def on_ping_req(self, request: PingReq, sender: NodeId) -> None:
        """Try a member that another node cannot reach."""
        if len(self._proxied) >= PROXIED_MAX:
            self._proxied.pop(next(iter(self._proxied)))
        self._number += 1
        self._proxied[self._number] = (sender, request.number)
        self._ping(self._number, request.target, request.address)

    def on_ack(self, ack: Ack, sender: NodeId) -> None:
        """A probed member answered, directly or through a proxy."""
        asked = self._proxied.pop(ack.number, None)
        if asked is not None:
            asker, number = asked
            if asker in self._members.claims:
                address = self._members.address(asker)
                relay = Ack(number, ack.target)
                self._out.send(asker, address, "datagram", relay, about=ack.target)
            return
        probe = self._probes.get(ack.number)
        if probe is None or probe.target != ack.target:
            return
        del self._probes[ack.number]
        self._out.cancel_timer(("ping", str(ack.number)))
        self._out.cancel_timer(("probed", str(ack.number)))
        if sender != ack.target:
            self._members.hear(ack.target, probe.epoch)

    def ping_timed_out(self, number: int, late_us: int) -> None:
        """No direct answer: ask k others to try (SWIM's ping-req)."""
        probe = self._probes.get(number)
        if probe is None or late_us > self._config.stall_us:
            return
        claim = self._members.claims[probe.target]
        helpers = [n for n in self._members.others(MemberState.ALIVE) if n != probe.target]
        count = min(self._config.indirect_probes, len(helpers))
        asked = tuple(self._rng.sample(helpers, count))
        self._out.emit(ProbeMissed(probe.target, self._out.now - probe.started, asked))
        for helper in asked:
            self._out.send(
                helper,
                self._members.address(helper),
                "datagram",
                PingReq(number, probe.target, claim.gossip),
                about=probe.target,
                room=PACKET_ROOM,
            )

    def probe_ended(self, number: int, late_us: int) -> None:
        """The period is over without an answer: that is evidence, if we ourselves were awake."""
        probe = self._probes.pop(number, None)
        if probe is None:
            return
        claim = self._members.claims.get(probe.target)
        if claim is None or claim.epoch != probe.epoch:
            return
        if late_us > self._config.stall_us:
            self.probe(probe.target)
            return
        self._members.suspect(probe.target)

    # --- gossip -------------------------------------------------------------------------------

    def gossip(self) -> None:
        """Rumours that found no probe to ride on leave on their own."""
        self._out.set_timer(("gossip",), self._out.now + self._config.gossip_period_us)
        if len(self._members.rumours) == 0:
            return
        targets = self._members.others(MemberState.SUSPECT)
        fanout = min(self._config.gossip_fanout, len(targets))
        for target in self._rng.sample(targets, fanout):
            if len(self._members.rumours) == 0:
                return
            self.tell(target)

    def tell(self, target: NodeId) -> None:
        """One gossip packet to one member."""
        address = self._members.address(target)
        self._out.send(target, address, "datagram", Gossip(), room=PACKET_ROOM)
