"""Pair 10: one of three owners is killed while 100 keys of its own are written. Who gets an answer?

The wrong way insists on the owners themselves: every write asks for all three primaries (`pw=3`), so
that none of them can miss anything. While one is down nothing is acknowledged: each client waits
for its deadline and is told that nobody knows. The right way is the demo's own (sloppy quorum, W=2):
another node stands in for the absent owner and keeps a hint, and when the owner is back it is given
what it missed. Trees are off in both worlds, so that hints alone bring it home.

Writing begins in the moment of the kill, before anybody has noticed it.
"""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import MS, SECOND
from cluster.model.facts import Fact, HintsDelivered
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.protocol.messages import PutRequest
from cluster.sim.pairs.copies.holding import NO_TREES, owned_by
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import QUIET, Stage

NODES: Final = 5
KEYS: Final = 100
DOWN_US: Final = 5 * SECOND
"""From the kill to the restart: longer than its death takes to be known, or any write to be answered."""
HOME_WITHIN_US: Final = 5 * SECOND
"""Of the restart."""
INSIST: Final = QUIET.ring.replicas


class Count(Struct):
    """What one way came to."""

    acknowledged: int = 0
    slowest_us: int = 0
    """Of all answers, whatever they said."""
    hints: int = 0
    """That waited for the killed owner when it was started again, at all nodes."""
    left: int = 0
    """Of these, `HOME_WITHIN_US` later."""
    delivered: int = 0
    """Hints that it has said to have on disk."""
    home_us: int = 0
    """From its start until no hint waited for it."""
    held: int = 0
    """Of the keys, those on its disk in the end, with their values."""
    steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same kill, with all primaries asked for and with stand-ins."""
    strict = _Run("wrong", INSIST, seed, progress).count
    sloppy = _Run("right", 0, seed, progress).count
    return Outcome(
        steps=(*strict.steps, *sloppy.steps),
        wrong=_figures(strict),
        right=(
            *_figures(sloppy),
            Figure("from the restart until no hint was left", sloppy.home_us // MS, "ms"),
        ),
        claims=(
            check(
                "all owners or nothing: while one is down no write is acknowledged",
                strict.acknowledged,
                "==",
                0,
                unit="acknowledged",
                of=KEYS,
                of_what="writes",
            ),
            check(
                "with stand-ins: every write is acknowledged",
                sloppy.acknowledged,
                "==",
                KEYS,
                unit="acknowledged",
                of=KEYS,
                of_what="writes",
            ),
            check(
                "with stand-ins: a hint waits for each of them",
                sloppy.hints,
                ">=",
                KEYS,
                unit="hints",
                of=KEYS,
                of_what="writes",
            ),
            check(
                "with stand-ins: none is left 5 s after the owner is back",
                sloppy.left,
                "==",
                0,
                unit="hints left",
                of=sloppy.hints,
                of_what="hints",
            ),
            check(
                "with stand-ins: the owner holds all that it missed",
                sloppy.held,
                "==",
                KEYS,
                unit="keys on its disk",
                of=sloppy.delivered,
                of_what="hints delivered",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("acknowledged while one of three is down", count.acknowledged, f"of {KEYS}"),
        Figure("slowest answer", round(count.slowest_us / SECOND, 3), "s"),
        Figure("hints when the owner came back", count.hints, "hints"),
    )


class _Run:
    """One way."""

    def __init__(self, way: Way, pw: int, seed: int, progress: Progress | None) -> None:
        count = self.count = Count()
        config = replace(QUIET, repair=NO_TREES)
        stage = self._stage = Stage(way, seed, NODES, config, progress, self._hear)
        rng = Random(f"{seed}/one down")
        owner = self._owner = NodeId(rng.choice(stage.names))
        keys = list(islice(owned_by(stage, owner, rng), KEYS))
        stage.world.kill(owner)
        killed_at = stage.world.now
        stage.names.remove(owner)
        asked = f"all {pw} owners must take it" if pw else "W=2, others may stand in"
        stage.note(f"{owner} is killed; {KEYS} keys of its own are written ({asked})")
        names = stage.names
        puts = (
            (names[i % len(names)], PutRequest(key, b"v" + key, pw=pw))
            for i, key in enumerate(keys)
        )
        answers = stage.load(puts, at_once=KEYS)
        count.acknowledged = sum(answer.written for answer in answers)
        count.slowest_us = max(answer.took_us for answer in answers)
        stage.note(f"{count.acknowledged} of {KEYS} are acknowledged")
        stage.world.run(max(stage.world.now, killed_at + DOWN_US))
        count.hints = self._waiting()
        stage.names.append(owner)
        stage.world.start(owner, (names[0],))
        stage.note(f"{owner} is started again; {count.hints} hints wait for it")
        empty = lambda: self._waiting() == 0  # noqa: E731
        began = stage.world.now
        stage.world.until(empty, HOME_WITHIN_US)
        count.home_us, count.left = stage.world.now - began, self._waiting()
        stage.settle()
        stage.run(SECOND)
        count.held = sum(self._holds(key) for key in keys)
        stage.note(f"{count.left} hints are left, {owner} holds {count.held} of the {KEYS} keys")
        count.steps = tuple(stage.steps)

    def _hear(self, fact: Fact) -> None:
        match fact.payload:
            case HintsDelivered(target, delivered) if target == self._owner:
                self.count.delivered += delivered
            case _:
                pass

    def _waiting(self) -> int:
        """Hints for the killed owner, at whoever runs."""
        return sum(node.hints.depth(self._owner) for node in self._stage.nodes())

    def _holds(self, key: bytes) -> bool:
        partition = partition_of(key, self._stage.world.config.ring.partitions)
        record = self._stage.host(self._owner).disk.record(partition, key)
        siblings = record.versions.siblings if record is not None else ()
        # A put that waited may have been minted twice: one value, two siblings.
        return {sibling.value for sibling in siblings} == {b"v" + key}
