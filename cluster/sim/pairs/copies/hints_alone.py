"""Pair 11: an old backup is played back over 10 of 1,000 keys of a stopped replica. Who notices?

No write failed and nobody was away when they were written, so there is no hint; every checksum fits,
so the disk says nothing either. With hints alone (the wrong way: trees are never compared) the ten
stay as they are, until somebody happens to read them. Hash trees (the right way, the demo's own) find
them by their roots, then by their leaves, and send little more than the keys that differ. There are
two other owners of each, so two comparisons may find the same key at the same time.

What is sent is counted as it arrives, from the restart on: keys named in leaves that differ, and
records given. Leaves are counted on the disks.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import SECOND, RepairConfig
from cluster.model.fingerprint import leaf_of, position
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.versions import Record
from cluster.protocol.effects import PutRecord
from cluster.protocol.messages import (
    GetRequest,
    LeafKeys,
    LeafPush,
    LeafRecords,
    Packet,
    PutRequest,
    ReadResponse,
)
from cluster.sim.host import Host
from cluster.sim.pairs.copies.holding import NO_TREES, owned_by
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import QUIET, Stage, StageError

NODES: Final = 5
KEYS: Final = 1_000
CHANGED: Final = 10
LOOKED_FOR_US: Final = 20 * SECOND
"""From the restart: ten times the demo's period of comparison."""


