"""Pair 6: one broadcast for 300 subscribers on five nodes, by subscriber and by node.

The deck's own problem: what is sent to a remote process is copied over the network, once for each.
Both ways are really sent, by the same nodes to the same subscribers: those who listen through the
driver of each node, so that a delivery is one that arrived there. What went over the wire is what
the nodes say themselves, in the exact totals of their pulses. That the naive way must first ask who
has how many subscribers (two messages a member) is left out of its count: it is bad enough without.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import MS, SECOND, ObserveConfig
from cluster.model.facts import Fact, PulseReported
from cluster.model.member import NodeId
from cluster.protocol.effects import HandOver
from cluster.protocol.inputs import ListenCommand, PublishCommand, ScatterCommand
from cluster.sim.host import Host
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import QUIET, Stage

NODES: Final = 5
EACH: Final = 60
"""Subscribers at each node."""
TOPIC: Final = "show"
PAYLOAD: Final = b"question 7: " + b"x" * 500
PULSE_US: Final = 250 * MS
MESSAGES: Final = ("deliver", "spread")
"""What carries a broadcast, as pulses call it: for one subscriber, and for a whole node."""


class Count(Struct):
    """What the nodes said of one broadcast."""

    wire: int = 0
    """Messages sent from node to node."""
    most_wire: int = 0
    """Of them, by the busiest node."""
    handed: int = 0
    """Messages that subscribers were handed, one by one."""
    steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None, each: int = EACH) -> Outcome:
    """The same broadcast both ways."""
    apart = _one_way("wrong", seed, progress, each)
    grouped = _one_way("right", seed, progress, each)
    subscribers = NODES * each
    return Outcome(
        steps=(*apart.steps, *grouped.steps),
        wrong=_figures(apart),
        right=_figures(grouped),
        claims=(
            check(
                "one message a subscriber: as many on the wire as there are subscribers elsewhere",
                apart.wire,
                "==",
                (NODES - 1) * each,
                unit="messages",
                of=subscribers,
                of_what="subscribers",
            ),
            check(
                "grouped by node: one message for each other node",
                grouped.wire,
                "==",
                NODES - 1,
                unit="messages",
                of=subscribers,
                of_what="subscribers",
            ),
            check(
                "one message a subscriber: everybody is handed it once",
                apart.handed,
                "==",
                subscribers,
                unit="deliveries",
                of=subscribers,
                of_what="subscribers",
            ),
            check(
                "grouped by node: everybody is handed it once",
                grouped.handed,
                "==",
                subscribers,
                unit="deliveries",
                of=subscribers,
                of_what="subscribers",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("messages on the wire", count.wire, "messages"),
        Figure("sent by the busiest node", count.most_wire, "messages"),
        Figure("deliveries to subscribers", count.handed, "deliveries"),
    )


def _one_way(way: Way, seed: int, progress: Progress | None, each: int) -> Count:
    observe = ObserveConfig(pulse_period_us=PULSE_US, traced_messages_per_s=0)
    stage = Stage(way, seed, NODES, replace(QUIET, observe=observe), progress)
    for name in stage.names:
        stage.order(name, ListenCommand(TOPIC, each))
    stage.note(f"{each} subscribers at each node, {NODES * each} together")
    publisher = Random(f"{seed}/publisher").choice(stage.names)

    sent: dict[NodeId, int] = {}
    count = Count()

    def hear(fact: Fact) -> None:
        if isinstance(fact.payload, PulseReported):
            wire = sum(fact.payload.sent.get(kind, 0) for kind in MESSAGES)
            sent[fact.node] = sent.get(fact.node, 0) + wire

    def hand(_host: Host, effect: HandOver) -> None:
        count.handed += 1 if effect.listener else each

    stage.world.watchers.append(hear)
    stage.world.hearers.append(hand)
    apart = way == "wrong"
    command = ScatterCommand(TOPIC, PAYLOAD) if apart else PublishCommand(TOPIC, PAYLOAD)
    stage.order(publisher, command)
    how = "one message for each subscriber" if apart else "one message for each node"
    stage.note(f"{publisher} publishes one broadcast, {how}")
    stage.run(2 * SECOND + 2 * PULSE_US)
    count.wire, count.most_wire = sum(sent.values()), max(sent.values(), default=0)
    stage.note(f"the nodes have sent {count.wire} messages, {count.handed} deliveries were made")
    count.steps = tuple(stage.steps)
    return count
