"""Writes passed on: what may be said when one node refuses and another was asked before."""

from __future__ import annotations

from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.protocol.inputs import Received
from cluster.protocol.messages import Forward, Forwarded, Packet, PutRequest, Refusal, WriteResponse
from tests.world import World


def test_a_refusal_by_the_second_says_nothing_about_what_the_first_has_written() -> None:
    # `sim --faults hell --seed 312`: "not written" was answered, and a later read showed it.
    world = World(5)
    world.until(world.agreed, 10)
    ring = world.node("n1").placement.ring
    keys = (b"k%d" % number for number in range(999))
    key = next(k for k in keys if "n1" not in ring.owners[partition_of(k, ring.partitions)])
    owners = ring.owners[partition_of(key, ring.partitions)]
    for owner in owners:  # forwards are written down as sent, their answers never come back
        world.cuts.add((owner, NodeId("n1")))
    request = world.ask("n1", PutRequest(key, b"v"))
    world.run(0.4)
    forwards = [(to, p.body) for _, to, p in world.sent if isinstance(p.body, Forward)]
    assert len(forwards) == 2
    second, forward = forwards[1]
    refusal = Forwarded(forward.number, Refusal(503, "no quorum", "not written: 1 of 2"))
    epoch = world.node(second).epoch
    packet = Packet("masterless", second, epoch, 10**6, world.now, False, refusal)
    world.give(world.hosts[NodeId("n1")], Received(packet, world.hosts[second].address, 50))
    assert request not in world.replies
    world.until(lambda: request in world.replies, 3)
    answer = world.replies[request]
    assert isinstance(answer, WriteResponse)
    assert answer.outcome == "maybe written"
