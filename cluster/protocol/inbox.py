"""What a packet is for: which machine hears each message, and which packets nobody should.

Drops what is not for this cluster, comes from an earlier life of its sender, or names something
that cannot be; counts each (`Report.reject`). Ignores what the machines then do.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.config import Config
from cluster.model.member import Address, MemberState, NodeId
from cluster.protocol.flow.flows import Flows
from cluster.protocol.inputs import Received, Rejected
from cluster.protocol.messages import (
    Accept,
    Accepted,
    Ack,
    ClientAnswer,
    ClientCall,
    Deliver,
    DrainAnswer,
    DrainAsk,
    Fetch,
    FetchPage,
    FlowAsk,
    FlowItems,
    FlowTell,
    Forward,
    Forwarded,
    Gossip,
    Heed,
    Hello,
    Herald,
    Nack,
    Packet,
    Ping,
    PingReq,
    PushPull,
    ReapAnswer,
    ReapAsk,
    ReapCommit,
    Relay,
    Relayed,
    ReplicaRead,
    ReplicaValue,
    ReplicaWrite,
    ReplicaWritten,
    RoomAnswer,
    RoomAsk,
    RoomBring,
    RoomGive,
    RoomGone,
    RoomRoll,
    RoomRollAsk,
    RoomTaken,
    RoomWatch,
    Solicit,
    Spread,
    SpreadDigest,
    SubscribersAsk,
    SubscribersTold,
    Survey,
    SurveyPage,
    Vote,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.coordinator import Coordinator
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.operation import Asker
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.repair.exchange import Exchange
from cluster.protocol.repair.messages import (
    REPAIR_NUMBERS,
    LeafKeys,
    LeafPush,
    LeafRecords,
    TreeLeaves,
    TreeRoots,
)
from cluster.protocol.repair.reaper import Reaper
from cluster.protocol.report import Report
from cluster.protocol.rooms.rooms import Rooms
from cluster.protocol.spread.topics import Topics
from cluster.protocol.swim.introduction import Introduction
from cluster.protocol.swim.membership import Membership
from cluster.protocol.swim.prober import Prober
from cluster.protocol.transfer.drain import Drain
from cluster.protocol.transfer.transfers import Transfers


@dataclass(frozen=True, slots=True)
class Inbox:
    """Hands each message of one node to its machine."""

    out: Outbox
    config: Config
    report: Report
    members: Membership
    prober: Prober
    introduction: Introduction
    replica: Replica
    hints: Hints
    coordinator: Coordinator
    transfers: Transfers
    drain: Drain
    topics: Topics
    exchange: Exchange
    reaper: Reaper
    rooms: Rooms
    flows: Flows

    def received(self, event: Received) -> None:
        """A packet arrived."""
        packet = event.packet
        self.report.bytes_in += event.size
        if packet.cluster != self.config.cluster:
            self.report.reject(Rejected("foreign", event.source, f"cluster {packet.cluster!r:.40}"))
            return
        self.out.heard(packet)
        sender = packet.sender
        known = self.members.claims.get(sender)
        if known is not None and packet.epoch < known.epoch:
            self.report.reject(Rejected("foreign", sender, "from an earlier life"))
            return
        if sender:
            self.members.hear(sender, packet.epoch)
            for claim in packet.claims:
                self.members.learn(claim, "gossip", sender)
            if known is None or known.state is not MemberState.ALIVE:
                self.introduction.undead(sender, packet.epoch)
        match packet.body:
            # The busiest first: each pattern costs a look.
            case ReplicaWrite() | ReplicaWritten() | ReplicaRead() | ReplicaValue():
                self._replica_message(packet)
            case Ping() | Ack() | PingReq() | Nack() | Gossip() | PushPull() | Hello():
                self._membership_message(packet, event.source)
            case Forward() | Forwarded() | Fetch() | FetchPage() | DrainAsk() | DrainAnswer():
                self._peer_message(packet)
            case Spread() | SpreadDigest() | Deliver() | SubscribersAsk() | SubscribersTold():
                self._broadcast_message(packet)
            case TreeRoots() | TreeLeaves() | LeafKeys() | LeafRecords() | LeafPush():
                self._repair_message(packet)
            case ReapAsk() | ReapAnswer() | ReapCommit() | ClientCall() | ClientAnswer():
                self._rare_message(packet, event.source)
            case _:
                self._members_message(packet)

    def _membership_message(self, packet: Packet, source: Address) -> None:
        sender = packet.sender
        match packet.body:
            case Ping() as ping:
                self.prober.on_ping(ping, sender, source)
            case Ack() as ack:
                self.prober.on_ack(ack, sender)
            case PingReq() as request:
                self.prober.on_ping_req(request, sender)
            case Nack() as nack:
                self.prober.on_nack(nack, sender)
            case PushPull() as view:
                self.introduction.on_push_pull(view, sender, source)
            case _:
                pass

    def _replica_message(self, packet: Packet) -> None:
        sender, traced = packet.sender, packet.traced
        match packet.body:
            case ReplicaWrite(number, partition, key, versions, hint_for):
                if not self._sane(partition, key, sender):
                    return
                if self.members.leaving:
                    # Nobody would ever see it again.
                    self._written(sender, number, f"{self.out.name} is leaving", traced, key)
                    return
                if number > 0 and (why := self.replica.fenced(partition, key, versions)):
                    self._written(sender, number, why, traced, key)
                    return
                self.replica.write(
                    partition,
                    key,
                    versions,
                    hint_for,
                    lambda refused: self._written(sender, number, refused, traced, key),
                )
            case ReplicaWritten(number, refused):
                if number > 0:
                    self.coordinator.writes.written(number, sender, refused)
                elif number < REPAIR_NUMBERS:
                    self.exchange.pushed(number, sender, refused)
                else:
                    self.hints.written(number, refused)
            case ReplicaRead(number, partition, key):
                if not self._sane(partition, key, sender):
                    return
                versions = self.replica.read(partition, key)
                filling = partition in self.transfers.filling
                answer = ReplicaValue(number, versions, filling)
                address = self.members.address(sender)
                self.out.send(sender, address, "stream", answer, traced=traced, key=key)
            case ReplicaValue(number, versions, filling):
                self.coordinator.reads.value(number, sender, versions, filling=filling)
            case _:
                pass

    def _sane(self, partition: int, key: bytes, sender: NodeId) -> bool:
        data = self.config.data
        fits = 0 <= partition < self.config.ring.partitions and 0 < len(key) <= data.key_bytes_max
        if not fits or sender not in self.members.claims:
            detail = "no such partition, key or member" if not fits else "from a stranger"
            self.report.reject(Rejected("unknown", sender, detail))
            return False
        return True

    def _written(self, sender: NodeId, number: int, refused: str, traced: bool, key: bytes) -> None:
        if number == 0:
            return  # a read repair: nobody waits
        address = self.members.address(sender)
        answer = ReplicaWritten(number, refused)
        self.out.send(sender, address, "stream", answer, traced=traced, key=key)

    def _peer_message(self, packet: Packet) -> None:
        sender = packet.sender
        match packet.body:
            case Forward(number, request):
                if sender in self.members.claims:
                    self.coordinator.request(Asker(node=sender, number=number), request)
            case Forwarded(number, response):
                self.coordinator.writes.forwarded(number, response)
            case Fetch() as fetch:
                self.transfers.holdings.serve(fetch, sender)
            case FetchPage() as page:
                self.transfers.page(page, sender)
            case DrainAsk() as ask:
                self.drain.asked(ask, sender)
            case DrainAnswer() as answer:
                self.drain.answered(answer, sender)
            case _:
                pass

    def _rare_message(self, packet: Packet, source: Address) -> None:
        sender = packet.sender
        match packet.body:
            case ReapAsk() as ask:
                self.reaper.asked(ask, sender)
            case ReapAnswer() as answer:
                self.reaper.answered(answer, sender)
            case ReapCommit() as commit:
                self.reaper.committed(commit, sender)
            case ClientCall() | ClientAnswer():
                detail = "a client's message between nodes"
                self.report.reject(Rejected("unknown", source, detail))
            case _:
                pass

    def _known(self, sender: NodeId) -> bool:
        if sender in self.members.claims:
            return True
        self.report.reject(Rejected("unknown", sender, "from a stranger"))
        return False

    def _members_message(self, packet: Packet) -> None:
        """What only members may say, of policies and pipelines."""
        sender = packet.sender
        if not self._known(sender):
            return
        match packet.body:
            case Relay(number, request):
                asker = Asker(node=sender, number=number, relayed=True)
                self.coordinator.request(asker, request)
            case (
                Relayed()
                | Herald()
                | Heed()
                | Accept()
                | Accepted()
                | Solicit()
                | Vote()
                | Survey()
                | SurveyPage()
            ) as body:
                self.coordinator.policy.heard(body, sender)
            case (
                RoomAsk()
                | RoomAnswer()
                | RoomGive()
                | RoomTaken()
                | RoomBring()
                | RoomGone()
                | RoomRollAsk()
                | RoomRoll()
                | RoomWatch()
            ) as body:
                self.rooms.heard(body, sender)
            case FlowAsk() as ask:
                self.flows.on_ask(ask, sender, packet.epoch)
            case FlowItems() as items:
                self.flows.on_items(items, sender)
            case FlowTell() as tell:
                self.flows.on_tell(tell)
            case _:
                pass

    def _broadcast_message(self, packet: Packet) -> None:
        sender = packet.sender
        if not self._known(sender):
            return
        match packet.body:
            case Spread() as spread:
                self.topics.on_spread(spread, sender)
            case SpreadDigest() as digest:
                self.topics.on_digest(digest, sender)
            case Deliver() as message:
                self.topics.subscribers.on_deliver(message, sender, packet.epoch)
            case SubscribersAsk() as ask:
                self.topics.census.on_ask(ask, sender)
            case SubscribersTold() as told:
                self.topics.census.on_told(told, sender)
            case _:
                pass

    def _repair_message(self, packet: Packet) -> None:
        sender = packet.sender
        match packet.body:
            case TreeRoots() as roots:
                self.exchange.on_roots(roots, sender)
            case TreeLeaves() as leaves:
                self.exchange.on_leaves(leaves, sender)
            case LeafKeys() as keys:
                self.exchange.on_keys(keys, sender)
            case LeafRecords() as records:
                self.exchange.on_records(records, sender)
            case LeafPush() as push:
                self.exchange.on_push(push, sender)
            case _:
                pass
