"""A small talk on a simulated cluster, and keys that are the performance's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from cluster.config import MS, SECOND
from talk.claims.measures import MEASURES
from talk.deck.deck import Deck
from talk.deck.reading import read_deck
from talk.grounds.pacing import PacedGround
from talk.grounds.simulated import SimGround
from talk.notes.asking import Do
from talk.notes.desk import desk, programme
from talk.notes.following import Follower
from talk.notes.notes import Notes
from talk.notes.sheet import Desk
from talk.pace import UNKNOWN, Pace
from talk.stage.performance import Performance

TICK_US = 50 * MS
TEXT = """\
---
title: A small talk
---
<!--
talk:
  duration: 10min
-->
What happens when a node dies?
===
<!--
talk:
  plan: 60s
-->
Nobody is in charge.
<!-- pause -->
So nobody can announce it.
```live
matrix
```
```cue
start nodes=3
on key as die
kill n3
wait believing-dead n3 = all within 10s
hold
freeze
say "All know it."
```
```claim
the others notice: believing-dead n3 = all within 10s of die
answers keep coming: answers > 10 within 30s
```
<!--
speaker_note: |
  Nobody is in charge. That is the whole point,
  and it is the problem.

  Let it run. Do not talk over the matrix <b>turning</b>.
-->
<!-- end_slide -->

The rumour spreads
===
<!--
talk:
  plan: 120s
-->
- One tells three.
- Three tell nine.
<!-- end_slide -->

The end
===
Thank you.
"""


def small() -> Deck:
    """A title and three slides; the second hurts a cluster."""
    return read_deck(TEXT, "small.md", measures=MEASURES, pairs=frozenset(), load=_nothing)


def _nothing(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


class Hand:
    """Keys of a stage without a stage."""

    def __init__(self, performance: Performance) -> None:
        self.performance = performance
        self.black = False
        self.stilled = False
        self.pressed: list[tuple[Do, int]] = []

    def press(self, do: Do, slide: int = 0) -> None:
        """As a stage would."""
        self.pressed.append((do, slide))
        match do:
            case "next":
                self.performance.forward()
            case "back":
                self.performance.backward()
            case "go":
                self.performance.go(slide - 1)
            case "again":
                self.performance.again()
            case "still":
                self.stilled = not self.stilled
            case "black":
                self.black = not self.black
            case "recording":
                pass


class Telling:
    """A performance in virtual time, whose wall's clock is the cluster's."""

    def __init__(self, pace: Pace = UNKNOWN) -> None:
        self.ground = SimGround(7)
        self.performance = Performance(small(), self.ground)
        self.hand = Hand(self.performance)
        self.pace = pace
        self.programme = programme(self.performance.deck, pace)
        self.follower = Follower(len(self.performance.deck.slides))
        self.now_s = 1_000.0

    async def pass_time(self, us: int = TICK_US) -> None:
        """So much of both clocks, tick by tick."""
        for _ in range(max(1, us // TICK_US)):
            await self.performance.settled()
            await self.ground.pass_time(TICK_US)
            self.now_s += TICK_US / SECOND
            self.performance.tick()
            self.follower.hear(self.performance.director, self.ground.now, self.now_s)

    def wait(self, seconds: float) -> None:
        """So much of the wall's clock, in which nothing is heard of the cluster."""
        self.now_s += seconds
        self.follower.hear(self.performance.director, self.ground.now, self.now_s)

    async def press(self, do: Do, slide: int = 0) -> None:
        """A key, and a tick."""
        self.hand.press(do, slide)
        await self.pass_time()

    def desk(self) -> Desk:
        """What the presenter sees."""
        return desk(
            self.performance,
            self.follower,
            self.hand,
            self.programme,
            self.pace,
            self.now_s,
            machine="load 0.5 on 2 processors",
        )


@asynccontextmanager
async def telling(pace: Pace = UNKNOWN) -> AsyncGenerator[Telling]:
    """One, at its first slide."""
    told = Telling(pace)
    try:
        told.performance.go(0)
        await told.pass_time()
        yield told
    finally:
        await told.performance.stop()


@asynccontextmanager
async def served(host: str = "127.0.0.1") -> AsyncGenerator[tuple[Notes, Hand]]:
    """A presenter's view of the small talk, at the wall's pace."""
    performance = Performance(small(), PacedGround(SimGround(7)))
    hand = Hand(performance)
    notes = Notes(performance, hand)
    performance.go(0)

    async def run() -> None:
        while True:
            performance.tick()
            notes.changed()
            await asyncio.sleep(1 / 30)

    await notes.start(host, 0)
    running = asyncio.create_task(run())
    try:
        yield notes, hand
        assert not running.done(), "the stage has died"
    finally:
        running.cancel()
        await asyncio.wait([running])
        await notes.stop()
        await performance.stop()
