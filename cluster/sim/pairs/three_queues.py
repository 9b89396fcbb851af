"""Pair 5 again, across nodes: the same overload in a pipeline, and three things to do about it.

A source at n1 brings five times what a stage at n2 can do; n3 takes what comes out. Without a bound
everything is sent on at once and waits at n2: the queue grows by what is not done, and so does the
age of what comes out. A stage that sheds refuses what has no room: what it lets in comes out in
time, the rest is lost to it, and said to be. With demand (GenStage) n2 asks for what it has room for
and n1 sends no more; nothing is refused, no queue is longer than was asked for, and what is too much
stays where it came from, at the source, counted. That is no magic: it waits there for as long, but
it is the source that knows, and can decide.

When the flood ends, everything that was let in comes out. All figures are what the nodes say of
their stages with each pulse.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from cluster.config import MS, SECOND, ObserveConfig
from cluster.model.facts import Fact, FlowMeasured
from cluster.model.flow.pipeline import FlowSpec, StageRow, StageSpec
from cluster.model.flow.pipeline import Way as FlowWay
from cluster.model.member import NodeId
from cluster.protocol.inputs import FlowCommand
from cluster.sim.pairs.one_queue import slope
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check, percent
from cluster.sim.pairs.stage import QUIET, Stage

OVERLOAD: Final = 5
COST_US: Final = 5 * MS
"""What n2 takes for one item."""
SERVED_PER_S: Final = SECOND // COST_US
LASTING_US: Final = 6 * SECOND
QUEUE_MAX: Final = 64
"""Of the stage that sheds, and what a stage that asks keeps asked for or queued."""
IN_TIME_US: Final = QUEUE_MAX * COST_US + 100 * MS
"""An item that was let in waits for those before it, and a moment for the turns of two nodes."""
PULSE_US: Final = 50 * MS
DRAINED_WITHIN_US: Final = 60 * SECOND
FLOW: Final = "quiz"
STAGES: Final = 3


class Pulse(Struct, frozen=True):
    """What waits where at one moment since the flood began."""

    at_us: int
    source: int
    """Items that nobody has taken yet."""
    queue: int
    """Items at n2."""
    refused: int
    out: int
    """Items that have come out at n3."""
    oldest_us: int
    """99th percentile of the ages of what came out last."""


class Course(Struct, frozen=True):
    """One way of meeting the flood, pulse by pulse, while it lasts."""

    way: FlowWay
    arrive_per_s: int
    served_per_s: int
    pulses: tuple[Pulse, ...]


class Seen(Struct):
    """What the nodes said of one pipeline."""

    last: dict[int, StageRow] = field(default_factory=dict[int, StageRow])
    longest: dict[int, int] = field(default_factory=dict[int, int])
    """By stage: the most it ever held."""
    queue: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(when since the flood began, how many items n2 held), while it lasted."""
    ages: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(when, the 99th percentile of the ages of what came out since the pulse before)."""
    waiting: int = 0
    """The most that waited at the source."""
    steps: tuple[Step, ...] = ()
    pulses: list[Pulse] = field(default_factory=list[Pulse])

    def pulse(self, at_us: int) -> None:
        """Write down how it is now, once a pulse."""
        if len(self.last) < STAGES or (self.pulses and at_us - self.pulses[-1].at_us < PULSE_US):
            return
        source, middle, end = (self.last[index] for index in range(STAGES))
        old = end.p99_us or (self.pulses[-1].oldest_us if self.pulses else 0)
        self.pulses.append(Pulse(at_us, source.waiting, middle.queue, self.refused, end.left, old))

    @property
    def growth(self) -> float:
        """Of n2's queue while the flood lasts: items a second."""
        return round(slope(self.queue) * SECOND, 1)

    @property
    def ageing(self) -> float:
        """By how many seconds what comes out is older with each second of the flood."""
        return round(slope(self.ages), 2)

    @property
    def oldest_us(self) -> int:
        """The worst of these percentiles."""
        return max((age for _, age in self.ages), default=0)

    @property
    def refused(self) -> int:
        """By all stages."""
        return sum(row.refused for row in self.last.values())

    @property
    def arrived(self) -> int:
        """At the source, in all."""
        source = self.last[0]
        return source.entered + source.refused + source.waiting

    @property
    def missing(self) -> int:
        """Items that neither came out nor were refused, once all is quiet."""
        return self.arrived - self.last[2].left - self.refused


def courses(seed: int, lasting_us: int = LASTING_US) -> tuple[Course, ...]:
    """The same three, for who wants to see them: no bound, shedding, demand."""
    ways: tuple[tuple[FlowWay, Way], ...] = (
        ("unbounded", "wrong"),
        ("shed", "right"),
        ("demand", "right"),
    )
    return tuple(
        Course(
            way,
            OVERLOAD * SERVED_PER_S,
            SERVED_PER_S,
            tuple(_played(way, lesson, seed, None, lasting_us).pulses),
        )
        for way, lesson in ways
    )