class Count(Struct):
    """What one way came to, `LOOKED_FOR_US` after the restart."""

    old: int = 0
    """Of the changed keys, those whose copy is still the old one."""
    roots: int = 0
    """Trees that were compared here: one for each owner of each partition beyond the first."""
    roots_differ: int = 0
    named: int = 0
    """Keys that travelled in comparisons of leaves."""
    sent: int = 0
    """Records that travelled for repair."""
    fullest: int = 0
    """Keys in the fullest leaf of the replica."""
    mended_us: int = 0
    """From the restart until none of them was old; 0 when that was never."""
    steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same ten old copies, with hints alone and with trees."""
    hints = _Run("wrong", NO_TREES, seed, progress).count
    trees = _Run("right", QUIET.repair, seed, progress).count
    return Outcome(
        steps=(*hints.steps, *trees.steps),
        wrong=_figures(hints),
        right=(
            *_figures(trees),
            Figure("keys named while leaves were compared", trees.named, "keys"),
            Figure("keys in the fullest leaf", trees.fullest, "keys"),
            Figure("from the restart until all were mended", _seconds(trees.mended_us), "s"),
        ),
        claims=(
            check(
                "hints alone: every old copy stays",
                hints.old,
                "==",
                CHANGED,
                unit="old copies",
                of=CHANGED,
                of_what="changed keys",
            ),
            check(
                "trees: no old copy stays",
                trees.old,
                "==",
                0,
                unit="old copies",
                of=CHANGED,
                of_what="changed keys",
            ),
            check(
                "trees: in the end all roots are equal",
                trees.roots_differ,
                "==",
                0,
                unit="roots differ",
                of=trees.roots,
                of_what="roots beside the first owner's",
            ),
            check(
                "trees: to find them, at most the keys of ten full leaves are named to either owner",
                trees.named,
                "<=",
                2 * CHANGED * trees.fullest,
                unit="keys named",
                of=KEYS,
                of_what="keys",
            ),
            check(
                "trees: to mend them, either end of either comparison sends at most the ten",
                trees.sent,
                "<=",
                2 * 2 * CHANGED,
                unit="records sent",
                of=KEYS,
                of_what="keys",
            ),
        ),
    )


def _seconds(us: int) -> float:
    return round(us / SECOND, 2)


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("old copies after 20 s", count.old, f"of {CHANGED}"),
        Figure("trees whose root differs", count.roots_differ, f"of {count.roots}"),
        Figure("records sent for repair", count.sent, f"of {KEYS:,} keys"),
    )


class _Run:
    """One way."""

    def __init__(
        self, way: Way, repair: RepairConfig, seed: int, progress: Progress | None
    ) -> None:
        count = self.count = Count()
        self._counting = False
        config = replace(QUIET, repair=repair)
        stage = self._stage = Stage(way, seed, NODES, config, progress, ear=self._overhear)
        rng = Random(f"{seed}/hints alone")
        replica = self._replica = NodeId(rng.choice(stage.names))
        mine = owned_by(stage, replica, rng)
        self._changed = [next(mine) for _ in range(CHANGED)]
        others = [b"k%016x" % rng.getrandbits(64) for _ in range(KEYS - CHANGED)]
        self._write([*self._changed, *others], b"old")
        stage.note(f"{KEYS:,} keys are written")
        backup = {key: self._copy(replica, key) for key in self._changed}
        self._write(self._changed, b"new")
        stage.note(f"{CHANGED} of them are written again; {replica} is an owner of these")

        stage.world.kill(replica)
        for key, record in backup.items():
            stage.host(replica).disk.durable.apply((PutRecord(self._partition(key), key, record),))
        stage.note(f"{replica} stops, and an old backup is played back over these {CHANGED}")
        stage.world.start(replica, ())
        self._counting = True
        restarted_at = stage.world.now
        stage.settle()
        waiting = sum(node.hints.depth(replica) for node in stage.nodes())
        stage.note(
            f"{replica} is back: {self._old()} of {CHANGED} are old, {waiting} hints wait for it"
        )
        if stage.world.until(
            lambda: not self._old(), restarted_at + LOOKED_FOR_US - stage.world.now
        ):
            count.mended_us = stage.world.now - restarted_at
        stage.world.run(restarted_at + LOOKED_FOR_US)
        self._judge()

    def _write(self, keys: list[bytes], value: bytes) -> None:
        """Each after a read, so that the second value replaces the first."""
        stage = self._stage
        at = stage.names
        reads = stage.load((at[i % NODES], GetRequest(key)) for i, key in enumerate(keys))
        seen = [
            answer.response.versions.context if isinstance(answer.response, ReadResponse) else {}
            for answer in reads
        ]
        puts = (
            (at[i % NODES], PutRequest(key, value, context=context))
            for i, (key, context) in enumerate(zip(keys, seen, strict=True))
        )
        if not all(answer.written for answer in stage.load(puts, "keys written")):
            raise StageError("not every key was written, in a calm world")
        stage.run(SECOND)

    def _overhear(self, _host: Host, packet: Packet) -> None:
        if not self._counting:
            return
        count = self.count
        match packet.body:
            case LeafKeys(keys=keys):
                count.named += len(keys)
            case LeafRecords(records=records) | LeafPush(records=records):
                count.sent += len(records)
            case _:
                pass

    # --- what is on disks ------------------------------------------------------------------------

    def _partition(self, key: bytes) -> int:
        return partition_of(key, self._stage.world.config.ring.partitions)

    def _copy(self, name: str, key: bytes) -> Record:
        record = self._stage.host(name).disk.record(self._partition(key), key)
        if record is None:
            raise StageError(f"{name} does not hold {key!r}, in a calm world")
        return record

    def _old(self) -> int:
        """Changed keys whose copy at the replica does not show the last value alone."""
        copies = (self._copy(self._replica, key).versions.siblings for key in self._changed)
        return sum([sibling.value for sibling in siblings] != [b"new"] for siblings in copies)

    def _judge(self) -> None:
        stage, count = self._stage, self.count
        count.old = self._old()
        ring = stage.node(stage.names[0]).placement.ring
        for partition, owners in enumerate(ring.owners):
            first, *others = (stage.node(owner).trees for owner in owners)
            count.roots += len(others)
            root = first.root(partition)
            count.roots_differ += sum(
                not tree.ready(partition) or tree.root(partition) != root for tree in others
            )
        leaves = stage.world.config.repair.tree_leaves
        held = Counter(
            (partition, leaf_of(position(key), leaves))
            for partition, key in stage.host(self._replica).disk.places()
        )
        count.fullest = max(held.values())
        stage.note(
            f"{LOOKED_FOR_US // SECOND} s after that {count.old} of {CHANGED} are old; "
            f"{count.roots_differ} of {count.roots} trees differ"
        )
        count.steps = tuple(stage.steps)
