"""Pair 9: what is an acknowledgement worth that one disk gave?

One node is cut off from the others, so that nothing it replicates arrives, and takes writes of
keys it owns. Then it is killed and its disk is wiped. With W=1 it has acknowledged at once and
alone. With W=2 it cannot: after its deadline it says "maybe written", and the client asks another
node, as a client does. Same seed, same cut, same kill for both; only W differs, and so only which
acknowledgements were given. Reads ask R=2 nodes, after everybody is back and agrees.
"""

from __future__ import annotations

from itertools import cycle, islice
from random import Random
from typing import Final

from cluster.config import MS, SECOND
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.protocol.messages import GetRequest, PutRequest
from cluster.sim.pairs.copies.holding import owned_by
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import Stage

NODES: Final = 5
KEYS: Final = 100
KILL_AFTER_US: Final = 2_800 * MS
"""Of the cut: after a node's own deadline (2 s) and a second try elsewhere, for both ways."""


class Count:
    """What came of one way."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.doubted = 0
        """Writes that the cut-off node did not acknowledge."""
        self.lost = 0
        """Of the acknowledged, those that no node can read afterwards."""
        self.copies = 0
        """Of the lost, copies on any disk."""
        self.slowest_us = 0
        self.steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None, keys: int = KEYS) -> Outcome:
    """The same accident with W=1 and with W=2."""
    one = _one_way("wrong", 1, seed, progress, keys)
    two = _one_way("right", 2, seed, progress, keys)
    return Outcome(
        steps=(*one.steps, *two.steps),
        wrong=_figures(one),
        right=_figures(two),
        claims=(
            check(
                "with W=1, acknowledged keys are gone",
                one.lost,
                ">=",
                1,
                unit="keys unreadable",
                of=one.acknowledged,
                of_what="acknowledged",
            ),
            check(
                "and no disk has a copy of them",
                one.copies,
                "==",
                0,
                unit="copies",
                of=one.lost,
                of_what="keys lost",
            ),
            check(
                "with W=2, every acknowledged key can be read",
                two.lost,
                "==",
                0,
                unit="keys unreadable",
                of=two.acknowledged,
                of_what="acknowledged",
            ),
            check(
                "with W=2 as many writes are acknowledged in the end",
                two.acknowledged,
                "==",
                one.acknowledged,
                unit="acknowledged",
                of=keys,
                of_what="keys",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("acknowledged, and unreadable afterwards", count.lost, "keys"),
        Figure("acknowledged", count.acknowledged, "keys"),
        Figure("not acknowledged at the first node", count.doubted, "keys"),
        Figure("slowest acknowledgement", round(count.slowest_us / SECOND, 3), "s"),
    )


def _one_way(way: Way, w: int, seed: int, progress: Progress | None, keys: int) -> Count:
    stage = Stage(way, seed, NODES, progress=progress)
    rng = Random(f"{seed}/write-one")
    holder = rng.choice(stage.names)
    others = [name for name in stage.names if name != holder]
    values = {
        key: b"answer %d" % i for i, key in enumerate(islice(owned_by(stage, holder, rng), keys))
    }
    count = Count()

    stage.world.network.partition((NodeId(holder),), tuple(map(NodeId, others)))
    cut_at = stage.world.now
    stage.note(f"{holder} is cut off from the others: nothing that it replicates arrives")
    puts = ((holder, PutRequest(key, value, w=w)) for key, value in values.items())
    first = stage.load(puts, at_once=keys)
    written = {key: a.took_us for key, a in zip(values, first, strict=True) if a.written}
    stage.note(f"{holder} is given {keys} keys with W={w} and acknowledges {len(written)}")
    again = [key for key in values if key not in written]
    count.doubted = len(again)
    if again:
        waited = {key: a.took_us for key, a in zip(values, first, strict=True)}
        asks = zip(
            cycle(others), (PutRequest(key, values[key], w=w) for key in again), strict=False
        )
        for key, answer in zip(again, stage.load(asks, at_once=keys), strict=True):
            if answer.written:
                written[key] = waited[key] + answer.took_us
        stage.note(f"the client asks other nodes for the {len(again)}: {len(written)} acknowledged")

    stage.world.run(max(stage.world.now, cut_at + KILL_AFTER_US))
    stage.world.kill(holder)
    stage.world.wipe(holder)
    stage.note(f"{holder} is killed and its disk is wiped")
    stage.world.network.heal()
    stage.world.start(holder, (others[0],))
    stage.settle()
    stage.note(f"{holder} is back with an empty disk, all agree")

    count.acknowledged = len(written)
    count.slowest_us = max(written.values(), default=0)
    readable: set[bytes] = set()
    for name in stage.names:
        answers = stage.load((name, GetRequest(key)) for key in written)
        found = zip(written, answers, strict=True)
        readable.update(key for key, answer in found if answer.shows(values[key]))
    lost = [key for key in written if key not in readable]
    count.lost = len(lost)
    count.copies = sum(_copies(stage, key) for key in lost)
    stage.note(f"every node is asked for every acknowledged key: {len(lost)} cannot be read")
    count.steps = tuple(stage.steps)
    return count


def _copies(stage: Stage, key: bytes) -> int:
    partition = partition_of(key, stage.world.config.ring.partitions)
    return sum(host.disk.record(partition, key) is not None for host in stage.world.hosts.values())
