"""Pair 17: eight nodes, then sixteen. What does it cost each of them to know who is alive?

The wrong way has every node ping every other in each period, as heartbeats in a mesh do: who joins
costs every node one ping more, and one answer. The right way is SWIM as the nodes of this cluster
play it: each pings one member a period, so that its work does not grow with their number. Both ways
the same nodes answer the pings, gossip, exchange views and compare their hash trees, and all
of that is counted; only who is pinged differs. That one ping is enough is shown at the end: the
power of one machine fails, and everybody comes to know.

A message is counted where a node takes it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import SECOND
from cluster.model.member import NodeId
from cluster.protocol.messages import Packet, Ping
from cluster.sim.host import Host
from cluster.sim.pairs.alive.beliefs import Beliefs
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import QUIET, Stage

FEW: Final = 8
MANY: Final = 16
COUNTED_US: Final = 30 * SECOND
CALM_US: Final = 5 * SECOND
"""After the founding, before anything is counted: its rumours and comparisons are over by then."""
FOUND_WITHIN_US: Final = 30 * SECOND
"""Many times what a verdict takes."""
PERIOD_US: Final = QUIET.membership.probe_period_us
NEVER_US: Final = 100_000 * SECOND
UNASKED: Final = replace(
    QUIET, membership=replace(QUIET.membership, probe_period_us=NEVER_US, health_max=0)
)
"""The nodes' own probes are off: the mesh's pings take their place."""
FIRST_NUMBER: Final = 1_000_000
"""Of the mesh's pings: far from any number of a node's own."""


class Count(Struct, frozen=True):
    """What one way came to with one number of nodes."""

    nodes: int
    messages: int
    """Taken by all nodes together while it was counted."""
    pings: int
    knew: int
    """Of those left, how many came to hold the lost machine's node dead; 0 when none was lost."""
    steps: tuple[Step, ...]

    @property
    def each(self) -> float:
        """Messages of one node in a second."""
        return self.messages * SECOND / COUNTED_US / self.nodes


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """Both ways with eight nodes and with sixteen."""
    mesh = [_Run("wrong", seed, nodes, progress).count for nodes in (FEW, MANY)]
    swim = [_Run("right", seed, nodes, progress).count for nodes in (FEW, MANY)]
    return Outcome(
        steps=tuple(step for count in (*mesh, *swim) for step in count.steps),
        wrong=_figures(*mesh),
        right=_figures(*swim),
        claims=(
            check(
                "asking all: with twice the nodes, each has twice the messages",
                _growth(*mesh),
                ">=",
                2,
                unit="times as many",
                of=sum(count.messages for count in mesh),
                of_what="messages",
            ),
            check(
                "asking one at random: with twice the nodes, each has hardly more",
                _growth(*swim),
                "<=",
                1.3,
                unit="times as many",
                of=sum(count.messages for count in swim),
                of_what="messages",
            ),
            check(
                "asking one at random: a lost machine is known to all others",
                swim[1].knew,
                "==",
                MANY - 1,
                unit="nodes hold it dead",
                of=MANY - 1,
                of_what="others",
            ),
        ),
    )


def _growth(few: Count, many: Count) -> float:
    return round(many.each / few.each, 2) if few.messages else 0.0


def _figures(few: Count, many: Count) -> tuple[Figure, ...]:
    return (
        Figure(f"each of {FEW} nodes", round(few.each, 1), "messages a second"),
        Figure(f"each of {MANY} nodes", round(many.each, 1), "messages a second"),
        Figure("twice the nodes", _growth(few, many), "times as many"),
        Figure(f"all {MANY} together", round(many.pings * SECOND / COUNTED_US), "pings a second"),
    )


class _Run:
    """One way with one number of nodes."""

    def __init__(self, way: Way, seed: int, nodes: int, progress: Progress | None) -> None:
        self._counting = False
        self._messages = self._pings = 0
        self._asked = FIRST_NUMBER
        beliefs = Beliefs()
        config = UNASKED if way == "wrong" else QUIET
        self._stage = stage = Stage(way, seed, nodes, config, progress, beliefs.hear, self._hear)
        whom = "one at random"
        if way == "wrong":
            whom = f"all {nodes - 1} others"
            for place, name in enumerate(stage.names):
                # Spread over the period, as nodes that started at different moments are.
                stage.world.after(PERIOD_US * place // nodes, lambda name=name: self._ask(name))
        stage.run(CALM_US)
        stage.note(f"each pings {whom}, every {PERIOD_US / SECOND:g} s")
        self._counting = True
        stage.run(COUNTED_US)
        self._counting = False
        each = self._messages * SECOND / COUNTED_US / nodes
        stage.note(f"each has {each:.1f} messages a second")
        knew = self._lose(beliefs) if way == "right" and nodes == MANY else 0
        self.count = Count(nodes, self._messages, self._pings, knew, tuple(stage.steps))

    def _ask(self, name: str) -> None:
        """One node pings all others, and again a period later."""
        stage = self._stage
        stage.world.after(PERIOD_US, lambda: self._ask(name))
        for other in stage.names:
            if other != name:
                self._asked += 1
                stage.send(name, other, Ping(self._asked, NodeId(other)))

    def _lose(self, beliefs: Beliefs) -> int:
        """The power of the last machine fails; how many of the others come to know."""
        stage = self._stage
        lost = NodeId(stage.names.pop())
        beliefs.forget()
        stage.world.kill(lost, silent=True)
        stage.note(f"the machine of {lost} loses its power")
        others = len(stage.names)
        took = stage.wait(
            lambda: len(beliefs.who_buries(lost)) >= others, FOUND_WITHIN_US, "all know"
        )
        stage.note(f"all {others} others know, after {took / SECOND:.1f} s")
        return len(beliefs.who_buries(lost))

    def _hear(self, _host: Host, packet: Packet) -> None:
        if self._counting:
            self._messages += 1
            self._pings += isinstance(packet.body, Ping)
