"""Pair 5: five times more than one process can take, with and without a bound on its mailbox.

First it is measured what the master of a `primary` cluster gets done when it never rests. Then five
times as many requests arrive per second, for some seconds, at any node, as they do when nobody
waits for anybody (an open load; Poisson arrivals). An unbounded mailbox takes all of them: it grows,
and before long every answer comes too late, while the master works for clients that have given up.
A bounded one refuses at once what it has no room for, and those it takes are answered in time.

The same load on a `masterless` cluster of the same nodes is what sharding does about it. How long
the mailbox is, is what the master says itself, in its pulses. Disks are slow in all three worlds, so
that 5 x is a number of requests that can be counted in a few seconds.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from cluster.config import MS, SECOND, ArchitectureConfig, ObserveConfig
from cluster.model.facts import Fact, PulseReported
from cluster.protocol.effects import Response
from cluster.protocol.messages import PutRequest, Refusal
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check, percent
from cluster.sim.pairs.stage import QUIET, Answered, Stage

NODES: Final = 5
OVERLOAD: Final = 5
LASTING_US: Final = 6 * SECOND
"""How long the load arrives: three times the deadline, so that the unbounded queue is past it."""
QUEUE_MAX: Final = 64
IN_TIME_US: Final = SECOND
"""What an accepted request may take, at the 99th percentile, when the queue is bounded."""
PROBES: Final = 400
"""Requests by which the master's rate is measured."""
SLOW_DISK_US: Final = (4 * MS, 8 * MS)
PULSE_US: Final = 50 * MS


