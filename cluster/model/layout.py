"""Who must hold what under each architecture: a pure function from the members to a `Ring`.

`masterless` shares the circle out (`model.ring`). `single` gives all of it to its one master,
`primary` to its workers by hash modulo their number, `failover` and `majority` to everybody, whole.
Ignores who is alive and who may decide.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cluster.config import ArchitectureConfig, RingConfig
from cluster.model.member import NodeId
from cluster.model.ring import Ring, build_ring


def lay_out(architecture: ArchitectureConfig, ring: RingConfig, names: tuple[NodeId, ...]) -> Ring:
    """The table of these members. Members that hold nothing are not in it."""
    ordered = tuple(sorted(names))
    match architecture.kind:
        case "masterless":
            return build_ring(ordered, ring.partitions, ring.replicas, ring.load_slack)
        case "single":
            return _everywhere((fixed_master(architecture),), ring.partitions)
        case "primary":
            master = fixed_master(architecture)
            workers = tuple(name for name in ordered if name != master)
            return by_modulo(workers or (master,), ring.partitions)
        case "failover" | "majority":
            return _everywhere(ordered, ring.partitions)


def fixed_master(architecture: ArchitectureConfig) -> NodeId:
    """The master that `single` and `primary` were founded with."""
    return NodeId(architecture.founders[0])


@lru_cache(maxsize=256)
def by_modulo(workers: tuple[NodeId, ...], partitions: int) -> Ring:
    """One copy each, at the worker that hash modulo number of workers says.

    What everybody writes first, and what moves nearly everything when the number changes.
    """
    owners = tuple((workers[_hash(p) % len(workers)],) for p in range(partitions))
    return Ring(workers, partitions, 1, _digest("modulo", workers, partitions), owners)


@lru_cache(maxsize=256)
def _everywhere(holders: tuple[NodeId, ...], partitions: int) -> Ring:
    digest = _digest("whole", holders, partitions)
    return Ring(holders, partitions, len(holders), digest, (holders,) * partitions)


def _digest(kind: str, members: tuple[NodeId, ...], partitions: int) -> str:
    text = f"{kind}/{partitions}/" + ",".join(members)
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _hash(partition: int) -> int:
    data = partition.to_bytes(4, "big")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
