"""One broadcast, as it ran: who had it when and from whom. Frozen, so that it can be played.

Peers are numbers here (their order of birth), so that a picture needs no names. Ignores how it is
drawn.
"""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from cluster.protocol.overlay.messages import Deliver, Dot, Duplicate, PeerId
from cluster.sim.overlay.world import OverlayWorld

NEVER = -1
NOBODY = -1


class Wave(Struct, frozen=True):
    """One broadcast. All tuples are by peer, the dead included; times are µs since it was published."""

    title: str
    source: int
    reached: tuple[int, ...]
    """When each had it; `NEVER`."""
    parent: tuple[int, ...]
    """From whom; `NOBODY` for the source and for those it never reached."""
    tree: tuple[int, ...]
    """The parents that a picture is laid out by: its own, or those of an earlier wave, so that peers
    stay in their places."""
    mended: tuple[int, ...]
    """Those that had it over a link that was none of the tree's when it was published."""
    dead: tuple[int, ...]
    again: tuple[int, ...]
    """When copies came to peers that had it already."""
    links: int
    """Pairs of living peers that were linked when the camera began."""
    among: int
    """How many peers lived then."""
    most_sent: int
    """Copies sent by the busiest peer."""

    @property
    def living(self) -> int:
        """Peers that could be reached, the source included."""
        return len(self.reached) - len(self.dead)

    @property
    def lasts_us(self) -> int:
        """Until the last of them had it."""
        return max(self.reached)

    @property
    def ends_us(self) -> int:
        """Until the last copy came, be it for nothing."""
        return max(self.lasts_us, self.again[-1] if self.again else 0)

    def had_by(self, at_us: int) -> int:
        """How many have it at a time."""
        return sum(0 <= at <= at_us for at in self.reached)

    def copies_by(self, at_us: int) -> int:
        """Copies that had come for nothing by then."""
        return bisect_right(self.again, at_us)

    @property
    def deliveries(self) -> int:
        """Peers that had it from another."""
        return self.had_by(self.lasts_us) - 1

    def hops(self) -> tuple[int, ...]:
        """Of each peer, how many links it came over; `NEVER` where it did not."""
        return depths(self.parent, self.source)


def depths(parent: tuple[int, ...], source: int) -> tuple[int, ...]:
    """How far each peer is from the source along its parents; `NEVER` without a way."""
    found: list[int] = [NEVER] * len(parent)
    found[source] = 0
    for peer in range(len(parent)):
        way: list[int] = []
        at = peer
        while found[at] == NEVER and parent[at] != NOBODY and len(way) <= len(parent):
            way.append(at)
            at = parent[at]
        if found[at] != NEVER:
            for steps, passed in enumerate(reversed(way), 1):
                found[passed] = found[at] + steps
    return tuple(found)


class Camera:
    """Watches one world's broadcasts, one at a time."""

    def __init__(self, world: OverlayWorld) -> None:
        self._world = world
        self._dot: Dot | None = None
        self._began = 0
        self._reached: dict[PeerId, tuple[int, PeerId]] = {}
        self._again: list[int] = []
        self._eager: dict[PeerId, frozenset[PeerId]] = {}
        self._links = self._among = 0
        world.watchers.append(self._see)

    def begin(self) -> None:
        """The next letter that is delivered anywhere is the one to watch."""
        world = self._world
        self._dot = None
        self._began = world.now
        self._reached = {}
        self._again = []
        self._eager = {n: frozenset(p.tree.eager) for n, p in world.peers.items()}
        self._links, self._among = len(world.links()), len(world.peers)
        world.sent_by.clear()

    def cut(self, title: str, like: Wave | None = None) -> Wave:
        """What was seen. `like`: the wave whose places its picture keeps."""
        names = sorted([*self._world.peers, *self._world.dead])
        numbers = {name: number for number, name in enumerate(names)}
        reached = [NEVER] * len(names)
        parent = [NOBODY] * len(names)
        mended: list[int] = []
        source = 0
        for name, (at, sender) in self._reached.items():
            number = numbers[name]
            reached[number] = at
            if sender == name:
                source = number
                continue
            parent[number] = numbers[sender]
            if name not in self._eager.get(sender, ()):
                mended.append(number)
        return Wave(
            title=title,
            source=source,
            reached=tuple(reached),
            parent=tuple(parent),
            tree=like.tree if like is not None else tuple(parent),
            mended=tuple(sorted(mended)),
            dead=tuple(numbers[name] for name in sorted(self._world.dead)),
            again=tuple(self._again),
            links=self._links,
            among=self._among,
            most_sent=max(self._world.sent_by.values(), default=0),
        )

    def _see(self, now: int, peer: PeerId, effect: Deliver | Duplicate) -> None:
        if isinstance(effect, Deliver):
            if self._dot is None:
                self._dot = effect.letter.dot
            if effect.letter.dot == self._dot:
                self._reached[peer] = (now - self._began, effect.sender)
        elif effect.dot == self._dot:
            self._again.append(now - self._began)
