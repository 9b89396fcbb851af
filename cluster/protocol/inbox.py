"""What a packet is for: which machine hears each message, and which packets nobody should.

Drops what is not for this cluster, comes from an earlier life of its sender, or names something
that cannot be; counts each (`Report.reject`). Ignores what the machines then do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, get_args

from cluster.config import Config
from cluster.model.member import MemberState, NodeId
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

_OfMembership = Ping | Ack | PingReq | Nack | Gossip | PushPull | Hello
_OfPeers = Forward | Forwarded | Fetch | FetchPage | DrainAsk | DrainAnswer
_OfRepair = TreeRoots | TreeLeaves | LeafKeys | LeafRecords | LeafPush
_OfReaping = ReapAsk | ReapAnswer | ReapCommit | ClientCall | ClientAnswer
_OfTopics = Spread | SpreadDigest | Deliver | SubscribersAsk | SubscribersTold
_OfPolicy = (
    Relay | Relayed | Herald | Heed | Accept | Accepted | Solicit | Vote | Survey | SurveyPage
)
_OfRooms = (
    RoomAsk
    | RoomAnswer
    | RoomGive
    | RoomTaken
    | RoomBring
    | RoomGone
    | RoomRollAsk
    | RoomRoll
    | RoomWatch
)
_OfFlows = FlowAsk | FlowItems | FlowTell


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
        self.heard_by[type(packet.body)](self, event, packet.body)

    def _membership_message(self, event: Received, body: _OfMembership) -> None:
        sender = event.packet.sender
        match body:
            case Ping() as ping:
                self.prober.on_ping(ping, sender, event.source)
            case Ack() as ack:
                self.prober.on_ack(ack, sender)
            case PingReq() as request:
                self.prober.on_ping_req(request, sender)
            case Nack() as nack:
                self.prober.on_nack(nack, sender)
            case PushPull() as view:
                self.introduction.on_push_pull(view, sender, event.source)
            case Gossip() | Hello():
                pass  # the claims it brings were learnt already

    def _on_write(self, event: Received, body: ReplicaWrite) -> None:
        packet = event.packet
        sender, traced, number = packet.sender, packet.traced, body.number
        partition, key, versions = body.partition, body.key, body.versions
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
            body.hint_for,
            lambda refused: self._written(sender, number, refused, traced, key),
        )

    def _on_written(self, event: Received, body: ReplicaWritten) -> None:
        number = body.number
        if number > 0:
            self.coordinator.writes.written(number, event.packet.sender, body.refused)
        elif number < REPAIR_NUMBERS:
            self.exchange.pushed(number, event.packet.sender, body.refused)
        else:
            self.hints.written(number, body.refused)

    def _on_read(self, event: Received, body: ReplicaRead) -> None:
        packet = event.packet
        sender, key, partition = packet.sender, body.key, body.partition
        if not self._sane(partition, key, sender):
            return
        filling = partition in self.transfers.filling
        answer = ReplicaValue(body.number, self.replica.read(partition, key), filling)
        address = self.members.address(sender)
        self.out.send(sender, address, "stream", answer, traced=packet.traced, key=key)

    def _on_value(self, event: Received, body: ReplicaValue) -> None:
        reads = self.coordinator.reads
        reads.value(body.number, event.packet.sender, body.versions, filling=body.filling)

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

    def _peer_message(self, event: Received, body: _OfPeers) -> None:
        sender = event.packet.sender
        match body:
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

    def _reaping_message(self, event: Received, body: _OfReaping) -> None:
        sender = event.packet.sender
        match body:
            case ReapAsk() as ask:
                self.reaper.asked(ask, sender)
            case ReapAnswer() as answer:
                self.reaper.answered(answer, sender)
            case ReapCommit() as commit:
                self.reaper.committed(commit, sender)
            case ClientCall() | ClientAnswer():
                detail = "a client's message between nodes"
                self.report.reject(Rejected("unknown", event.source, detail))

    def _known(self, sender: NodeId) -> bool:
        if sender in self.members.claims:
            return True
        self.report.reject(Rejected("unknown", sender, "from a stranger"))
        return False

    def _policy_message(self, event: Received, body: _OfPolicy) -> None:
        sender = event.packet.sender
        if not self._known(sender):
            return
        if isinstance(body, Relay):
            asker = Asker(node=sender, number=body.number, relayed=True)
            self.coordinator.request(asker, body.request)
        else:
            self.coordinator.policy.heard(body, sender)

    def _rooms_message(self, event: Received, body: _OfRooms) -> None:
        if self._known(event.packet.sender):
            self.rooms.heard(body, event.packet.sender)

    def _flows_message(self, event: Received, body: _OfFlows) -> None:
        sender = event.packet.sender
        if not self._known(sender):
            return
        match body:
            case FlowAsk() as ask:
                self.flows.on_ask(ask, sender, event.packet.epoch)
            case FlowItems() as items:
                self.flows.on_items(items, sender)
            case FlowTell() as tell:
                self.flows.on_tell(tell)

    def _broadcast_message(self, event: Received, body: _OfTopics) -> None:
        sender = event.packet.sender
        if not self._known(sender):
            return
        match body:
            case Spread() as spread:
                self.topics.on_spread(spread, sender)
            case SpreadDigest() as digest:
                self.topics.on_digest(digest, sender)
            case Deliver() as message:
                self.topics.subscribers.on_deliver(message, sender, event.packet.epoch)
            case SubscribersAsk() as ask:
                self.topics.census.on_ask(ask, sender)
            case SubscribersTold() as told:
                self.topics.census.on_told(told, sender)

    def _repair_message(self, event: Received, body: _OfRepair) -> None:
        sender = event.packet.sender
        match body:
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

    # By type, because a pattern that does not match costs as much as what the busiest messages do.
    heard_by: ClassVar[Mapping[type, Callable[..., None]]] = {
        ReplicaWrite: _on_write,
        ReplicaWritten: _on_written,
        ReplicaRead: _on_read,
        ReplicaValue: _on_value,
        **dict.fromkeys(get_args(_OfMembership), _membership_message),
        **dict.fromkeys(get_args(_OfPeers), _peer_message),
        **dict.fromkeys(get_args(_OfRepair), _repair_message),
        **dict.fromkeys(get_args(_OfReaping), _reaping_message),
        **dict.fromkeys(get_args(_OfTopics), _broadcast_message),
        **dict.fromkeys(get_args(_OfPolicy), _policy_message),
        **dict.fromkeys(get_args(_OfRooms), _rooms_message),
        **dict.fromkeys(get_args(_OfFlows), _flows_message),
    }
