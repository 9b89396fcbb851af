"""A deterministic stream of facts: what five nodes would say while one is killed and comes back.

Nothing here runs a node: a story is a script over a `Teller` in virtual time. Golden frames, fold
properties and the screens' tests all read these stories.

    from tests.tui.story import DEAD, story, view_at, scene_at
    view_at(DEAD)              the folded view two beats after n4 was declared dead
    scene_at(DEAD)             the same as a Scene for a painter
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    FaultHealed,
    FaultInjected,
    PartitionFilled,
    ProbeMissed,
    ProcessObserved,
    RingChanged,
    SuspicionConfirmed,
    SuspicionRefuted,
    Via,
)
from cluster.model.member import Address, MemberState, NodeId
from tests.tui.teller import (
    ALIVE,
    DEAD_STATE,
    MS,
    N4,
    QUIET,
    SECOND,
    START,
    SUSPECT,
    Teller,
    names,
    table,
)
from tui.fold import fold
from tui.scene import Scene
from tui.view import LAB, ClusterView

__all__ = [
    "ALIVE",
    "DEAD_STATE",
    "MS",
    "N4",
    "QUIET",
    "SECOND",
    "START",
    "SUSPECT",
    "Teller",
    "names",
    "table",
]  # and everything below

# Moments worth a picture, of the story of n4.
JOINED: Final = START + 700 * MS
KILLED: Final = START + 64 * SECOND
SILENT: Final = KILLED + 200 * MS
SUSPECTED: Final = KILLED + 420 * MS
DEAD: Final = KILLED + 3_200 * MS
STARTED: Final = KILLED + 6_000 * MS
BACK: Final = KILLED + 7_200 * MS
RECOVERED: Final = KILLED + 14_000 * MS
END: Final = KILLED + 20_000 * MS

# --- stories -------------------------------------------------------------------------------------


def opening(teller: Teller, until: int) -> None:
    """Everybody starts, meets, and is quiet."""
    for index, name in enumerate(teller.names):
        teller.start(name, START + index * 15 * MS)
    teller.meet_all(START + 300 * MS)
    teller.beat(START + SECOND, until)


def fall(teller: Teller) -> None:
    """n4 is killed; silence, suspicion, death, hints."""
    teller.kill(N4, KILLED)
    teller.say(NodeId("n2"), KILLED + 280 * MS, ProbeMissed(N4, 120 * MS, tuple(names(3)[::2])))
    suspect = teller.claim(N4, SUSPECT, "n2")
    steps = [(0, "n2", ""), (62, "n1", "n2"), (84, "n5", "n2"), (151, "n3", "n1")]
    teller.spread(KILLED + 310 * MS, suspect, steps)
    confirmed = SuspicionConfirmed(N4, NodeId("n5"), 1, KILLED + 890 * MS)
    teller.say(NodeId("n2"), KILLED + 520 * MS, confirmed)
    teller.beat(KILLED, KILLED + 750 * MS)
    dead = teller.claim(N4, DEAD_STATE, "n2")
    steps = [(0, "n2", ""), (48, "n3", "n2"), (71, "n1", "n2"), (122, "n5", "n3")]
    teller.spread(KILLED + 910 * MS, dead, steps)


def mourn(teller: Teller, since: int, until: int) -> None:
    """Hints collect at n5, n1 and n3 while n4 is away."""
    for at in range(since, until, 250 * MS):
        for name, more in (("n5", 3), ("n1", 2), ("n3", 1)):
            teller.keep_hints(NodeId(name), N4, at + 40 * MS, more)
        teller.beat(at, at + 250 * MS)


def come_back(teller: Teller) -> None:
    """n4 starts again from its disk, is met, and gets its hints."""
    teller.say(LAB, STARTED, FaultHealed("kill", N4))
    teller.start(N4, STARTED)
    for index, other in enumerate(n for n in teller.names if n != N4):
        met = teller.claim(other, ALIVE)
        teller.believe(N4, STARTED + (180 + index * 9) * MS, met, "boot")
    teller.say(N4, STARTED + 240 * MS, RingChanged(teller.ring(N4), 0, 0))
    alive = teller.claim(N4, ALIVE)
    steps = [(0, "n1", "n4"), (57, "n3", "n4"), (88, "n2", "n1"), (139, "n5", "n3")]
    teller.spread(STARTED + 260 * MS, alive, steps, "pushpull")
    at = STARTED + 500 * MS
    while any(teller.hints[n].get(N4) for n in teller.names):
        for name in ("n5", "n1", "n3"):
            teller.give_back(NodeId(name), N4, at + 90 * MS, 16)
        teller.beat(at, at + 250 * MS)
        at += 250 * MS
    teller.beat(at, KILLED + 12 * SECOND)
    teller.audited = teller.acknowledged
    teller.beat(KILLED + 12 * SECOND, END)


def _killed_and_back(chatter: int) -> tuple[Fact, ...]:
    teller = Teller()
    opening(teller, KILLED - 5 * SECOND)
    teller.chatter = chatter
    teller.beat(KILLED - 5 * SECOND, KILLED)
    fall(teller)
    mourn(teller, KILLED + 750 * MS, STARTED)
    teller.beat(STARTED, STARTED + 500 * MS)
    come_back(teller)
    return teller.sorted()


@lru_cache(maxsize=1)
def story() -> tuple[Fact, ...]:
    """Quiet, n4 killed, suspected, dead, hints, restarted, back, hints drained, quiet."""
    return _killed_and_back(4)


@lru_cache(maxsize=1)
def busy_death() -> tuple[Fact, ...]:
    """The same, told by nodes that trace all they may: what a screen folds at its most."""
    return _killed_and_back(120)


@lru_cache(maxsize=1)
def removed_story() -> tuple[Fact, ...]:
    """n4 is killed and never started again: the ring goes on without it."""
    teller = Teller()
    opening(teller, KILLED)
    fall(teller)
    off = KILLED + 9 * SECOND
    mourn(teller, KILLED + 750 * MS, off)
    removed = teller.claim(N4, MemberState.REMOVED, "n2")
    teller.spread(
        off, removed, [(0, "n2", ""), (60, "n1", "n2"), (90, "n5", "n2"), (120, "n3", "n1")]
    )
    filled = {NodeId("n1"): 9, NodeId("n2"): 10, NodeId("n3"): 9, NodeId("n5"): 10}
    for name, places in filled.items():
        teller.hints[name] = {}
        teller.filling[name] = places
        teller.say(name, off + 300 * MS, RingChanged(teller.ring(name), places, 0))
    for step in range(1, 11):
        at = off + 300 * MS + step * 120 * MS
        for name in filled:
            if teller.filling[name]:
                teller.filling[name] -= 1
                teller.say(name, at, PartitionFilled(step, teller.filling[name]))
    for name, places in filled.items():
        teller.filling[name] = places - 3
    teller.beat(off + 500 * MS, off + SECOND)
    teller.filling = dict.fromkeys(teller.names, 0)
    teller.beat(off + 1_750 * MS, off + 6 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def paused_story() -> tuple[Fact, ...]:
    """n4 is stopped for two seconds, suspected, and answers in time."""
    teller = Teller()
    opening(teller, KILLED)
    teller.say(LAB, KILLED, FaultInjected("pause", N4))
    teller.say(LAB, KILLED, ProcessObserved(N4, "paused", 4104, Address("")))
    teller.down.add(N4)
    teller.deaf[N4] = KILLED
    suspect = teller.claim(N4, SUSPECT, "n2")
    teller.spread(KILLED + 400 * MS, suspect, [(0, "n2", ""), (60, "n1", "n2"), (90, "n5", "n2")])
    teller.beat(KILLED, KILLED + 2 * SECOND)
    teller.say(LAB, KILLED + 2 * SECOND, FaultHealed("pause", N4))
    teller.say(LAB, KILLED + 2 * SECOND, ProcessObserved(N4, "running", 4104, Address("")))
    teller.down.discard(N4)
    teller.deaf.pop(N4)
    teller.incarnation[N4] = 1
    teller.say(N4, KILLED + 2_040 * MS, SuspicionRefuted(1, SUSPECT, NodeId("n2")))
    alive = teller.claim(N4, ALIVE)
    teller.spread(
        KILLED + 2_050 * MS,
        alive,
        [(0, "n2", "n4"), (60, "n1", "n4"), (90, "n5", "n2"), (140, "n3", "n5")],
    )
    teller.beat(KILLED + 2_250 * MS, KILLED + 8 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def split_story() -> tuple[Fact, ...]:
    """n1 and n2 are cut off from n3, n4 and n5; each side holds the other dead."""
    teller = Teller()
    opening(teller, KILLED)
    left, right = teller.names[:2], teller.names[2:]
    teller.say(LAB, KILLED, FaultInjected("partition", left[0], tuple(right)))
    for delay, state in ((500, SUSPECT), (3_600, DEAD_STATE)):
        for mine, theirs in ((left, right), (right, left)):
            for i, node in enumerate(mine):
                for j, other in enumerate(theirs):
                    at = KILLED + (delay + i * 40 + j * 90) * MS
                    via: Via = "probe" if state is SUSPECT else "timer"
                    teller.believe(node, at, teller.claim(other, state, node), via, node)
    teller.beat(KILLED, KILLED + 6 * SECOND)
    return teller.sorted()


@lru_cache(maxsize=1)
def busy_story() -> tuple[Fact, ...]:
    """Ten quiet seconds of five nodes that trace all they may."""
    teller = Teller()
    teller.chatter = 120
    opening(teller, START + 10 * SECOND)
    return teller.sorted()


def lively(change: Callable[[Teller], None], nodes: int = 5) -> tuple[Fact, ...]:
    """A quiet cluster, then whatever `change` says."""
    teller = Teller(nodes)
    opening(teller, START + 5 * SECOND)
    change(teller)
    return teller.sorted()


# --- views ---------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def view_at(at: int, tell: Callable[[], tuple[Fact, ...]] = story, batch: int = 40) -> ClusterView:
    """The view at a moment of a story."""
    view = ClusterView()
    known = [fact for fact in tell() if fact.at <= at]
    for start in range(0, len(known), batch):
        view = fold(view, known[start : start + batch])
    return view


def scene_at(at: int, tell: Callable[[], tuple[Fact, ...]] = story, **changes: object) -> Scene:
    """The scene of a moment: as in a demo, n4 chosen."""
    scene = Scene(view_at(at, tell), at, selected=N4, own=True)
    return replace(scene, **changes)
