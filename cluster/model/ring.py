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
from functools import lru_cache
from math import ceil

from msgspec import Struct

from cluster.model.member import NodeId


class Ring(Struct, frozen=True):
    """An ownership table. `owners[p]` and `ranked[p]` are best first."""

    members: tuple[NodeId, ...]
    """Sorted."""
    partitions: int
    replicas: int
    digest: str
    """Equal digests mean equal owners."""
    owners: tuple[tuple[NodeId, ...], ...]
    ranked: tuple[tuple[NodeId, ...], ...]
    """Per partition: every member, owners first, then the fallbacks in the order they serve."""

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


def key_hash(key: bytes) -> int:
    """A key's place on the circle, 0 <= hash < 2**32."""
    return int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "big")


def ring_digest(members: tuple[NodeId, ...], partitions: int, replicas: int) -> str:
    """Eight hex digits that name a member set and its table's shape."""
    text = f"{partitions}/{replicas}/" + ",".join(members)
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _score(partition: int, member: NodeId) -> int:
    data = partition.to_bytes(4, "big") + member.encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


@lru_cache(maxsize=256)
def _build(members: tuple[NodeId, ...], partitions: int, replicas: int, slack: float) -> Ring:
    wanted = min(replicas, len(members))
    cap = ceil(partitions * wanted / max(1, len(members)) * slack)
    scores = {(p, m): _score(p, m) for p in range(partitions) for m in members}
    load = dict.fromkeys(members, 0)
    owners: list[list[NodeId]] = [[] for _ in range(partitions)]
    by_score = sorted(scores, key=lambda pair: (-scores[pair], pair))
    for partition, member in by_score:
        if len(owners[partition]) < wanted and load[member] < cap:
            owners[partition].append(member)
            load[member] += 1
    # With a tight cap the last partitions may find every other member full: least loaded first.
    for partition, held in enumerate(owners):
        while len(held) < wanted:
            free = [m for m in members if m not in held]
            best = min(free, key=lambda m: (load[m], -scores[partition, m], m))
            held.append(best)
            load[best] += 1
    ranked = tuple(
        (*held, *sorted((m for m in members if m not in held), key=lambda m: (-scores[p, m], m)))
        for p, held in enumerate(owners)
    )
    return Ring(
        members=members,
        partitions=partitions,
        replicas=wanted,
        digest=ring_digest(members, partitions, replicas),
        owners=tuple(tuple(held) for held in owners),
        ranked=ranked,
    )


def build_ring(members: tuple[NodeId, ...], partitions: int, replicas: int, slack: float) -> Ring:
    """The ring of a member set, cached, so that many simulated nodes compute it once."""
    return _build(tuple(sorted(members)), partitions, replicas, slack)
