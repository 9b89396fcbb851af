"""Pair 7: a sixth node comes. Which keys have another home, by modulo and by the ring?

Both rules place the same keys on the same members. Modulo is `key_hash(key) % len(members)`: a key
stays only if its hash leaves the same remainder by 5 and by 6, one in six. The ring is the one
that the nodes use: every key is written, and looked for on every disk before and after.

The ring has 256 partitions here. Its load cap (`cluster.model.ring`) may shift a few places between
old nodes, to make room; with 256 partitions and these names it shifts none, with the demo's 64 it
shifts some. The record says how many of those.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec.structs import replace

from cluster.config import DEMO, SECOND
from cluster.model.member import NodeId
from cluster.model.ring import Ring, build_ring, key_hash, partition_of
from cluster.protocol.messages import PutRequest
from cluster.sim.pairs.record import Figure, Outcome, Progress, check, percent
from cluster.sim.pairs.stage import QUIET, Stage, StageError

KEYS: Final = 10_000
PARTITIONS: Final = 256
NEWCOMER: Final = "n6"
ABOUT: Final = 2.0
"""Percentage points that "about five in six" may be off."""
RING_BOUND: Final = 1.15 / 6
Homes = dict[bytes, frozenset[NodeId]]
"""On whose disks each key is."""


def play(seed: int, progress: Progress | None = None, keys: int = KEYS) -> Outcome:
    """5 to 6 nodes; every key is counted under both rules."""
    ring_config = replace(DEMO.ring, partitions=PARTITIONS)
    stage = Stage("right", seed, 5, replace(QUIET, ring=ring_config), progress)
    rng = Random(f"{seed}/keys")
    names = [b"k%016x" % rng.getrandbits(64) for _ in range(keys)]
    _write(stage, names)
    old = stage.node("n1").placement.ring
    before = _homes(stage)
    stage.join(NEWCOMER)
    stage.note(f"{NEWCOMER} joins")
    stage.settle()
    stage.wait(lambda: not _strays(stage), 60 * SECOND, "copies nobody owns are dropped")
    stage.note("every partition has reached its owners")
    new = stage.node("n1").placement.ring
    after = _homes(stage)

    by_modulo = sum(_modulo(key, old) != _modulo(key, new) for key in names)
    gained = {key: after[key] - before[key] for key in names}
    moved = [key for key in names if gained[key]]
    copies = sum(map(len, gained.values()))
    between = copies - sum(NEWCOMER in gained[key] for key in names)
    placed_right = sum(after[key] == frozenset(_owners(new, key)) for key in names)
    places = keys * new.replicas
    small = _between_old_nodes(old.members, new.members)
    modulo_share, ring_share = percent(by_modulo, keys), percent(copies, places)
    return Outcome(
        steps=tuple(stage.steps),
        wrong=(
            Figure("share of copies that move", modulo_share, "%"),
            Figure("copies that move", by_modulo, f"of {keys:,}"),
            Figure("of them, between old nodes", _between_by_modulo(names, old, new), "copies"),
        ),
        right=(
            Figure("share of copies that move", ring_share, "%"),
            Figure("copies that move", copies, f"of {places:,}"),
            Figure("of them, between old nodes", between, "copies"),
            Figure("the same with 64 partitions, by table", small, "of 192 places"),
        ),
        claims=(
            check(
                "modulo moves about five keys in six (how far it is from 83.3 %)",
                round(abs(modulo_share - 500 / 6), 2),
                "<=",
                ABOUT,
                unit="points",
                of=keys,
                of_what="keys",
            ),
            check(
                "the ring moves at most 1.15 times the one place in six that it must",
                round(100 * copies / places, 2),
                "<=",
                round(100 * RING_BOUND, 2),
                unit="%",
                of=places,
                of_what="places on disks",
            ),
            check(
                "every key that the ring moves goes to the new node",
                between,
                "==",
                0,
                unit="copies elsewhere",
                of=len(moved),
                of_what="keys moved",
            ),
            check(
                "every key is then on the disks of exactly its owners",
                placed_right,
                "==",
                keys,
                unit="keys",
                of=keys,
                of_what="keys",
            ),
        ),
    )


def _write(stage: Stage, names: list[bytes]) -> None:
    asks = (
        (stage.names[i % len(stage.names)], PutRequest(key, b"v")) for i, key in enumerate(names)
    )
    written = sum(answer.written for answer in stage.load(asks, "keys written"))
    if written != len(names):
        raise StageError(f"only {written} of {len(names)} keys were written, in a calm world")
    stage.note(f"{written:,} keys written, {stage.world.config.ring.replicas} copies of each")
    stage.run(SECOND)


def _owners(ring: Ring, key: bytes) -> tuple[NodeId, ...]:
    return ring.owners[partition_of(key, ring.partitions)]


def _homes(stage: Stage) -> Homes:
    found: dict[bytes, set[NodeId]] = {}
    for host in stage.world.hosts.values():
        for _, key in host.disk.places():
            found.setdefault(key, set()).add(host.name)
    return {key: frozenset(homes) for key, homes in found.items()}


def _strays(stage: Stage) -> bool:
    """Whether a disk still holds a partition that its node does not own."""
    return any(
        held and not node.placement.owns(partition)
        for node in stage.nodes()
        for partition, held in stage.host(node.name).disk.durable.records.items()
    )


def _modulo(key: bytes, ring: Ring) -> NodeId:
    return ring.members[key_hash(key) % len(ring.members)]


def _between_by_modulo(names: list[bytes], old: Ring, new: Ring) -> int:
    return sum(_modulo(k, old) != _modulo(k, new) != NEWCOMER for k in names)


def _between_old_nodes(old: tuple[NodeId, ...], new: tuple[NodeId, ...]) -> int:
    """Places that the demo's own ring of 64 partitions moves from one old node to another."""
    config = DEMO.ring
    tables = [
        build_ring(names, config.partitions, config.replicas, config.load_slack).owners
        for names in (old, new)
    ]
    pairs = zip(*tables, strict=True)
    return sum(len(set(after) - set(before) - {NodeId(NEWCOMER)}) for before, after in pairs)
