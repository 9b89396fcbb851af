"""A network that can hurt: how late each packet arrives, if it does, and how often.

Datagrams may be lost, doubled and overtake each other. Streams are TCP seen from above: in order,
never doubled, late where a datagram would be lost (a retransmission), and lost only with their
connection. A cut is a black hole, one way or both, as `cluster.runtime.net.faults` makes it:
nothing is refused, nothing is closed. Ignores what packets say.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct

from cluster.model.member import NodeId
from cluster.sim.dice import below

RETRANSMIT_US: Final = 200_000
"""What a lost segment costs a stream (TCP's least retransmission timeout on Linux)."""
RETRANSMITS_MAX: Final = 6

Link = tuple[NodeId, NodeId]
"""(sender, receiver)."""


class Weather(Struct, frozen=True):
    """What every link does at all times. Fractions are 0 to 1."""

    latency_us: tuple[int, int] = (150, 1_500)
    """The quickest and the slowest usual delivery, one way."""
    tail: float = 0.002
    """Of the packets, those that take `tail_us` at most instead (a busy switch)."""
    tail_us: int = 20_000
    loss: float = 0.0
    """Of the datagrams; a stream's packet is held up for a retransmission instead."""
    duplicate: float = 0.0
    """Of the datagrams."""
    reorder: float = 0.0
    """Of the datagrams: late by up to `reorder_us`, so that later ones overtake them."""
    reorder_us: int = 50_000


CALM: Final = Weather()


class Network:
    """All links between the hosts of one world."""

    def __init__(self, rng: Random, weather: Weather = CALM) -> None:
        self._rng = rng
        self.weather = weather
        self._cuts: set[Link] = set()
        self._slow: dict[Link, int] = {}
        self._lossy: dict[Link, float] = {}
        self._last: dict[Link, int] = {}
        """When the last packet of each stream arrives: nothing after it arrives before."""

    # --- what a god does -----------------------------------------------------------------------

    def cut(self, a: NodeId, b: NodeId, *, both: bool = True) -> None:
        """Nothing passes from a to b any more (nor back)."""
        self._cuts.add((a, b))
        if both:
            self._cuts.add((b, a))

    def mend(self, a: NodeId, b: NodeId) -> None:
        """End all that was done to the links between two hosts."""
        for link in ((a, b), (b, a)):
            self._cuts.discard(link)
            self._slow.pop(link, None)
            self._lossy.pop(link, None)

    def partition(self, *groups: tuple[NodeId, ...]) -> None:
        """Cut every link between different groups. Hosts in no group keep their links."""
        side = {name: index for index, group in enumerate(groups) for name in group}
        for a in side:
            for b in side:
                if side[a] != side[b]:
                    self._cuts.add((a, b))

    def slow(self, a: NodeId, b: NodeId, late_us: int) -> None:
        """What a sends to b is this much later."""
        self._slow[a, b] = late_us

    def lossy(self, a: NodeId, b: NodeId, fraction: float) -> None:
        """This part of what a sends to b is lost, beside the weather's own loss."""
        self._lossy[a, b] = fraction

    def heal(self) -> None:
        """End all cuts, slow and lossy links (the weather stays)."""
        self._cuts.clear()
        self._slow.clear()
        self._lossy.clear()

    def is_cut(self, a: NodeId, b: NodeId) -> bool:
        """Whether nothing passes from a to b."""
        return (a, b) in self._cuts

    # --- what the world asks -------------------------------------------------------------------

    def datagram(self, a: NodeId, b: NodeId, now: int) -> tuple[int, ...]:
        """When the copies of one datagram arrive: mostly one, none if it is lost."""
        link = (a, b)
        if self._cuts and link in self._cuts:
            return ()
        weather, rng = self.weather, self._rng
        loss = weather.loss
        if self._lossy:
            loss = max(loss, self._lossy.get(link, 0.0))
        if loss and rng.random() < loss:
            return ()
        due = now + self._latency(link)
        if weather.reorder and rng.random() < weather.reorder:
            due += below(rng, weather.reorder_us)
        if weather.duplicate and rng.random() < weather.duplicate:
            return (due, now + self._latency(link))
        return (due,)

    def stream(self, a: NodeId, b: NodeId, now: int) -> int:
        """When a stream's packet arrives; 0 if a cut swallows it."""
        link = (a, b)
        if self._cuts and link in self._cuts:
            return 0
        due = now + self._latency(link)
        loss = self.weather.loss
        if self._lossy:
            loss = max(loss, self._lossy.get(link, 0.0))
        if loss:
            held_up = RETRANSMIT_US
            for _ in range(RETRANSMITS_MAX):
                if self._rng.random() >= loss:
                    break
                due += held_up
                held_up *= 2
        last = self._last.get(link, 0)
        if due < last:
            due = last
        self._last[link] = due
        return due

    def _latency(self, link: Link) -> int:
        weather, rng = self.weather, self._rng
        quick, usual = weather.latency_us
        chance = rng.random()
        late = quick + int((usual - quick) * chance * chance)
        if chance < weather.tail:
            late += below(rng, weather.tail_us)
        if self._slow:
            late += self._slow.get(link, 0)
        return late
