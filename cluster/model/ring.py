"""The ring: which members own which partition, the same answer on every node without asking.

Q fixed partitions; owners are a pure function of the member set and Q. Every (partition, member)
pair has a score (rendezvous hashing: Thaler and Ravishankar 1998); pairs are taken by falling
score while the partition lacks owners and the member is below its load cap (the cap is the idea
of Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016). Taking the
best pair first over the whole table, rather than partition by partition, is what keeps both the
load and the movement inside their bounds.

Ignores liveness: a dead member keeps its place (see `protocol.swim.membership` for who is on the ring).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import merge
from math import ceil

from cluster.model.member import NodeId


@dataclass(frozen=True)
class Ring:
    """An ownership table."""

    members: tuple[NodeId, ...]
    """Sorted."""
    partitions: int
    replicas: int
    digest: str
    """Equal digests mean equal owners."""
    owners: tuple[tuple[NodeId, ...], ...]
    """Per partition, best first."""
    _rankings: dict[int, tuple[NodeId, ...]] = field(
        default_factory=dict[int, tuple[NodeId, ...]], compare=False, repr=False
    )

    def ranking(self, partition: int) -> tuple[NodeId, ...]:
        """Every member: the owners first, then the fallbacks in the order in which they serve.

        Worked out when it is first asked for: with a thousand members most never are.
        """
        ranked = self._rankings.get(partition)
        if ranked is None:
            held = self.owners[partition]
            rest = sorted((-_score(partition, m), m) for m in self.members if m not in held)
            ranked = self._rankings[partition] = (*held, *(m for _, m in rest))
        return ranked

    def load(self) -> dict[NodeId, int]:
        """How many of the partitions*replicas places each member holds."""
        load = dict.fromkeys(self.members, 0)
        for owners in self.owners:
            for owner in owners:
                load[owner] += 1
        return load


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: the leading bits of its hash, so partitions are ranges of a circle."""
    return key_hash(key) * partitions >> 32


@lru_cache(maxsize=4_096)
def key_hash(key: bytes) -> int:
    """A key's place on the circle, 0 <= hash < 2**32. Remembered: the same few are asked for most."""
    return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "big")


def ring_digest(members: tuple[NodeId, ...], partitions: int, replicas: int) -> str:
    """Eight hex digits that name a member set and its table's shape."""
    text = f"{partitions}/{replicas}/" + ",".join(members)
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _score(partition: int, member: NodeId) -> int:
    data = partition.to_bytes(4, "big") + member.encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


@lru_cache(maxsize=4_096)
def _bids(member: NodeId, partitions: int) -> tuple[tuple[int, int, NodeId], ...]:
    """A member's (negated score, partition, itself), best first: the same in every member set."""
    return tuple(sorted((-_score(p, member), p, member) for p in range(partitions)))


@lru_cache(maxsize=256)
def _build(members: tuple[NodeId, ...], partitions: int, replicas: int, slack: float) -> Ring:
    wanted = min(replicas, len(members))
    cap = ceil(partitions * wanted / max(1, len(members)) * slack)
    load = dict.fromkeys(members, 0)
    owners: list[list[NodeId]] = [[] for _ in range(partitions)]
    missing = partitions * wanted
    # Merged lazily: of a thousand members' bids only the best few hundred are ever looked at.
    for _, partition, member in merge(*(_bids(m, partitions) for m in members)):
        if len(owners[partition]) < wanted and load[member] < cap:
            owners[partition].append(member)
            load[member] += 1
            missing -= 1
            if not missing:
                break
    # With a tight cap the last partitions may find every other member full: least loaded first.
    for partition, held in enumerate(owners):
        while len(held) < wanted:
            free = [m for m in members if m not in held]
            best = min(free, key=lambda m: (load[m], -_score(partition, m), m))
            held.append(best)
            load[best] += 1
    return Ring(
        members=members,
        partitions=partitions,
        replicas=wanted,
        digest=ring_digest(members, partitions, replicas),
        owners=tuple(tuple(held) for held in owners),
    )


def build_ring(members: tuple[NodeId, ...], partitions: int, replicas: int, slack: float) -> Ring:
    """The ring of a member set, cached, so that many simulated nodes compute it once."""
    return _build(tuple(sorted(members)), partitions, replicas, slack)
