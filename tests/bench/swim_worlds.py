"""Experiments with simulated members: how news spreads, how death is found, who is wrongly accused.

Each runs real nodes in `cluster.sim.world` and returns numbers; `swim_figures` prints them beside
published ones, `tests/sim/test_swim_figures.py` holds their shapes. Everybody knows everybody from
the start (a join of a thousand is not what is measured) and nobody uses the ring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import exp
from random import Random
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import LAN, MS, SECOND, Config, MembershipConfig, ObserveConfig
from cluster.model.facts import Fact, MemberChanged, PulseReported, SuspicionRaised
from cluster.model.member import Address, Claim, MemberState, NodeId
from cluster.protocol.inputs import Received
from cluster.protocol.messages import Gossip, Packet
from cluster.protocol.node import Node
from cluster.sim.world import START, World

AWAKE_AGAIN_US: Final = 1_000_000 * SECOND
"""A `stall_us` that is never reached: our own protection of pauses is not part of the papers."""
QUIET: Final = ObserveConfig(pulse_period_us=SECOND, traced_messages_per_s=0)


def lan(**changes: object) -> Config:
    """The LAN profile with some of its membership changed."""
    membership = replace(LAN.membership, **changes)
    return replace(LAN, membership=membership, observe=QUIET)


def node(world: World, name: str) -> Node:
    """The node that runs on a machine."""
    running = world.host(name).node
    assert running is not None
    return running


def acquainted(members: int, seed: int, config: Config, *, in_step: bool = False) -> World:
    """A world where each of so many members knows all others.

    `in_step`: all periods begin in the same instant, as papers assume; else they are spread out.
    """
    world = World(seed, config)
    rng = Random(f"{seed}/starts")
    names = [f"n{i}" for i in range(1, members + 1)]
    delay = {name: 0 if in_step else rng.randrange(SECOND) for name in names}
    for name in sorted(names, key=lambda n: (delay[n], n)):
        world.run(START + delay[name])
        world.start(name)
    claims = [node(world, name).members.own for name in names]
    for name in names:
        roster = node(world, name).members.roster
        for claim in claims:
            if claim.name != name:
                roster.put(claim)
    world.run(START + 2 * SECOND)
    return world


# --- Serf: how fast one piece of news is everywhere ------------------------------------------------


def spread_s(members: int, seed: int, shares: tuple[float, ...], plants: int) -> list[list[float]]:
    """Virtual seconds until these shares of the members know one piece of news, `plants` times.

    The news is that a member has raised its incarnation.
    """
    world = acquainted(members, seed, lan())
    rng = Random(f"{seed}/news")
    runs: list[list[float]] = []
    for _ in range(plants):
        subject = NodeId(f"n{rng.randint(1, members)}")
        told: list[int] = [world.now]

        def watch(fact: Fact, subject: NodeId = subject, told: list[int] = told) -> None:
            payload = fact.payload
            if isinstance(payload, MemberChanged) and payload.claim.name == subject:
                told.append(world.now)

        world.watchers.append(watch)
        began = world.now
        _accuse(world, subject)
        assert world.until(lambda told=told: len(told) >= members, 60 * SECOND), f"seed {seed}"
        runs.append([(told[_needed(share, members) - 1] - began) / SECOND for share in shares])
        world.watchers.remove(watch)
        world.run(world.now + 3 * SECOND)
    return runs


def _needed(share: float, members: int) -> int:
    return min(members, max(1, -int(-share * members // 1)))


def _accuse(world: World, subject: NodeId) -> None:
    """A stranger calls a member suspect; it refutes, and that is the news.

    What it says at once goes nowhere: only its gossip and its probes carry the news.
    """
    accused = node(world, subject)
    claim = replace(accused.members.own, state=MemberState.SUSPECT)
    packet = Packet(LAN.cluster, NodeId("stranger"), 1, 1, 0, False, Gossip(), (claim,))
    accused.handle(Received(packet, Address("10.9.9.9:7000"), 100), world.now)


# --- SWIM: how soon a death is noticed, and what it costs ------------------------------------------

SWIM: Final = lan(
    probe_scaling="none", nacks=False, suspicion="fixed", buddy=False, stall_us=AWAKE_AGAIN_US
)


def periods_to_suspicion(members: int, seed: int, victims: int) -> list[float]:
    """Probe periods from each of several silent deaths to the first verdict of a probe.

    Periods run in step and a victim dies as one begins, as in SWIM's analysis.
    """
    period = SWIM.membership.probe_period_us
    world = acquainted(members, seed, SWIM, in_step=True)
    rng = Random(f"{seed}/victims")
    names = rng.sample([f"n{i}" for i in range(1, members + 1)], victims)
    found: dict[NodeId, int] = {}

    def watch(fact: Fact) -> None:
        if isinstance(fact.payload, SuspicionRaised):
            found.setdefault(fact.payload.subject, world.now)

    world.watchers.append(watch)
    waits: list[float] = []
    for name in names:
        world.run(START + ((world.now - START) // period + 3) * period - 1)
        died = world.now + 1
        world.kill(name, silent=True)
        victim = NodeId(name)
        assert world.until(lambda victim=victim: victim in found, 60 * SECOND), f"seed {seed}"
        waits.append(round((found[victim] - died) / period, 3))
    return waits


class Load(Struct, frozen=True):
    """What one member sends in one second, on average."""

    datagrams: float
    busiest: float
    """Datagrams of the busiest member."""


def load(members: int, seed: int, seconds: int) -> Load:
    """What members of a healthy cluster of this size send."""
    world = acquainted(members, seed, lan())
    sent: Counter[NodeId] = Counter()

    def watch(fact: Fact) -> None:
        if isinstance(fact.payload, PulseReported):
            told = fact.payload.sent
            sent[fact.node] += sum(told.values()) - told.get("pushpull", 0)

    world.watchers.append(watch)
    world.run(world.now + seconds * SECOND)
    mean = sum(sent.values()) / members / seconds
    return Load(mean, max(sent.values()) / seconds)


# --- Lifeguard: who is wrongly accused --------------------------------------------------------------

Variant = Literal["SWIM", "LHA-Probe", "LHA-Suspicion", "Buddy System", "Lifeguard"]


def lifeguard(variant: Variant) -> Config:
    """One of the five configurations of Lifeguard's paper (its alpha 5, beta 6, K 3, S 8)."""
    every = variant == "Lifeguard"
    probe = every or variant == "LHA-Probe"
    return lan(
        probe_scaling="both" if probe else "none",
        nacks=probe,
        suspicion="dynamic" if every or variant == "LHA-Suspicion" else "fixed",
        buddy=every or variant == "Buddy System",
        suspicion_min_us=5 * SECOND,
        suspicion_max_us=30 * SECOND,
        suspicion_confirmations=3,
        health_max=8,
        stall_us=AWAKE_AGAIN_US,
    )


