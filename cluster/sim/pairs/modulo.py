"""Pair 7: one more node comes. Which keys have another home, by modulo and by the ring?

Both ways are real clusters, and every key is really written and looked for on every disk before and
after. The wrong way is `primary`: a master and five workers, a key's place at worker number hash
modulo 5, then modulo 6. What stays is what leaves the same remainder by both, one in six. The right
way is the ring of `masterless`, five nodes and then six.

Both have 1,024 partitions, so that shares are close to what the rules give. The ring's load cap
(`cluster.model.ring`) may shift a few places between old nodes to make room: of 1,024 partitions
with these names it shifts none, of the demo's 64 it does. The record says how many of those.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import DEMO, SECOND, ArchitectureConfig
from cluster.model.member import NodeId
from cluster.model.ring import build_ring, partition_of
from cluster.protocol.messages import PutRequest
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check, percent
from cluster.sim.pairs.stage import QUIET, Stage, StageError

KEYS: Final = 10_000
PARTITIONS: Final = 1_024
HOLDERS: Final = 5
"""Nodes that hold keys before one more comes; the master of `primary` is none of them."""
ABOUT: Final = 2.0
"""Percentage points that "about five in six" may be off."""
RING_BOUND: Final = 1.15 / (HOLDERS + 1)
AT_ONCE: Final = 32
"""Writes under way: a `primary` refuses more than may wait for it."""
MOVED_WITHIN_US: Final = 60 * SECOND
Homes = dict[bytes, frozenset[NodeId]]
"""On whose disks each key is."""


class Count(Struct):
    """What one way came to."""

    copies: int
    """Of all keys, after the newcomer."""
    moved: int
    """Copies on disks that had none before."""
    between: int
    """Of them, on disks of old nodes."""
    in_place: int
    """Keys that are on the disks of exactly their owners."""
    steps: tuple[Step, ...]

    @property
    def share(self) -> float:
        """Of all copies, those that moved, in percent."""
        return round(100 * self.moved / self.copies, 2) if self.copies else 0.0


def play(seed: int, progress: Progress | None = None, keys: int = KEYS) -> Outcome:
    """One more node, under both rules."""
    rng = Random(f"{seed}/keys")
    names = [b"k%016x" % rng.getrandbits(64) for _ in range(keys)]
    founders = tuple(f"n{number}" for number in range(1, HOLDERS + 2))
    primary = ArchitectureConfig("primary", founders)
    modulo = _one_way("wrong", seed, names, HOLDERS + 1, primary, progress)
    ring = _one_way("right", seed, names, HOLDERS, ArchitectureConfig(), progress)
    return Outcome(
        steps=(*modulo.steps, *ring.steps),
        wrong=_figures(modulo),
        right=(
            *_figures(ring),
            Figure("between old nodes with 64 partitions", _between_with_few(), "of 192 places"),
        ),
        claims=(
            check(
                "modulo moves about five keys in six (how far it is from 83.3 %)",
                round(abs(modulo.share - 500 / 6), 2),
                "<=",
                ABOUT,
                unit="points",
                of=modulo.copies,
                of_what="copies",
            ),
            check(
                "the ring moves at most 1.15 times the one copy in six that it must",
                ring.share,
                "<=",
                round(100 * RING_BOUND, 2),
                unit="%",
                of=ring.copies,
                of_what="copies",
            ),
            check(
                "every copy that the ring moves goes to the new node",
                ring.between,
                "==",
                0,
                unit="copies elsewhere",
                of=ring.moved,
                of_what="copies moved",
            ),
            check(
                "every key is then on the disks of exactly its owners, either way",
                modulo.in_place + ring.in_place,
                "==",
                2 * keys,
                unit="keys",
                of=2 * keys,
                of_what="keys",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("share of copies that move", count.share, "%"),
        Figure("copies that move", count.moved, f"of {count.copies:,}"),
        Figure("of them, between old nodes", percent(count.between, count.moved), "%"),
    )


def _one_way(
    way: Way,
    seed: int,
    names: list[bytes],
    size: int,
    architecture: ArchitectureConfig,
    progress: Progress | None,
) -> Count:
    config = replace(
        QUIET, architecture=architecture, ring=replace(DEMO.ring, partitions=PARTITIONS)
    )
    stage = Stage(way, seed, size, config, progress)
    asks = ((stage.names[i % size], PutRequest(key, b"v")) for i, key in enumerate(names))
    written = sum(answer.written for answer in stage.load(asks, "keys written", AT_ONCE))
    if written != len(names):
        raise StageError(f"only {written} of {len(names)} keys were written, in a calm world")
    stage.run(SECOND)
    before = _homes(stage)
    stage.note(f"{written:,} keys written, {sum(map(len, before.values())):,} copies on disks")
    newcomer = NodeId(f"n{size + 1}")
    stage.join(newcomer)
    stage.note(f"{newcomer} joins")
    stage.settle()
    stage.wait(lambda: not _strays(stage), MOVED_WITHIN_US, "copies nobody owns are dropped")
    after = _homes(stage)
    gained = [after[key] - before[key] for key in names]
    ring = stage.node("n1").placement.ring
    moved = sum(map(len, gained))
    stage.note(f"{moved:,} copies have moved")
    return Count(
        copies=sum(map(len, after.values())),
        moved=moved,
        between=moved - sum(newcomer in homes for homes in gained),
        in_place=sum(
            after[key] == frozenset(ring.owners[partition_of(key, PARTITIONS)]) for key in names
        ),
        steps=tuple(stage.steps),
    )


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


def _between_with_few() -> int:
    """Places that the demo's own ring of 64 partitions moves from one old node to another."""
    names = tuple(NodeId(f"n{number}") for number in range(1, HOLDERS + 2))
    config = DEMO.ring
    few, more = (
        build_ring(members, config.partitions, config.replicas, config.load_slack).owners
        for members in (names[:-1], names)
    )
    pairs = zip(few, more, strict=True)
    return sum(len(set(after) - set(before) - {names[-1]}) for before, after in pairs)
