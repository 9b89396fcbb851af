"""Several joins and leaves at once, in any order, also while partitions are being filled."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from cluster.config import DEMO
from cluster.model.facts import DrainEnded, PartitionFilled
from cluster.model.member import NodeId
from cluster.model.ring import Ring, build_ring
from cluster.protocol.inputs import LeaveCommand, RequestId
from cluster.protocol.messages import GetRequest, PutRequest, ReadResponse, WriteResponse
from tests.world import World

SEEDS = 20
SLOW = replace(
    DEMO,
    ring=replace(DEMO.ring, partitions=16),
    data=replace(DEMO.data, transfer_page_bytes=1_000, transfer_bytes_per_s=100_000),
)
"""Small pages and a narrow budget: rings change in the middle of transfers."""


class Churn:
    """A world in which members come and go while clients write."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.world = World(4, seed=seed, config=SLOW)
        self.world.until(self.world.agreed, 20, "a ring")
        self.asked: dict[RequestId, bytes] = {}
        self.acked: list[bytes] = []
        self.leaving: set[NodeId] = set()
        self.next_name = 5
        self.stale = 0

    def present(self) -> list[NodeId]:
        """Nodes that are here to stay."""
        return [n.name for n in self.world.live() if n.name not in self.leaving]

    def change(self) -> None:
        """A few joins and leaves within moments of each other."""
        for _ in range(self.rng.randint(1, 3)):
            names = self.present()
            if len(names) > 3 and self.rng.random() < 0.5:
                leaver = self.rng.choice(names)
                self.leaving.add(leaver)
                self.world.ask(leaver, LeaveCommand())
            elif len(names) < 8:
                self.world.start(f"n{self.next_name}", (self.rng.choice(names),))
                self.next_name += 1
            self.world.run(self.rng.choice([0, 0.01, 0.2]))

    def write(self, count: int) -> None:
        for _ in range(count):
            key = b"key%d" % len(self.asked)
            at = self.rng.choice(self.present())
            self.asked[self.world.ask(at, PutRequest(key, key * 4))] = key
            self.world.run(0.01)
        self.count()

    def count(self) -> None:
        """What has been acknowledged so far."""
        for request, key in self.asked.items():
            answer = self.world.replies.get(request)
            if isinstance(answer, WriteResponse) and answer.outcome == "ok":
                self.acked.append(key)
        self.acked = sorted(set(self.acked))

    def read(self, count: int) -> None:
        """Count answers that miss what was acknowledged before."""
        for key in self.rng.sample(self.acked, min(count, len(self.acked))):
            if not self.sees(self.rng.choice(self.present()), key):
                self.stale += 1

    def sees(self, at: NodeId, key: bytes) -> bool:
        answer = self.world.call(at, GetRequest(key))
        if not isinstance(answer, ReadResponse):
            return True  # refused: it does not claim to know
        return any(s.value == key * 4 for s in answer.versions.siblings)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_acknowledged_write_is_lost_or_hidden_while_members_come_and_go(seed: int) -> None:
    print(f"seed {seed}")
    churn = Churn(seed)
    world = churn.world
    for _ in range(5):
        churn.change()
        churn.write(40)
        churn.read(20)
    world.until(world.agreed, 60, "calm")
    world.run(1)
    churn.count()
    assert len(churn.acked) >= 175  # what a leaver was asked last may have no answer
    assert churn.stale == 0
    for key in churn.acked:
        assert churn.sees(churn.rng.choice(churn.present()), key), key
    assert world.told(PartitionFilled)
    assert {e.how for e in world.told(DrainEnded)} <= {"drained"}


def ring_of(*names: str) -> Ring:
    return build_ring(tuple(map(NodeId, names)), 16, 3, SLOW.ring.load_slack)


def test_a_former_owner_vouches_only_for_those_who_own_since_it_ceased_to() -> None:
    """It never saw the writes of the ring between: for a later owner it is not a whole holder."""
    world = World(4, config=SLOW)
    world.until(world.agreed, 20, "a ring")
    holdings = world.node("n1").transfers.holdings
    old, between = ring_of("n1", "n2", "n3", "n4"), ring_of("n2", "n3", "n4", "n5")
    after = ring_of("n2", "n4", "n5", "n6", "n7")
    holdings.ring_changed(old, between)
    mine = [p for p, owners in enumerate(old.owners) if "n1" in owners]
    assert mine
    for p in mine:
        assert all(holdings.whole_for(p, heir) for heir in between.owners[p])
        assert not holdings.whole_for(p, NodeId("n6"))
    holdings.ring_changed(between, after)
    late = [(p, o) for p in mine for o in after.owners[p] if o not in between.owners[p]]
    still = [(p, o) for p in mine for o in after.owners[p] if o in between.owners[p]]
    assert late
    assert still
    assert not any(holdings.whole_for(p, owner) for p, owner in late)
    assert all(holdings.whole_for(p, owner) for p, owner in still)