def play(seed: int, progress: Progress | None = None, lasting_us: int = LASTING_US) -> Outcome:
    """The same overload three times."""
    unbounded = _played("unbounded", "wrong", seed, progress, lasting_us)
    shed = _played("shed", "right", seed, progress, lasting_us)
    demand = _played("demand", "right", seed, progress, lasting_us)
    too_much = SERVED_PER_S * (OVERLOAD - 1)
    return Outcome(
        steps=(*unbounded.steps, *shed.steps, *demand.steps),
        wrong=_figures(unbounded),
        right=(
            *_figures(demand),
            Figure("longest queue, shedding", shed.longest[1], "items"),
            Figure("oldest that came out, shedding", round(shed.oldest_us / SECOND, 3), "s"),
            Figure("refused, shedding", percent(shed.refused, shed.arrived), "%"),
            Figure("most that waited at the source, with demand", demand.waiting, "items"),
        ),
        claims=(
            check(
                "unbounded: the queue grows by (nearly all) that is too much",
                unbounded.growth,
                ">=",
                0.9 * too_much,
                unit="items/s",
                of=len(unbounded.queue),
                of_what="pulses",
            ),
            check(
                "unbounded: what comes out is older with every second",
                unbounded.ageing,
                ">=",
                0.5,
                unit="s per s",
                of=len(unbounded.ages),
                of_what="pulses",
            ),
            check(
                "shedding: no queue is longer than its bound",
                max(shed.longest.values()),
                "<=",
                QUEUE_MAX,
                unit="items",
                of=len(shed.queue),
                of_what="pulses",
            ),
            check(
                "shedding: what has no room is refused, and counted",
                shed.refused,
                ">",
                0,
                unit="refused",
                of=shed.arrived,
                of_what="items",
            ),
            check(
                "shedding: what is let in comes out in time (99th percentile)",
                round(shed.oldest_us / SECOND, 3),
                "<=",
                IN_TIME_US / SECOND,
                unit="s",
                of=len(shed.ages),
                of_what="pulses",
            ),
            check(
                "demand: no queue is longer than what was asked for",
                max(demand.longest.values()),
                "<=",
                QUEUE_MAX,
                unit="items",
                of=len(demand.queue),
                of_what="pulses",
            ),
            check(
                "demand: nothing is refused",
                demand.refused,
                "==",
                0,
                unit="refused",
                of=demand.arrived,
                of_what="items",
            ),
            check(
                "demand: what is too much waits at the source, and is counted there",
                demand.waiting,
                ">=",
                round(0.9 * too_much * lasting_us / SECOND),
                unit="items",
                of=demand.arrived,
                of_what="items",
            ),
            check(
                "in all three, everything that was let in has come out in the end",
                unbounded.missing + shed.missing + demand.missing,
                "==",
                0,
                unit="missing",
                of=unbounded.arrived + shed.arrived + demand.arrived,
                of_what="items",
            ),
        ),
    )


def _figures(seen: Seen) -> tuple[Figure, ...]:
    """Of no bound and of demand, side by side. Shedding has names of its own."""
    both = "no bound against demand"
    return (
        Figure(f"longest queue, {both}", seen.longest[1], "items"),
        Figure(f"growth of the queue, {both}", seen.growth, "items/s"),
        Figure(f"oldest that came out, {both}", round(seen.oldest_us / SECOND, 3), "s"),
        Figure(f"refused, {both}", percent(seen.refused, seen.arrived), "%"),
    )


def _spec(way: FlowWay, lasting_us: int) -> FlowSpec:
    rate = OVERLOAD * SERVED_PER_S
    return FlowSpec(
        FLOW,
        way,
        (
            StageSpec("answers", "producer", NodeId("n1"), rate_per_s=rate),
            StageSpec("grade", "relay", NodeId("n2"), cost_us=COST_US),
            StageSpec("store", "consumer", NodeId("n3"), cost_us=COST_US // 5),
        ),
        max_demand=QUEUE_MAX,
        queue_max=QUEUE_MAX,
        lasting_us=lasting_us,
    )


def _played(
    way: FlowWay, lesson: Way, seed: int, progress: Progress | None, lasting_us: int
) -> Seen:
    observe = ObserveConfig(pulse_period_us=PULSE_US, traced_messages_per_s=0)
    stage = Stage(lesson, seed, 3, replace(QUIET, observe=observe), progress)
    world, seen = stage.world, Seen()
    began = world.now

    def hear(fact: Fact) -> None:
        told = fact.payload
        if not isinstance(told, FlowMeasured):
            return
        for row in told.rows:
            seen.last[row.index] = row
            seen.longest[row.index] = max(seen.longest.get(row.index, 0), row.longest)
            seen.waiting = max(seen.waiting, row.waiting)
            at = world.now - began
            if row.index == 1 and at <= lasting_us:
                seen.queue.append((at, row.queue))
            if row.kind == "consumer" and row.p99_us and at <= lasting_us:
                seen.ages.append((at, row.p99_us))
        if world.now - began <= lasting_us:
            seen.pulse(world.now - began)

    world.watchers.append(hear)
    stage.order("n2", FlowCommand(_spec(way, lasting_us)))
    stage.note(f"{way}: {OVERLOAD * SERVED_PER_S:,} items/s arrive, {SERVED_PER_S:,}/s can be done")
    stage.run(lasting_us + PULSE_US)
    waits = f", {seen.last[0].waiting:,} wait at the source" if seen.last[0].waiting else ""
    stage.note(f"the flood ends: n2 holds {seen.last[1].queue:,}, refused {seen.refused:,}{waits}")

    def quiet() -> bool:
        return not any(row.queue or row.waiting for row in seen.last.values())

    took = stage.wait(quiet, DRAINED_WITHIN_US, "no stage holds an item, and none waits")
    stage.run(SECOND)  # what was on its way between two nodes then has arrived, or never will
    stage.note(f"all is done {took / SECOND:.1f} s later: {seen.last[2].left:,} came out")
    seen.steps = tuple(stage.steps)
    return seen
