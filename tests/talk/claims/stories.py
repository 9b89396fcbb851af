"""Things that happen to simulated clusters, and what every measure says before, during and after."""

from __future__ import annotations

import asyncio
from copy import copy
from functools import cache

from cluster.config import MS, SECOND
from talk.claims.evidence import Evidence, Since
from talk.deck.deck import Act, Need
from talk.grounds.simulated import SimGround
from tui.fold import fold
from tui.view import ClusterView

LOOK_US = 100 * MS


class Story:
    """One cluster; `since` counts from when it stood, or from `mark`."""

    def __init__(self, need: Need, seed: int = 1) -> None:
        self.ground = SimGround(seed)
        self.view = ClusterView()
        asyncio.run(self.ground.prepare(need, fresh=True, tell=lambda _word: None))
        self.view = fold(self.view, self.ground.take())
        self.since = Since(self.view, self.ground.now)

    def mark(self) -> Story:
        """Count from now."""
        self.since = Since(self.view, self.ground.now)
        return self

    def do(self, words: str) -> Story:
        """An act: `kill n4`; or time: `3s`."""
        if words.endswith("s") and words[:-1].replace(".", "").isdecimal():
            left = round(float(words[:-1]) * SECOND)
            while left > 0:
                self.ground.play(min(LOOK_US, left))
                self._hear()
                left -= LOOK_US
            return self
        verb, *args = words.split()
        asyncio.run(self.ground.perform(Act(verb, tuple(args)), lambda _word: None))
        self._hear()
        return self

    def _hear(self) -> None:
        facts = self.ground.take()
        self.since.hear(facts)
        self.view = fold(self.view, facts)

    def look(self) -> Evidence:
        """What can be judged by now. It stays as it is when the story goes on and counts anew."""
        since = copy(self.since)
        for name, kept in vars(self.since).items():
            setattr(since, name, copy(kept))
        return Evidence(self.view, self.ground.now, since)


Looks = dict[str, Evidence]


@cache
def death() -> Looks:
    """A node of five is killed while people write, and comes back."""
    story = Story(Need(nodes=5, rooms=6)).do("2s")
    quiet = story.look()
    dead = story.mark().do("kill n4").do("put 60").do("6s").look()
    back = story.mark().do("start n4").do("20s").do("audit").look()
    return {"quiet": quiet, "dead": dead, "back": back}


@cache
def suspected() -> Looks:
    """A node is killed, and looked at while it is only suspected."""
    story = Story(Need(nodes=5, rooms=6)).do("1s").mark().do("pause n3")
    for _ in range(40):
        story.do("0.1s")
        if story.since.suspicions:
            break
    doubted = story.look()
    answered = story.mark().do("resume n3").do("6s").look()
    return {"doubted": doubted, "answered": answered}


@cache
def crashed() -> Looks:
    """A room crashes once, then until its supervisor has had enough."""
    story = Story(Need(nodes=1, architecture="single", rooms=6)).mark().do("2s")
    quiet = story.look()
    once = story.mark().do("crash room-2").do("2s").look()
    story.mark()
    for _ in range(4):
        story.do("crash room-3").do("0.3s")
    often = story.do("4s").look()
    stopped = story.mark().do("kill n1").do("5s").look()
    return {"quiet": quiet, "once": once, "often": often, "stopped": stopped}


@cache
def left() -> Looks:
    """A node says goodbye."""
    story = Story(Need(nodes=4, rooms=12)).do("1s").mark().do("1s")
    stays = story.look()
    moving = story.mark().do("leave n2").look()
    for _ in range(60):
        if any(node.filling for node in story.view.nodes.values()):
            moving = story.look()
            break
        story.do("0.1s")
    return {"stays": stays, "moving": moving, "gone": story.do("20s").look()}


@cache
def split() -> Looks:
    """Five nodes in two halves, each with all rooms; then one again."""
    story = Story(Need(nodes=5, rooms=12)).do("1s").mark().do("partition n1,n2").do("12s")
    apart = story.look()
    assert apart.since.facts
    return {"apart": apart, "whole": story.mark().do("heal").do("25s").look()}


@cache
def crowned() -> Looks:
    """Two masters by a timer, and what one of them throws away."""
    story = Story(Need(nodes=5, architecture="failover")).do("2s").mark().do("1s")
    one = story.look()
    two = story.mark().do("partition n1,n2").do("8s").look()
    healed = story.do("heal").do("20s").look()
    return {"one": one, "two": two, "healed": healed}


@cache
def swamped() -> Looks:
    """One process for all requests, asked far more than it can answer."""
    story = Story(Need(nodes=3, architecture="primary", answers_per_s=20)).mark().do("1s")
    calm = story.look()
    story = Story(Need(nodes=3, architecture="primary", answers_per_s=2_000)).mark().do("2s")
    return {"calm": calm, "swamped": story.look()}
