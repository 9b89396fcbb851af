"""Questions and answers over an overlay whose letters overtake each other: who read which first?

Somebody asks; some who have read it answer at once. Everybody reads either what comes as it comes,
or what causal order hands over. An answer is read too early where its question was not read before.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.bounds.overlay import MS, SECOND, CausalConfig
from cluster.protocol.overlay.causal import CausalOrder
from cluster.protocol.overlay.messages import Deliver, Dot, Duplicate, PeerId
from cluster.sim.overlay.world import OverlayWorld

QUESTIONS: Final = 12
ANSWERS: Final = 3
"""To each question, by as many peers."""
EVERY_US: Final = 150 * MS
SETTLE_US: Final = 6 * SECOND
"""After the last question: what was missed has been announced and asked for by then."""


class Readings(Struct):
    """What came of one evening."""

    questions: int = 0
    answers: int = 0
    """Letters written."""
    read: int = 0
    """Answers read, by anybody."""
    too_early: int = 0
    """Of them, before their question."""
    unread: int = 0
    """Answers that some peer never read."""
    held_back: int = 0
    """Letters that had to wait for others, by anybody."""
    waiting_most: int = 0
    """At one peer at once."""
    refused: int = 0


class Evening:
    """One round of questions in one world."""

    def __init__(self, world: OverlayWorld, *, ordered: bool) -> None:
        self._world = world
        self._ordered = ordered
        had = {n: last for n, p in world.peers.items() if (last := p.next_dot().number - 1)}
        self._orders = {name: CausalOrder(name, CausalConfig(), had) for name in world.peers}
        self._read: dict[PeerId, set[Dot]] = {name: set() for name in world.peers}
        self._asked: dict[Dot, tuple[PeerId, ...]] = {}
        """Who will answer each question."""
        self._answers: dict[Dot, Dot] = {}
        """Each answer's question."""
        self._count = Readings()

    def play(self) -> Readings:
        """Ask, and let everybody read."""
        world, count = self._world, self._count
        world.watchers.append(self._see)
        rng = world.dice.stream("questions")
        names = list(world.peers)
        for _ in range(QUESTIONS):
            asker, *answerers = rng.sample(names, 1 + ANSWERS)
            dot = self._write(asker, b"?")
            self._asked[dot] = tuple(answerers)
            count.questions += 1
            world.run(EVERY_US)
        world.run(SETTLE_US)
        world.watchers.remove(self._see)
        count.unread = sum(dot not in read for read in self._read.values() for dot in self._answers)
        count.held_back = sum(order.held_back for order in self._orders.values())
        count.refused = sum(order.refused for order in self._orders.values())
        return count

    def _write(self, author: PeerId, body: bytes) -> Dot:
        letter = self._orders[author].write(self._world.peers[author].next_dot(), body)
        assert letter is not None, "a few questions are never too many to depend on"
        self._read[author].add(letter.dot)
        return self._world.push(author, letter)

    def _see(self, _now: int, peer: PeerId, effect: Deliver | Duplicate) -> None:
        if isinstance(effect, Duplicate) or effect.sender == peer:
            return
        order, letter = self._orders[peer], effect.letter
        taken = order.take(letter)
        self._count.waiting_most = max(self._count.waiting_most, order.waiting)
        if not self._ordered:
            self._reads(peer, letter.dot)
        elif isinstance(taken, list):
            for free in taken:
                self._reads(peer, free.dot)

    def _reads(self, peer: PeerId, dot: Dot) -> None:
        read = self._read[peer]
        read.add(dot)
        question = self._answers.get(dot)
        if question is not None:
            self._count.read += 1
            self._count.too_early += question not in read
        if peer in self._asked.get(dot, ()):
            self._answers[self._write(peer, b"!")] = dot
            self._count.answers += 1
