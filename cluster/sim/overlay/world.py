"""Many peers on one virtual clock: links with delay and jitter, deaths, and what they all did.

Lighter than `cluster.sim.world`, whose hosts have disks, clocks and the whole node: here a thousand
peers live in one heap of events. A link keeps the order of what is sent over it, as TCP does; with
several `channels` (Partisan's `parallelism`) letters of different authors may overtake each other,
and everything else keeps its order. A peer dies as a process does: its neighbours learn it from a
broken connection a little later, and whoever calls it afterwards is refused.

Everything is a function of the seed: chance comes from named streams, names from their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Final
from zlib import crc32

from msgspec import Struct

from cluster.bounds.overlay import MS, SECOND, TreeConfig, ViewConfig
from cluster.protocol.overlay.messages import (
    Copy,
    Deliver,
    Dot,
    Duplicate,
    Effect,
    Gossip,
    Letter,
    Message,
    PeerId,
    Tell,
    Timer,
    Wake,
)
from cluster.protocol.overlay.peer import Peer
from cluster.sim.dice import Dice, below

JOIN_EVERY_US: Final = 5 * MS
"""A newcomer starts this often."""
CONTACTS: Final = 3
"""Peers that a newcomer is told of."""


class Air(Struct, frozen=True):
    """What every link does."""

    latency_us: tuple[int, int] = (5 * MS, 40 * MS)
    """The quickest and the slowest usual delivery, one way."""
    tail: float = 0.0
    """Of the messages, those that take up to `tail_us` instead."""
    tail_us: int = 0
    channels: int = 1
    """Connections between two neighbours that letters are spread over, by author."""
    notice_us: tuple[int, int] = (20 * MS, 400 * MS)
    """After a death, when its neighbours find their connections broken."""


CALM: Final = Air()
JITTER: Final = Air(tail=0.05, tail_us=400 * MS, channels=4)

Watcher = Callable[[int, PeerId, Deliver | Duplicate], None]
"""Told the time, the peer, and what befell it."""
_Event = tuple[int, int, PeerId, PeerId | None, Message | Timer | None]
"""(when, order, whom, sender or none for a timer, what; nothing: the link to `sender` broke)."""


class OverlayWorld:
    """The peers, what is on its way, and what was sent so far."""

    def __init__(
        self,
        seed: int,
        *,
        air: Air = CALM,
        view: ViewConfig | None = None,
        tree: TreeConfig | None = None,
    ) -> None:
        self.dice = Dice(seed)
        self.air = air
        self.now = 0
        self.peers: dict[PeerId, Peer] = {}
        """Those that live, in order of birth."""
        self.dead: dict[PeerId, None] = {}
        self.sent: Counter[str] = Counter()
        """Messages by kind."""
        self.sent_by: Counter[PeerId] = Counter()
        """Letters pushed, by peer."""
        self.watchers: list[Watcher] = []
        self._view = view or ViewConfig()
        self._tree = tree or TreeConfig()
        self._delays = self.dice.stream("delays")
        self._heap: list[_Event] = []
        self._order = 0
        self._last: dict[tuple[PeerId, PeerId, int], int] = {}
        """When the last message of each channel arrives: nothing after it arrives before."""

    # --- what a god does ----------------------------------------------------------------------

    def grow(self, count: int) -> None:
        """So many peers join, one after another, each through somebody who is there."""
        rng = self.dice.stream("joins")
        for _ in range(count):
            born = len(self.peers) + len(self.dead)
            name = PeerId(f"p{born:04}")
            there = list(self.peers)
            contacts = tuple(rng.sample(there, min(CONTACTS, len(there))))
            peer = Peer(name, self._view, self._tree, Random(f"{self.dice.seed}/{name}"))
            self.peers[name] = peer
            self._perform(name, peer.start(contacts, self.now))
            self.run(JOIN_EVERY_US)

    def kill(self, names: list[PeerId]) -> None:
        """These processes end, all at once."""
        doomed = dict.fromkeys(names)
        quick, slow = self.air.notice_us
        for name in doomed:
            if self.peers.pop(name, None) is not None:
                self.dead[name] = None
        for survivor, peer in self.peers.items():
            for neighbour in peer.view.active:
                if neighbour in doomed:
                    after = quick + below(self._delays, slow - quick + 1)
                    self._push(self.now + after, survivor, neighbour, None)

    def publish(self, author: PeerId, body: bytes = b"") -> Dot:
        """Somebody broadcasts along the tree."""
        return self.push(author, Letter(self.peers[author].next_dot(), (), body))

    def push(self, author: PeerId, letter: Letter) -> Dot:
        """The same with a letter that is written already."""
        self._perform(author, self.peers[author].publish(letter, self.now))
        return letter.dot

    def flood(self, author: PeerId, number: int) -> Dot:
        """Somebody broadcasts over every link. `number`: of its flooded letters."""
        letter = Letter(Dot(author, number))
        self._perform(author, self.peers[author].flood(letter))
        return letter.dot

    def run(self, us: int) -> None:
        """Let so much time pass."""
        end = self.now + us
        heap = self._heap
        while heap and heap[0][0] <= end:
            self.now, _, name, sender, what = heappop(heap)
            peer = self.peers.get(name)
            if peer is None:
                if sender is not None and what is not None:
                    self._refused(name, sender)
            elif sender is None:
                assert isinstance(what, tuple)
                self._perform(name, peer.wake(what, self.now))
            elif what is None:
                self._perform(name, peer.lost(sender, self.now))
            else:
                assert not isinstance(what, tuple)
                self._perform(name, peer.hear(what, sender, self.now))
                if sender in self.dead and sender in peer.view.active:
                    self._refused(sender, name)
        self.now = end

    # --- what is seen from above --------------------------------------------------------------

    def links(self) -> list[tuple[PeerId, PeerId]]:
        """Pairs of living peers of which either holds the other for a neighbour."""
        found = {
            (min(name, other), max(name, other))
            for name, peer in self.peers.items()
            for other in peer.view.active
            if other in self.peers
        }
        return sorted(found)

    def one_sided(self) -> int:
        """Neighbours that do not know of it, or are dead."""
        return sum(
            other not in self.peers or name not in self.peers[other].view.active
            for name, peer in self.peers.items()
            for other in peer.view.active
        )

    def pieces(self) -> int:
        """How many pieces the living are in, by their links."""
        left = dict.fromkeys(self.peers)
        count = 0
        while left:
            count += 1
            name, _ = left.popitem()
            edge = [name]
            while edge:
                for other in self.peers[edge.pop()].view.active:
                    if other in left:
                        del left[other]
                        edge.append(other)
        return count

    # --- effects ------------------------------------------------------------------------------

    def _perform(self, name: PeerId, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Tell):
                self._send(name, effect.to, effect.message)
            elif isinstance(effect, Wake):
                self._push(effect.at, name, None, effect.timer)
            elif isinstance(effect, Deliver | Duplicate):
                for watcher in self.watchers:
                    watcher(self.now, name, effect)

    def _send(self, sender: PeerId, to: PeerId, message: Message) -> None:
        self.sent[type(message).__name__] += 1
        channel = 0
        if isinstance(message, Gossip | Copy):
            self.sent_by[sender] += 1
            if self.air.channels > 1:
                author = message.letter.dot.author
                channel = 1 + crc32(author.encode()) % self.air.channels
        key = (sender, to, channel)
        at = max(self.now + self._delay(), self._last.get(key, 0) + 1)
        self._last[key] = at
        self._push(at, to, sender, message)

    def _delay(self) -> int:
        air, rng = self.air, self._delays
        quick, slow = air.latency_us
        if air.tail and rng.random() < air.tail:
            slow = air.tail_us
        return quick + below(rng, slow - quick + 1)

    def _refused(self, dead: PeerId, caller: PeerId) -> None:
        """Nobody answers there, and the caller is told so."""
        self._push(self.now + self._delay(), caller, dead, None)

    def _push(
        self, at: int, name: PeerId, sender: PeerId | None, what: Message | Timer | None
    ) -> None:
        self._order += 1
        heappush(self._heap, (at, self._order, name, sender, what))


def settled(world: OverlayWorld, periods: int = 3) -> None:
    """Let reserves mix for some shuffles."""
    world.run(periods * 10 * SECOND)