VARIANTS: Final[tuple[Variant, ...]] = (
    "SWIM",
    "LHA-Probe",
    "LHA-Suspicion",
    "Buddy System",
    "Lifeguard",
)


class Stress(Struct, frozen=True):
    """Members that are hindered again and again, all at once."""

    members: int
    stressed: int
    paused_us: int
    awake_us: int
    seconds: int
    way: Literal["clogged", "stopped"] = "clogged"
    """Clogged: their messages wait, both ways, while their timers run (the paper's slow message
    processing). Stopped: the whole process is, as by SIGSTOP. A stopped member says that it
    suspects somebody a whole pause before it can say that somebody is dead: the accused has refuted
    long before, and no healthy observer ever believes it, whatever the configuration."""


class Accusations(Struct, frozen=True):
    """How often a member that was never stressed was declared dead, counted at each observer."""

    all: int
    healthy: int
    """Of those, at observers that were not stressed either."""
    sent: int
    """Datagrams of the whole cluster."""


def accusations(stress: Stress, config: Config, seed: int) -> Accusations:
    """What one hostile stretch of time does to the good name of healthy members."""
    world = acquainted(stress.members, seed, config)
    rng = Random(f"{seed}/stress")
    chosen = rng.sample(sorted(world.hosts), stress.stressed)
    sick = frozenset(chosen)
    counts = {"all": 0, "healthy": 0, "sent": 0}

    def watch(fact: Fact) -> None:
        payload = fact.payload
        if isinstance(payload, PulseReported):
            counts["sent"] += sum(payload.sent.values())
        elif isinstance(payload, MemberChanged) and _wrongly_dead(payload.claim, sick):
            counts["all"] += 1
            counts["healthy"] += fact.node not in sick

    world.watchers.append(watch)
    end = world.now + stress.seconds * SECOND
    while world.now < end:
        _for_each(chosen, world.clog if stress.way == "clogged" else world.pause)
        world.run(min(end, world.now + stress.paused_us))
        _for_each(chosen, world.unclog if stress.way == "clogged" else world.resume)
        world.run(world.now + stress.awake_us)
    world.run(world.now + 10 * SECOND)
    return Accusations(**counts)


def _wrongly_dead(claim: Claim, sick: frozenset[NodeId]) -> bool:
    return claim.state is MemberState.DEAD and claim.name not in sick


def _for_each(names: list[NodeId], act: Callable[[str], None]) -> None:
    for name in names:
        act(name)


# --- formulas ---------------------------------------------------------------------------------------


def serf_formula_s(members: int, share: float, config: MembershipConfig, loss: float = 0) -> float:
    """Serf's simulator (website, convergence simulator): seconds until this share has heard.

    The share after x rounds is 1 / (1 + (N + 1) e^(-b N x)), b = fanout / N * (1 - loss) / 2; the
    answer is the first whole round.
    """
    beta = config.gossip_fanout / members * (1 - loss) / 2
    rounds = 0
    while 1 / (1 + (members + 1) * exp(-beta * members * rounds)) < share:
        rounds += 1
    return rounds * config.gossip_period_us / SECOND


def serf_share(members: int, seconds: float, config: MembershipConfig) -> float:
    """The share that the same formula gives at a moment."""
    rounds = seconds * SECOND / config.gossip_period_us
    return 1 / (1 + (members + 1) * exp(-config.gossip_fanout / 2 * rounds))


STARVED: Final = Stress(64, 8, 16_384 * MS, 1 * MS, 180)
"""Heard for less than a round trip, cut off for longer than a fixed suspicion lasts: what the
stressed members hear of others is always old news. The paper's grid has this corner (pauses of
128 ms to 32.768 s, 1 ms to 16.384 s apart)†."""
