"""Who is probed, when, and who is asked to help (SWIM 3.1, 4.3).

One member a period, in a shuffled round so that each is probed within a bounded time; a newcomer
enters at a random place. A ping that stays unanswered is retried through others; a period that
ends without any answer is reported to `Membership.suspect`. A ping to a suspect carries the
suspicion (Lifeguard's buddy system), so that the accused hears of it first. Helpers that get no
answer either say so (nacks): who hears neither doubts itself (`protocol.swim.health`). Evidence
from a lost connection starts a probe at once, outside the round.

If we ourselves did not run for a while, the answers may lie unread: such probes prove nothing.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct, field

from cluster.config import MembershipConfig
from cluster.model.facts import FactId, ProbeMissed
from cluster.model.member import Address, MemberState, NodeId
from cluster.protocol.messages import Ack, Gossip, Nack, Ping, PingReq
from cluster.protocol.outbox import Outbox
from cluster.protocol.swim.membership import Membership

PACKET_ROOM = 1_150
"""Bytes of a 1,400-byte packet left for rumours after the longest probe and the envelope."""
ERRANDS_MAX = 256
"""Pings sent on others' behalf that are remembered at once."""


class Probe(Struct):
    """One running probe."""

    number: int
    target: NodeId
    epoch: int
    started: int
    told: tuple[FactId, ...] = ()
    """The last fact told of it: the ping, then that nobody answered."""
    asked: int = 0
    """Helpers that owe an ack or a nack."""
    nacked: set[NodeId] = field(default_factory=set[NodeId])
    """Those that sent a nack."""


class Errand(Struct):
    """A ping sent for another node."""

    asker: NodeId
    number: int
    """The asker's own."""
    target: NodeId