class Count(Struct):
    """What came of one way."""

    served_per_s: float = 0
    offered: int = 0
    took_us: list[int] = field(default_factory=list[int])
    """Of the acknowledged, sorted."""
    late: int = 0
    """Acknowledged among those that arrived in the last third."""
    late_offered: int = 0
    refused: int = 0
    queue: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(when since the load began, how long), as the master said while the load arrived."""
    steps: tuple[Step, ...] = ()

    @property
    def longest(self) -> int:
        """The longest mailbox."""
        return max((length for _, length in self.queue), default=0)

    @property
    def slope(self) -> float:
        """Of a straight line through the mailbox's lengths: requests a second."""
        return round(slope(self.queue) * SECOND, 1)

    @property
    def p99_us(self) -> int:
        """Of what was acknowledged."""
        return self.took_us[(len(self.took_us) - 1) * 99 // 100] if self.took_us else 0


def slope(points: list[tuple[int, int]]) -> float:
    """Of the line with the least squares through these points; 0 where there is none."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / max(1, count)
    mean_y = sum(y for _, y in points) / max(1, count)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def play(seed: int, progress: Progress | None = None, lasting_us: int = LASTING_US) -> Outcome:
    """The same overload without a bound, with one, and without a master."""
    unbounded = _primary("wrong", 0, seed, progress, lasting_us)
    rate = unbounded.served_per_s * OVERLOAD
    bounded = _primary("right", QUEUE_MAX, seed, progress, lasting_us)
    stage = _stage("right", ArchitectureConfig(), seed, progress)
    shared = Count(steps=())
    _overload(stage, shared, rate, lasting_us, seed)
    shared.steps = tuple(stage.steps)
    return Outcome(
        steps=(*unbounded.steps, *bounded.steps, *shared.steps),
        wrong=_figures(unbounded),
        right=(
            *_figures(bounded),
            Figure(
                "acknowledged of the same load without a master",
                percent(len(shared.took_us), shared.offered),
                "%",
            ),
        ),
        claims=(
            check(
                "unbounded: the queue grows faster than it is served",
                unbounded.slope,
                ">=",
                unbounded.served_per_s,
                unit="requests/s",
                of=len(unbounded.queue),
                of_what="pulses",
            ),
            check(
                "unbounded: of what arrives in the last third, nothing is answered in time",
                unbounded.late,
                "==",
                0,
                unit="acknowledged",
                of=unbounded.late_offered,
                of_what="requests",
            ),
            check(
                "bounded: the queue stays within its limit",
                bounded.longest,
                "<=",
                QUEUE_MAX,
                unit="requests",
                of=len(bounded.queue),
                of_what="pulses",
            ),
            check(
                "bounded: what has no room is refused at once",
                bounded.refused,
                ">",
                0,
                unit="refused",
                of=bounded.offered,
                of_what="requests",
            ),
            check(
                "bounded: what is accepted is answered in time (99th percentile)",
                round(bounded.p99_us / SECOND, 3),
                "<=",
                IN_TIME_US / SECOND,
                unit="s",
                of=len(bounded.took_us),
                of_what="acknowledged",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("longest queue", count.longest, "requests"),
        Figure("growth of the queue", count.slope, "requests/s"),
        Figure("99th percentile of the acknowledged", round(count.p99_us / SECOND, 3), "s"),
        Figure("acknowledged", percent(len(count.took_us), count.offered), "%"),
        Figure("acknowledged in the last third", percent(count.late, count.late_offered), "%"),
        Figure("refused at once", percent(count.refused, count.offered), "%"),
    )


def _stage(way: Way, kind: ArchitectureConfig, seed: int, progress: Progress | None) -> Stage:
    observe = ObserveConfig(pulse_period_us=PULSE_US, traced_messages_per_s=0)
    config = replace(QUIET, architecture=kind, observe=observe)
    stage = Stage(way, seed, NODES, config, progress)
    for name in stage.names:
        stage.host(name).disk.sync_us = SLOW_DISK_US
    return stage


def _primary(
    way: Way, queue_max: int, seed: int, progress: Progress | None, lasting_us: int
) -> Count:
    founders = tuple(f"n{number}" for number in range(1, NODES + 1))
    kind = ArchitectureConfig("primary", founders, queue_max)
    stage = _stage(way, kind, seed, progress)
    count = Count()
    puts = ((_anyone(stage, i), PutRequest(b"probe %d" % i, b"v")) for i in range(PROBES))
    began = stage.world.now
    stage.load(puts, at_once=QUEUE_MAX // 2)
    count.served_per_s = round(PROBES * SECOND / (stage.world.now - began), 1)
    bound = f"at most {queue_max} waiting" if queue_max else "any number waiting"
    stage.note(f"{founders[0]} is master, {bound}: it serves {count.served_per_s:g} requests/s")
    _overload(stage, count, count.served_per_s * OVERLOAD, lasting_us, seed)
    count.steps = tuple(stage.steps)
    return count


def _anyone(stage: Stage, number: int) -> str:
    return stage.names[number % len(stage.names)]


def _overload(stage: Stage, count: Count, rate: float, lasting_us: int, seed: int) -> None:
    """Requests arrive whether or not those before were answered."""
    world = stage.world
    began, end = world.now, world.now + lasting_us
    late_from = began + lasting_us * 2 // 3
    rng = Random(f"{seed}/arrivals")
    open_requests = 0

    def arrive() -> None:
        nonlocal open_requests
        if world.now >= end:
            return
        world.after(int(rng.expovariate(rate) * SECOND), arrive)
        count.offered += 1
        open_requests += 1
        late = world.now >= late_from
        count.late_offered += late
        asked = world.now
        request = PutRequest(b"answer %d" % count.offered, b"v")
        world.ask(_anyone(stage, count.offered), request, lambda r: answered(r, asked, late))

    def answered(response: Response, asked: int, late: bool) -> None:
        nonlocal open_requests
        open_requests -= 1
        answer = Answered(response, world.now - asked)
        count.refused += isinstance(response, Refusal)
        if answer.written:
            count.took_us.append(answer.took_us)
            count.late += late

    def hear(fact: Fact) -> None:
        pulse = fact.payload
        if fact.node == "n1" and isinstance(pulse, PulseReported) and world.now <= end:
            count.queue.append((world.now - began, pulse.queue))

    world.watchers.append(hear)
    arrive()
    stage.run(lasting_us)
    stage.wait(lambda: not open_requests, 10 * SECOND, "every request is answered or given up")
    count.took_us.sort()
    stage.note(
        f"{count.offered:,} requests in {lasting_us / SECOND:g} s, {rate:,.0f}/s: "
        f"{len(count.took_us):,} acknowledged"
    )
