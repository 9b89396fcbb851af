"""Pair 8: how evenly is the circle shared, with one token a node and otherwise?

A token is a random place on a circle; a node has the keys between the token before and its own
(Karger et al. 1997). With one token each, the largest of five arcs is 2.28 times the mean on
average (the harmonic number H5). 128 tokens each, as Dynamo and its followers drew them, even that
out by chance; the cluster's own partitions do so by rule (a load cap, `cluster.model.ring`).

All three share the same keys. The tokens are drawn many times over, because one draw proves
nothing; the cluster's own table is the one that five running nodes use, first with one copy of
each key, as tokens have it, then with the three that it keeps by default.
"""

from __future__ import annotations

from bisect import bisect_right
from random import Random
from typing import Final

from msgspec.structs import replace

from cluster.config import DEMO
from cluster.model.ring import Ring
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, check
from cluster.sim.pairs.stage import QUIET, Stage

NODES: Final = 5
KEYS: Final = 10_000
DRAWS: Final = 100
MANY: Final = 128
"""Tokens a node, for history's sake."""
CIRCLE: Final = 1 << 32
TYPICAL_BOUND: Final = 1.5
OWN_BOUND: Final = 1.25


def play(seed: int, progress: Progress | None = None, keys: int = KEYS) -> Outcome:
    """Share the same keys by tokens and by the cluster's own table."""
    copies = DEMO.ring.replicas
    single, several = (
        Stage("right", seed, NODES, replace(QUIET, ring=replace(DEMO.ring, replicas=n)), progress)
        for n in (1, copies)
    )
    rng = Random(f"{seed}/keys and tokens")
    hashes = sorted(rng.randrange(CIRCLE) for _ in range(keys))
    one = [_by_tokens(hashes, 1, rng) for _ in range(DRAWS)]
    many = [_by_tokens(hashes, MANY, rng) for _ in range(DRAWS)]
    own, own_copies = (_by_ring(hashes, s.node("n1").placement.ring) for s in (single, several))
    steps = (
        Step("wrong", 0, f"one random token for each of {NODES} nodes, drawn {DRAWS} times"),
        Step("wrong", 0, f"{keys:,} random places on the circle counted for each draw"),
        *single.steps,
        Step("right", single.elapsed_us, f"the same {keys:,} places counted by the nodes' table"),
    )
    mean = round(sum(one) / DRAWS, 2)
    typical = round(sorted(one)[DRAWS // 2], 2)
    question = "most keys at one node, in means"
    return Outcome(
        steps=steps,
        wrong=(
            Figure(question, mean),
            Figure("worst of all draws", round(max(one), 2)),
            Figure("best of all draws", round(min(one), 2)),
        ),
        right=(
            Figure(question, round(own, 2)),
            Figure(f"the same with {copies} copies of each key", round(own_copies, 2)),
            Figure(f"{MANY} random tokens a node, mean", round(sum(many) / DRAWS, 2)),
            Figure(f"{MANY} random tokens a node, worst of all draws", round(max(many), 2)),
        ),
        claims=(
            check(
                "with one token each, the busiest of five typically has 1.5 times the mean or more",
                typical,
                ">=",
                TYPICAL_BOUND,
                unit="of the mean",
                of=DRAWS,
                of_what="draws",
            ),
            check(
                "with the cluster's own partitions it has at most 1.25 times the mean",
                round(own, 2),
                "<=",
                OWN_BOUND,
                unit="of the mean",
                of=keys,
                of_what="keys",
            ),
            check(
                "and with three copies of each key too",
                round(own_copies, 2),
                "<=",
                OWN_BOUND,
                unit="of the mean",
                of=keys * copies,
                of_what="copies",
            ),
        ),
    )


def _by_tokens(hashes: list[int], tokens: int, rng: Random) -> float:
    """The busiest node's keys, in means, after one draw. `hashes` are sorted."""
    circle = sorted((rng.randrange(CIRCLE), node) for node in range(NODES) for _ in range(tokens))
    held = [0] * NODES
    before = 0
    for token, node in circle:
        upto = bisect_right(hashes, token)
        held[node] += upto - before
        before = upto
    held[circle[0][1]] += len(hashes) - before  # past the last token the circle begins again
    return _busiest(held)


def _by_ring(hashes: list[int], ring: Ring) -> float:
    """The same by an ownership table, counting every copy."""
    held = dict.fromkeys(ring.members, 0)
    for place in hashes:
        for owner in ring.owners[place * ring.partitions >> 32]:  # as `partition_of` has it
            held[owner] += 1
    return _busiest(list(held.values()))


def _busiest(held: list[int]) -> float:
    return max(held) * len(held) / sum(held)
