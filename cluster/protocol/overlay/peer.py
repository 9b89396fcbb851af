"""One peer of an overlay: its views, and the broadcasts that run along them.

Routes what happens to the machine it is for, and tells the tree which neighbours there are.
"""

from __future__ import annotations

from random import Random

from cluster.bounds.overlay import TreeConfig, ViewConfig
from cluster.protocol.overlay import view
from cluster.protocol.overlay.flood import Flood
from cluster.protocol.overlay.messages import (
    Copy,
    Dot,
    Effect,
    Gossip,
    Graft,
    IHave,
    Letter,
    Linked,
    Message,
    PeerId,
    Prune,
    Timer,
    Unlinked,
    ViewEffect,
)
from cluster.protocol.overlay.tree import BroadcastTree
from cluster.protocol.overlay.view import PartialView


class Peer:
    """Whoever knows few and reaches all."""

    def __init__(
        self, name: PeerId, view_config: ViewConfig, tree_config: TreeConfig, rng: Random
    ) -> None:
        self.name = name
        self.view = PartialView(name, view_config, rng)
        self.tree = BroadcastTree(name, tree_config)
        self._flood = Flood(name, tree_config)

    def start(self, contacts: tuple[PeerId, ...], now: int) -> list[Effect]:
        """Begin, and join through one of the contacts."""
        return self._viewed(self.view.start(contacts, now), now)

    def next_dot(self) -> Dot:
        """What the next letter pushed from here will be called."""
        return self.tree.next_dot()

    def publish(self, letter: Letter, now: int) -> list[Effect]:
        """Broadcast a letter along the tree."""
        return [*self.tree.publish(letter, now)]

    def flood(self, letter: Letter) -> list[Effect]:
        """Broadcast a letter over every link."""
        return [*self._flood.publish(letter, list(self.view.active))]

    def hear(self, message: Message, sender: PeerId, now: int) -> list[Effect]:
        """A message came."""
        if isinstance(message, Gossip | IHave | Graft | Prune):
            return [*self.tree.hear(message, sender, now)]
        if isinstance(message, Copy):
            return [*self._flood.hear(message, sender, list(self.view.active))]
        return self._viewed(self.view.hear(message, sender, now), now)

    def lost(self, peer: PeerId, now: int) -> list[Effect]:
        """The link to a peer broke, or it could not be reached."""
        return self._viewed(self.view.lost(peer, now), now)

    def wake(self, timer: Timer, now: int) -> list[Effect]:
        """A timer came due."""
        if timer == view.SHUFFLE or timer == view.PROMOTE:
            return self._viewed(self.view.wake((timer[0], None), now), now)
        return [*self.tree.wake(timer, now)]

    def _viewed(self, effects: list[ViewEffect], now: int) -> list[Effect]:
        """The tree hears of neighbours in the order in which they came and went."""
        out: list[Effect] = []
        for effect in effects:
            out.append(effect)
            if isinstance(effect, Linked):
                out += self.tree.linked(effect.peer, now)
            elif isinstance(effect, Unlinked):
                self.tree.unlinked(effect.peer)
        return out
