"""One node and a hand that feeds it: what tests of a single node's words are made of."""

from __future__ import annotations

from random import Random

from cluster.config import DEMO, Config
from cluster.model.member import NOBODY, Address, Claim, MemberState, NodeId
from cluster.protocol.effects import Effect, Emit, Send
from cluster.protocol.inputs import Booted, Received, TimerFired
from cluster.protocol.messages import Ack, Gossip, Nack, Packet, Ping, PingReq, PushPull
from cluster.protocol.node import Node
from tests.world import START, MemoryRecords

ALIVE = MemberState.ALIVE
EPOCH = 1_000


def claim(
    name: str,
    state: MemberState = ALIVE,
    incarnation: int = 0,
    accuser: NodeId = NOBODY,
    epoch: int = EPOCH,
) -> Claim:
    return Claim(
        NodeId(name),
        epoch,
        incarnation,
        state,
        Address(f"10.0.0.{name[1:]}:7000"),
        Address(f"10.0.0.{name[1:]}:8000"),
        accuser,
    )


def packet(
    sender: str, body: Ack | Gossip | Nack | Ping | PingReq | PushPull, *claims: Claim
) -> Packet:
    return Packet("masterless", NodeId(sender), EPOCH, 1, 0, False, body, claims)


class Lone:
    """One node and a hand that feeds it."""

    def __init__(self, *peers: str, config: Config = DEMO) -> None:
        self.now = START
        self.node = Node(
            NodeId("n1"),
            EPOCH,
            Address("10.0.0.1:7000"),
            Address("10.0.0.1:8000"),
            config,
            MemoryRecords(),
            Random(1),
        )
        self.node.handle(Booted((), 1), self.now)
        self.hear(packet(peers[0], Gossip(), *(claim(p) for p in peers)))

    def hear(self, heard: Packet) -> list[Effect]:
        source = Address(f"10.0.0.{heard.sender[1:]}:7000")
        return self.node.handle(Received(heard, source, 100), self.now)

    def fire(self, *timer: str, late_us: int = 0) -> list[Effect]:
        return self.node.handle(TimerFired(timer, self.now - late_us), self.now)

    def belief(self, name: str) -> Claim:
        return self.node.members.claims[NodeId(name)]


def sends(effects: list[Effect]) -> list[tuple[str, str]]:
    return [(s.to, type(s.packet.body).__name__) for s in effects if isinstance(s, Send)]


def facts(effects: list[Effect]) -> list[object]:
    return [e.fact.payload for e in effects if isinstance(e, Emit)]
