"""Plumtree: a broadcast tree that lets itself be found, and mends itself from what gossip tells.

Leitao, Pereira, Rodrigues, "Epidemic broadcast trees" (SRDS 2007), section 3. A letter is pushed on
eager links and announced on lazy ones. A duplicate makes its link lazy (`Prune`); an announced
letter that does not come makes its link eager (`Graft`). One tree serves every author.

Where it departs: announcements wait for `lazy_period_us` and go together, as Partisan has them; a
new neighbour is told at once what was had lately, which is what Partisan's exchange every 10 s is
for. The optimization of section 3.8 (shorter lazy ways replace longer eager ones) is left out.

Ignores which peers are neighbours and why (`view`), and order (`causal`).
"""

from __future__ import annotations

from typing import Final

from cluster.bounds.overlay import TreeConfig
from cluster.protocol.overlay.messages import (
    Deliver,
    Dot,
    Duplicate,
    Gossip,
    Graft,
    IHave,
    Letter,
    PeerId,
    Prune,
    Tell,
    Timer,
    TreeEffect,
    TreeMessage,
    Wake,
)

LAZY: Final = ("lazy", None)
MISSING: Final = "missing"


class BroadcastTree:
    """One peer's part of the tree."""

    def __init__(self, name: PeerId, config: TreeConfig) -> None:
        self.name = name
        self._config = config
        self.eager: dict[PeerId, None] = {}
        """Neighbours that are pushed to: the tree's links at this peer."""
        self.lazy: dict[PeerId, None] = {}
        """Neighbours that are only told."""
        self._kept: dict[Dot, Gossip] = {}
        """The last letters, oldest first, as they came."""
        self._seen: dict[Dot, None] = {}
        self._missing: dict[Dot, list[PeerId]] = {}
        """Announced and not had: who announced them, and was not asked yet."""
        self._news: dict[PeerId, list[Dot]] = {}
        """What each neighbour was not pushed since the last announcement, and so has to be told."""
        self._announcing = False
        self._written = 0
        self._now = 0
        self._out: list[TreeEffect] = []

    # --- neighbours ---------------------------------------------------------------------------

    def linked(self, peer: PeerId, now: int) -> list[TreeEffect]:
        """A neighbour was won: pushed to until it says otherwise, and told what was had lately."""
        self._now = now
        self.lazy.pop(peer, None)
        self.eager[peer] = None
        if self._kept:
            self._tell(peer, IHave(tuple(self._kept)[-self._config.announced_max :]))
        return self._taken()

    def unlinked(self, peer: PeerId) -> None:
        """A neighbour is none any more: nothing is expected of it."""
        self.eager.pop(peer, None)
        self.lazy.pop(peer, None)
        self._news.pop(peer, None)
        for announcers in self._missing.values():
            if peer in announcers:
                announcers.remove(peer)

    # --- letters ------------------------------------------------------------------------------

    def next_dot(self) -> Dot:
        """What the next letter written here will be called."""
        return Dot(self.name, self._written + 1)

    def publish(self, letter: Letter, now: int) -> list[TreeEffect]:
        """Broadcast a letter of one's own, named by `next_dot`."""
        assert letter.dot == self.next_dot()
        self._now = now
        self._written += 1
        self._take(Gossip(letter, 0), self.name)
        return self._taken()

    def hear(self, message: TreeMessage, sender: PeerId, now: int) -> list[TreeEffect]:
        """A message came."""
        self._now = now
        match message:
            case Gossip(letter):
                self._on_gossip(message, letter.dot, sender)
            case IHave(dots):
                for dot in dots[: self._config.announced_max]:
                    self._on_announced(dot, sender)
            case Graft(dot):
                if sender in self.lazy:
                    del self.lazy[sender]
                    self.eager[sender] = None
                kept = self._kept.get(dot)
                if kept is not None:
                    self._tell(sender, Gossip(kept.letter, kept.hops + 1))
            case Prune():
                self._be_lazy(sender)
        return self._taken()

    def wake(self, timer: Timer, now: int) -> list[TreeEffect]:
        """A timer of this machine came due."""
        self._now = now
        kind, dot = timer
        if dot is None:
            self._announce()
        elif kind == MISSING:
            self._ask_for(dot)
        return self._taken()

    def _on_gossip(self, message: Gossip, dot: Dot, sender: PeerId) -> None:
        if dot in self._seen:
            self._out.append(Duplicate(dot, sender))
            # Asked for in good faith and come twice: one of two links is too many all the same.
            if sender in self.eager:
                self._be_lazy(sender)
                self._tell(sender, Prune())
            return
        if sender in self.lazy:
            del self.lazy[sender]
            self.eager[sender] = None
        self._take(message, sender)

    def _take(self, message: Gossip, sender: PeerId) -> None:
        """A letter that was not had: hand it over, pass it on, announce it."""
        dot, config = message.letter.dot, self._config
        self._missing.pop(dot, None)
        self._seen[dot] = None
        if len(self._seen) > config.seen_max:
            del self._seen[next(iter(self._seen))]
        self._kept[dot] = message
        if len(self._kept) > config.kept_max:
            del self._kept[next(iter(self._kept))]
        onward = Gossip(message.letter, message.hops + 1)
        for peer in self.eager:
            if peer != sender:
                self._tell(peer, onward)
        # Kept by neighbour: one that is pushed to by the time of the announcement was not pushed this.
        for peer in self.lazy:
            if peer != sender:
                news = self._news.setdefault(peer, [])
                news.append(dot)
                if len(news) >= config.announced_max:
                    self._tell(peer, IHave(tuple(self._news.pop(peer))))
        # Handed over after it was passed on: no answer to it leaves before it does.
        self._out.append(Deliver(message.letter, sender, message.hops))
        if self._news and not self._announcing:
            self._announcing = True
            self._out.append(Wake(LAZY, self._now + config.lazy_period_us))

    def _be_lazy(self, peer: PeerId) -> None:
        if peer in self.eager:
            del self.eager[peer]
            self.lazy[peer] = None

    # --- what was missed ----------------------------------------------------------------------

    def _announce(self) -> None:
        news, self._news, self._announcing = self._news, {}, False
        for peer, dots in news.items():
            self._tell(peer, IHave(tuple(dots)))

    def _on_announced(self, dot: Dot, sender: PeerId) -> None:
        if dot in self._seen:
            return
        announcers = self._missing.get(dot)
        if announcers is None:
            if len(self._missing) >= self._config.missing_max:
                return
            announcers = self._missing[dot] = []
            self._out.append(Wake((MISSING, dot), self._now + self._config.graft_after_us))
        if sender not in announcers and len(announcers) < self._config.announcers_max:
            announcers.append(sender)

    def _ask_for(self, dot: Dot) -> None:
        """It has not come: ask the first who announced it, the next one soon after."""
        announcers = self._missing.get(dot)
        if announcers is None:
            return
        if not announcers:
            # Whoever announces it later begins a new wait.
            del self._missing[dot]
            return
        peer = announcers.pop(0)
        if peer in self.lazy:
            del self.lazy[peer]
            self.eager[peer] = None
        self._tell(peer, Graft(dot))
        self._out.append(Wake((MISSING, dot), self._now + self._config.graft_again_us))

    # --- effects ------------------------------------------------------------------------------

    def _tell(self, to: PeerId, message: TreeMessage) -> None:
        self._out.append(Tell(to, message))

    def _taken(self) -> list[TreeEffect]:
        out, self._out = self._out, []
        return out