class Prober:
    """The failure detector of one node."""

    def __init__(
        self, out: Outbox, config: MembershipConfig, members: Membership, rng: Random
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._health = members.health
        self._rng = rng
        self._round: list[NodeId] = []
        self._in_round: set[NodeId] = set()
        self._number = 0
        self._probes: dict[int, Probe] = {}
        self._running: dict[NodeId, int] = {}
        """Which probe of a member is running."""
        self._errands: dict[int, Errand] = {}

    def tick(self) -> None:
        """A period began: probe the next member of the round."""
        self._out.set_timer(("probe",), self._out.now + self._health.probe_period_us)
        if self._members.leaving:
            return
        target = self._next()
        if target is not None:
            self.probe(target)

    def _next(self) -> NodeId | None:
        while self._round:
            name = self._round.pop()
            self._in_round.discard(name)
            state = self._members.state(name)
            if state is not None and state <= MemberState.SUSPECT:
                return name
        self._round = list(self._members.others(MemberState.SUSPECT))
        if not self._round:
            return None
        self._rng.shuffle(self._round)
        self._in_round = set(self._round)
        first = self._round.pop()
        self._in_round.discard(first)
        return first

    def newcomer(self, name: NodeId) -> None:
        """A member joined: it enters the current round at a random place."""
        if name not in self._in_round:
            self._in_round.add(name)
            self._round.insert(self._rng.randint(0, len(self._round)), name)

    def probe(self, target: NodeId) -> None:
        """Probe one member now, unless a probe of it is already running."""
        claim = self._members.claims.get(target)
        if claim is None or target in self._running:
            return
        self._number += 1
        number, now = self._number, self._out.now
        probe = self._probes[number] = Probe(number, target, claim.epoch, now)
        self._running[target] = number
        probe.told = self._ping(number, target, claim.gossip)
        self._out.set_timer(("ping", str(number)), now + self._health.probe_timeout_us)
        self._out.set_timer(("probed", str(number)), now + self._period_us(target))

    def _period_us(self, target: NodeId) -> int:
        """When a probe is over. What a kernel says does not depend on how well we are."""
        if self._members.suspicions.testified(target):
            return self._config.probe_period_us
        return self._health.probe_period_us

    def refused(self, target: NodeId) -> None:
        """The target's kernel refused a connection: a running probe need not wait for our sake."""
        probe = self._probes.get(self._running.get(target, 0))
        if probe is not None and self._health.score:
            number, now, config = str(probe.number), self._out.now, self._config
            ends = max(now, probe.started + config.probe_period_us)
            self._out.set_timer(("probed", number), ends)

    def _ping(self, number: int, target: NodeId, address: Address) -> tuple[FactId, ...]:
        claim = self._members.claims.get(target)
        accused = claim is not None and claim.state is not MemberState.ALIVE
        claims = (claim,) if claim is not None and accused and self._config.buddy else ()
        return self._out.send(
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
        if len(self._errands) >= ERRANDS_MAX:
            self._end_errand(next(iter(self._errands)))
        self._number += 1
        number = self._number
        self._errands[number] = Errand(sender, request.number, request.target)
        self._ping(number, request.target, request.address)
        if request.nack:
            due = self._out.now + self._config.nack_after_us
            self._out.set_timer(("nack", str(number)), due)

    def _end_errand(self, number: int) -> Errand | None:
        errand = self._errands.pop(number, None)
        if errand is not None:
            self._out.cancel_timer(("nack", str(number)))
        return errand

    def errand_failed(self, number: int) -> None:
        """The target has not answered us either: say so, and go on listening for it."""
        errand = self._errands.get(number)
        if errand is not None:
            self._report(errand, Nack(errand.number, errand.target))

    def _report(self, errand: Errand, answer: Ack | Nack) -> None:
        if errand.asker in self._members.claims:
            address = self._members.address(errand.asker)
            self._out.send(errand.asker, address, "datagram", answer, about=errand.target)

    def on_ack(self, ack: Ack, sender: NodeId) -> None:
        """A probed member answered, directly or through a proxy."""
        errand = self._end_errand(ack.number)
        if errand is not None:
            self._report(errand, Ack(errand.number, ack.target))
            return
        probe = self._probes.get(ack.number)
        if probe is None or probe.target != ack.target:
            return
        self._forget(probe)
        self._out.cancel_timer(("ping", str(ack.number)))
        self._out.cancel_timer(("probed", str(ack.number)))
        self._health.change(-1, "answered")
        if sender == ack.target:
            self._members.answered(ack.target, self._out.now - probe.started)
        else:
            self._members.hear(ack.target, probe.epoch)

    def _forget(self, probe: Probe) -> None:
        del self._probes[probe.number]
        del self._running[probe.target]

    def on_nack(self, nack: Nack, sender: NodeId) -> None:
        """A helper could not reach the target either: it is not (only) our own fault."""
        probe = self._probes.get(nack.number)
        if probe is not None and probe.target == nack.target:
            probe.nacked.add(sender)

    def ping_timed_out(self, number: int, late_us: int) -> None:
        """No direct answer: ask k others to try (SWIM's ping-req)."""
        probe = self._probes.get(number)
        if probe is None or late_us > self._config.stall_us:
            return
        claim = self._members.claims[probe.target]
        helpers = [n for n in self._members.others(MemberState.ALIVE) if n != probe.target]
        count = min(self._config.indirect_probes, len(helpers))
        asked = tuple(self._rng.sample(helpers, count))
        probe.asked = count if self._config.nacks else 0
        waited = self._out.now - probe.started
        missed = self._out.emit(ProbeMissed(probe.target, waited, asked), probe.told)
        probe.told = (missed.id,)
        self._out.because(probe.told)
        for helper in asked:
            self._out.send(
                helper,
                self._members.address(helper),
                "datagram",
                PingReq(number, probe.target, claim.gossip, self._config.nacks),
                about=probe.target,
                room=PACKET_ROOM,
            )

    def probe_ended(self, number: int, late_us: int) -> None:
        """The period is over without an answer: that is evidence, if we ourselves were awake."""
        probe = self._probes.get(number)
        if probe is None:
            return
        self._forget(probe)
        claim = self._members.claims.get(probe.target)
        if claim is None or claim.epoch != probe.epoch:
            return
        if late_us > self._config.stall_us:
            self.probe(probe.target)
            return
        self._out.because(probe.told)
        self._doubt_ourselves(probe)
        self._members.suspect(probe.target)

    def _doubt_ourselves(self, probe: Probe) -> None:
        """A probe failed: was it our own fault? Ask those who should have said no (memberlist)."""
        if not probe.asked:
            self._health.change(+1, "failed")
        elif len(probe.nacked) < probe.asked:
            self._health.change(probe.asked - len(probe.nacked), "unheard")

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
