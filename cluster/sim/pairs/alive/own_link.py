"""Pair 2: one link of ten is broken, between n1 and n2. What does each conclude of the other?

The wrong way takes its own link for the world: nobody else is asked, and silence is a verdict. The
half way gives the accused time to refute, which it does, again and again, for the link stays
broken. The right way asks three others to try (SWIM's ping-req): the answer comes round the corner
and nobody is accused at all. Only how many are asked and how long a suspect has differs.

An ack is counted where it arrives: from the one it speaks for it is direct, from another indirect.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import SECOND, MembershipConfig
from cluster.model.facts import Fact, ProbeMissed
from cluster.model.member import NodeId
from cluster.protocol.messages import Ack, Packet
from cluster.sim.host import Host
from cluster.sim.pairs.alive.beliefs import Beliefs
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import QUIET, Stage

NODES: Final = 5
ENDS: Final = (NodeId("n1"), NodeId("n2"))
"""Of the broken link."""
LASTING_US: Final = 20 * SECOND
ASKING: Final = QUIET.membership
ALONE: Final = replace(ASKING, indirect_probes=0)
AT_ONCE: Final = replace(
    ALONE, suspicion="fixed", suspicion_min_us=0, suspicion_max_us=0, crash_suspicion_us=0
)


class Count(Struct):
    """What one way came to while the link was broken."""

    missed: int = 0
    """Direct pings between the ends that nobody answered."""
    direct: int = 0
    indirect: int = 0
    """Acks of one end that reached the other, by either way."""
    accused: int = 0
    """Suspicions that began, at any node."""
    dead_at: int = 0
    """Nodes that held an end dead, one for each end."""
    refuted: int = 0
    """By how many the incarnations of the ends have risen."""
    steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same broken link: judged alone and at once, alone with time to refute, and with help."""
    alone = _Run("wrong", AT_ONCE, seed, progress).count
    patient = _Run("wrong", ALONE, seed, progress).count
    asking = _Run("right", ASKING, seed, progress).count
    believers = 2 * (NODES - 1)
    return Outcome(
        steps=(*alone.steps, *patient.steps, *asking.steps),
        wrong=(
            *_figures(alone),
            Figure("with time to refute, nobody asked: suspicions", patient.accused, "suspicions"),
            Figure("with time to refute, nobody asked: refuted", patient.refuted, "times"),
        ),
        right=_figures(asking),
        claims=(
            check(
                "by one's own link: a healthy node is declared dead",
                alone.dead_at,
                ">=",
                1,
                unit="beliefs that an end is dead",
                of=believers,
                of_what="beliefs there could be",
            ),
            check(
                "with time to refute, but nobody asked: the healthy are accused again and again",
                patient.refuted,
                ">=",
                2,
                unit="times refuted",
                of=patient.accused,
                of_what="suspicions",
            ),
            check(
                "asking others: no answer comes over the broken link",
                asking.direct,
                "==",
                0,
                unit="direct acks",
                of=asking.missed,
                of_what="pings missed",
            ),
            check(
                "asking others: the answers come round the corner",
                asking.indirect,
                ">",
                0,
                unit="indirect acks",
                of=asking.missed,
                of_what="pings missed",
            ),
            check(
                "asking others: nobody is even suspected",
                asking.accused,
                "==",
                0,
                unit="suspicions",
                of=asking.missed,
                of_what="pings missed",
            ),
            check(
                "asking others: neither end is dead anywhere",
                asking.dead_at,
                "==",
                0,
                unit="beliefs that an end is dead",
                of=believers,
                of_what="beliefs there could be",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("beliefs that a healthy node is dead", count.dead_at, "beliefs"),
        Figure("suspicions of healthy nodes", count.accused, "suspicions"),
        Figure("pings over the broken link", count.missed, "pings"),
        Figure("acks over the broken link", count.direct, "acks"),
        Figure("acks through others", count.indirect, "acks"),
    )


class _Run:
    """One way."""

    def __init__(
        self, way: Way, membership: MembershipConfig, seed: int, progress: Progress | None
    ) -> None:
        self.count = Count()
        self._beliefs = Beliefs()
        self._broken = False
        config = replace(QUIET, membership=membership)
        stage = Stage(way, seed, NODES, config, progress, self._watch, self._overhear)
        stage.run(SECOND)
        self._beliefs.forget()
        before = self._incarnations(stage)
        one, other = ENDS
        stage.world.network.cut(one, other)
        self._broken = True
        helpers = membership.indirect_probes
        asked = f"{helpers} others are asked" if helpers else "nobody else is asked"
        patience = membership.suspicion_min_us / SECOND
        grace = f"a suspect has {patience:g} s" if patience else "no suspicion"
        stage.note(f"the link between {one} and {other} is cut; {asked}, {grace}")
        stage.run(LASTING_US)
        self._broken = False
        count = self.count
        count.accused = self._beliefs.accused
        count.dead_at = sum(len(self._beliefs.who_buries(end)) for end in ENDS)
        count.refuted = self._incarnations(stage) - before
        stage.note(
            f"after {LASTING_US / SECOND:g} s: {count.accused} suspicions, refuted "
            f"{count.refuted} times; {count.dead_at} times a node held one of them dead"
        )
        count.steps = tuple(stage.steps)

    def _incarnations(self, stage: Stage) -> int:
        return sum(stage.node(end).members.own.incarnation for end in ENDS)

    def _watch(self, fact: Fact) -> None:
        self._beliefs.hear(fact)
        match fact.payload:
            case ProbeMissed(target) if self._broken and {fact.node, target} == set(ENDS):
                self.count.missed += 1
            case _:
                pass

    def _overhear(self, host: Host, packet: Packet) -> None:
        body = packet.body
        if not isinstance(body, Ack) or not self._broken:
            return
        if host.name == body.target or {host.name, body.target} != set(ENDS):
            return
        if packet.sender == body.target:
            self.count.direct += 1
        else:
            self.count.indirect += 1
