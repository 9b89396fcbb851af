"""A few views on one table: links in order, nothing else promised. What comes next is drawn by a test.

A peer that ends says nothing more; what it had said still arrives, and then its connections break.
"""

from __future__ import annotations

from random import Random

from cluster.bounds.overlay import ViewConfig
from cluster.protocol.overlay.messages import PeerId, Tell, ViewEffect, ViewMessage
from cluster.protocol.overlay.view import PartialView


class Table:
    """Views, and one queue for each ordered pair of them."""

    def __init__(self, count: int, config: ViewConfig, rng: Random) -> None:
        self.rng = rng
        self.now = 0
        self.names = [PeerId(f"p{number}") for number in range(count)]
        self.views = {name: PartialView(name, config, rng) for name in self.names}
        self.lines: dict[tuple[PeerId, PeerId], list[ViewMessage | None]] = {}
        """By sender and receiver. None: the connection breaks."""
        for number, name in enumerate(self.names):
            self.do(name, self.views[name].start(tuple(self.names[:number][-2:]), self.now))

    def do(self, name: PeerId, effects: list[ViewEffect]) -> None:
        for effect in effects:
            if isinstance(effect, Tell):
                assert isinstance(effect.message, ViewMessage)
                self._line(name, effect.to).append(effect.message)

    def _line(self, sender: PeerId, to: PeerId) -> list[ViewMessage | None]:
        return self.lines.setdefault((sender, to), [])

    def kill(self, name: PeerId) -> None:
        if self.views.pop(name, None) is not None:
            for other in self.views:
                self._line(name, other).append(None)

    def deliver_one(self) -> bool:
        """The first message of any line."""
        busy = [line for line, queue in self.lines.items() if queue]
        if not busy:
            return False
        sender, to = self.rng.choice(busy)
        message = self.lines[sender, to].pop(0)
        self.now += 1_000
        view = self.views.get(to)
        if view is None:
            if sender in self.views:
                self._line(to, sender).append(None)
        elif message is None:
            self.do(to, view.lost(sender, self.now))
        else:
            self.do(to, view.hear(message, sender, self.now))
        return True

    def wake(self, name: PeerId, timer: tuple[str, None]) -> None:
        if name in self.views:
            self.do(name, self.views[name].wake(timer, self.now))

    def settle(self) -> None:
        for _ in range(100_000):
            if not self.deliver_one():
                return
        raise AssertionError("they never stop talking")

    def one_sided(self) -> list[tuple[PeerId, PeerId]]:
        return [
            (name, other)
            for name, view in self.views.items()
            for other in view.active
            if other not in self.views or name not in self.views[other].active
        ]
