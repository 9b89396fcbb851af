"""Flooding, for contrast: whoever hears a letter for the first time sends it to all its neighbours.

It needs no tree and survives anything that leaves the graph in one piece. What it costs is a copy
over nearly every link. Over a full mesh nobody need pass anything on (`relays=False`): the author
sends to everybody, all n - 1 copies itself.
"""

from __future__ import annotations

from cluster.bounds.overlay import TreeConfig
from cluster.protocol.overlay.messages import (
    Copy,
    Deliver,
    Dot,
    Duplicate,
    Letter,
    PeerId,
    Tell,
    TreeEffect,
)


class Flood:
    """One peer's part."""

    def __init__(self, name: PeerId, config: TreeConfig, *, relays: bool = True) -> None:
        self.name = name
        self._relays = relays
        self._seen_max = config.seen_max
        self._seen: dict[Dot, None] = {}

    def publish(self, letter: Letter, neighbours: list[PeerId]) -> list[TreeEffect]:
        """Broadcast a letter of one's own."""
        self._remember(letter.dot)
        onward = Copy(letter, 1)
        return [*(Tell(peer, onward) for peer in neighbours), Deliver(letter, self.name, 0)]

    def hear(self, message: Copy, sender: PeerId, neighbours: list[PeerId]) -> list[TreeEffect]:
        """A letter came."""
        dot = message.letter.dot
        if dot in self._seen:
            return [Duplicate(dot, sender)]
        self._remember(dot)
        effects: list[TreeEffect] = []
        if self._relays:
            onward = Copy(message.letter, message.hops + 1)
            effects += [Tell(peer, onward) for peer in neighbours if peer != sender]
        return [*effects, Deliver(message.letter, sender, message.hops)]

    def _remember(self, dot: Dot) -> None:
        self._seen[dot] = None
        if len(self._seen) > self._seen_max:
            del self._seen[next(iter(self._seen))]
