"""Stories of clusters with masters: what the screens and the verdict say of crowns.

As `tests.tui.story`, with the same moments: at `KILLED` the network splits, or the master dies.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cluster.config import ArchitectureName
from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    MasterChosen,
    ProcessObserved,
    ReignBegan,
    ReignEnded,
    Via,
    WritesDiscarded,
)
from cluster.model.member import Address, NodeId
from cluster.model.summary import Rule
from tests.tui.story import KILLED
from tests.tui.teller import ALIVE, DEAD_STATE, MS, SECOND, START, SUSPECT, Teller
from tui.view import LAB

N1, N2, N3, N4, N5 = (NodeId(f"n{i}") for i in range(1, 6))
CROWNED: Final = START + 500 * MS
USURPED: Final = KILLED + 1_100 * MS
HEALED: Final = KILLED + 8 * SECOND
THROWN: Final = HEALED + 400 * MS


class Court:
    """A teller whose nodes have masters."""

    def __init__(self, kind: ArchitectureName) -> None:
        teller = self.teller = Teller()
        teller.architecture = kind
        fixed = kind in ("single", "primary")
        if fixed:
            teller.rules = {n: Rule(N1, 0, leads=n == N1) for n in teller.names}
        for index, name in enumerate(teller.names):
            teller.start(name, START + index * 15 * MS)
        teller.meet_all(START + 300 * MS)
        if not fixed:
            self.crown(N1, CROWNED, 1, teller.names, "nobody else is there")
        teller.beat(START + SECOND, START + 3 * SECOND)
        teller.beat(KILLED - 3 * SECOND, KILLED)

    def crown(
        self, master: NodeId, at: int, term: int, flock: list[NodeId], why: str = "elected"
    ) -> None:
        """A master begins, and these follow it."""
        say = self.teller.say
        say(master, at, MasterChosen(master, term, why))
        say(master, at, ReignBegan(term))
        for index, name in enumerate(n for n in flock if n != master):
            say(name, at + (20 + index * 9) * MS, MasterChosen(master, term, f"{master} says so"))

    def split(self) -> None:
        """n1 and n2 against n3, n4 and n5: suspected, and later dead."""
        teller = self.teller
        left, right = teller.names[:2], teller.names[2:]
        teller.say(LAB, KILLED, FaultInjected("partition", left[0], tuple(right)))
        for delay, state in ((500, SUSPECT), (3_600, DEAD_STATE)):
            for mine, theirs in ((left, right), (right, left)):
                for i, node in enumerate(mine):
                    for j, other in enumerate(theirs):
                        at = KILLED + (delay + i * 40 + j * 90) * MS
                        via: Via = "probe" if state is SUSPECT else "timer"
                        teller.believe(node, at, teller.claim(other, state, node), via, node)

    def heal(self) -> None:
        """All see all again."""
        teller = self.teller
        teller.say(LAB, HEALED, FaultHealed("partition", N1, (N3, N4, N5)))
        for mine, theirs in (
            (teller.names[:2], teller.names[2:]),
            (teller.names[2:], teller.names[:2]),
        ):
            for other in theirs:
                teller.incarnation[other] = 1
                for i, node in enumerate(mine):
                    claim = teller.claim(other, ALIVE)
                    teller.believe(node, HEALED + (60 + i * 30) * MS, claim, "pushpull", other)


@lru_cache(maxsize=1)
def two_masters() -> tuple[Fact, ...]:
    """`failover` in a split: n3 makes itself master beside n1, and yields when all is whole."""
    court = Court("failover")
    teller = court.teller
    court.split()
    court.crown(N3, USURPED, 2, [N3, N4, N5], "n1 has been silent too long")
    teller.beat(KILLED, HEALED)
    court.heal()
    teller.say(N3, HEALED + 150 * MS, ReignEnded(2, "n1 is master too, and has the lower name"))
    teller.say(N1, HEALED + 160 * MS, ReignEnded(1, "n3 reigned beside it"))
    court.crown(N1, HEALED + 160 * MS, 3, teller.names)
    teller.say(N3, THROWN, WritesDiscarded(212, N1))
    teller.beat(HEALED, HEALED + 4 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def no_majority() -> tuple[Fact, ...]:
    """`majority` in the same split: n1 gives up, n3 is elected."""
    court = Court("majority")
    teller = court.teller
    court.split()
    gave_up = KILLED + 800 * MS
    teller.say(N1, gave_up, ReignEnded(1, "only 2 of 5 voters listen"))
    teller.say(N1, gave_up, MasterChosen(NodeId(""), 1, "only 2 of 5 voters listen"))
    teller.say(N2, gave_up + 90 * MS, MasterChosen(NodeId(""), 1, "n1 has been silent too long"))
    court.crown(N3, USURPED + 400 * MS, 2, [N3, N4, N5])
    teller.beat(KILLED, HEALED)
    return teller.sorted()


def _death(kind: ArchitectureName) -> tuple[Fact, ...]:
    court = Court(kind)
    teller = court.teller
    teller.kill(N1, KILLED)
    teller.succeeding = False
    suspect, dead = teller.claim(N1, SUSPECT, "n2"), teller.claim(N1, DEAD_STATE, "n2")
    others = [(0, "n2", ""), (62, "n3", "n2"), (84, "n4", "n2"), (120, "n5", "n3")]
    teller.spread(KILLED + 310 * MS, suspect, others)
    teller.spread(KILLED + 910 * MS, dead, others)
    teller.beat(KILLED, KILLED + 5 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def single_death() -> tuple[Fact, ...]:
    """`single`: the one node is killed, the others live on."""
    return _death("single")


@lru_cache(maxsize=1)
def majority_death() -> tuple[Fact, ...]:
    """`majority`: the master is killed, and nobody is elected yet."""
    return _death("majority")


@lru_cache(maxsize=1)
def paused_master() -> tuple[Fact, ...]:
    """`failover`: the master is stopped for three seconds, another takes over, it wakes."""
    court = Court("failover")
    teller = court.teller
    teller.say(LAB, KILLED, FaultInjected("pause", N1))
    teller.say(LAB, KILLED, ProcessObserved(N1, "paused", 4101, Address("")))
    teller.down.add(N1)
    court.crown(N2, USURPED, 2, [N2, N3, N4, N5], "n1 has been silent too long")
    teller.beat(KILLED, KILLED + 3 * SECOND)
    teller.say(LAB, KILLED + 3 * SECOND, FaultHealed("pause", N1))
    teller.say(LAB, KILLED + 3 * SECOND, ProcessObserved(N1, "running", 4101, Address("")))
    teller.down.discard(N1)
    teller.beat(KILLED + 3 * SECOND, KILLED + 4 * SECOND)
    return teller.sorted()
