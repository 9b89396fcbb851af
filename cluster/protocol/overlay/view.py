"""HyParView: few links that are kept alive, and a reserve of names to replace them from.

Leitao, Pereira, Rodrigues, "HyParView: a membership protocol for reliable gossip-based broadcast"
(DSN 2007), section 4. The active view is symmetric: each end of a link knows of it. A failed
neighbour is replaced from the passive view at once; reserves are mixed by shuffles, which
bring in the living; a dead name goes when it is called, or is slowly crowded out.

Where it departs: whoever asks for a link takes it as one when it is accepted, at the end of a
newcomer's walk too. With messages of one link in order, every crossing of requests and
disconnects then ends with both ends of one mind (the paper adds first and tells after). Partisan's
`active_min` and its period are here as well: who has fewer links goes on looking for more.

Ignores how a failure is noticed (the driver says `lost`) and what travels over the links.
"""

from __future__ import annotations

from random import Random
from typing import Final

from cluster.bounds.overlay import ViewConfig
from cluster.protocol.overlay.messages import (
    Accept,
    Disconnect,
    ForwardJoin,
    Join,
    Linked,
    Neighbour,
    PeerId,
    Refuse,
    Shuffle,
    ShuffleReply,
    Tell,
    Unlinked,
    ViewEffect,
    ViewMessage,
    Wake,
)

SHUFFLE: Final = ("shuffle", None)
PROMOTE: Final = ("promote", None)
TIMERS: Final = frozenset((SHUFFLE, PROMOTE))


class PartialView:
    """Whom one peer is linked with, and whom it knows besides."""

    def __init__(self, name: PeerId, config: ViewConfig, rng: Random) -> None:
        self.name = name
        self._config = config
        self._rng = rng
        self.active: dict[PeerId, None] = {}
        """Neighbours, oldest first. A dict, because order is behaviour."""
        self.passive: dict[PeerId, None] = {}
        self._asked: dict[PeerId, tuple[int, int]] = {}
        """Requests for links under way: their number and when they are given up."""
        self._refused: dict[PeerId, None] = {}
        """Asked in vain since the last link was won: others first."""
        self._contacts: tuple[PeerId, ...] = ()
        self._offered: tuple[PeerId, ...] = ()
        """Names in the last shuffle sent: the first to make room for those that come back."""
        self._number = 0
        self._now = 0
        self._out: list[ViewEffect] = []

    # --- what happens to it -------------------------------------------------------------------

    def start(self, contacts: tuple[PeerId, ...], now: int) -> list[ViewEffect]:
        """Begin, and join through the first of `contacts` (without any: be the first)."""
        self._now = now
        self._contacts = contacts[: self._config.contacts_max]
        if contacts:
            self._join(contacts[0])
        config = self._config
        # Not all at once: each begins somewhere in its period.
        self._wake(SHUFFLE, self._rng.randrange(config.shuffle_period_us))
        self._wake(PROMOTE, self._rng.randrange(config.promote_period_us))
        return self._taken()

    def hear(self, message: ViewMessage, sender: PeerId, now: int) -> list[ViewEffect]:
        """A message came."""
        self._now = now
        match message:
            case Join(number):
                self._announce(sender)
                self._link(sender, Accept(number))
            case ForwardJoin(newcomer, hops):
                self._on_walk(newcomer, hops, sender)
            case Neighbour(number, must):
                if must or sender in self.active or len(self.active) < self._config.active_max:
                    self._link(sender, Accept(number))
                else:
                    self._tell(sender, Refuse(number))
            case Accept(number):
                self._on_accept(sender, number)
            case Refuse(number):
                self._on_refuse(sender, number)
            case Disconnect():
                self._unlink(sender)
                self._reserve(sender)
                self._promote_below(self._config.active_min)
            case Shuffle(origin, hops, names):
                self._on_shuffle(origin, hops, names, sender)
            case ShuffleReply(names):
                self._take_in(names, self._offered)
        return self._taken()

    def lost(self, peer: PeerId, now: int) -> list[ViewEffect]:
        """The link to a peer broke, or it could not be reached: it is taken for dead."""
        self._now = now
        self.passive.pop(peer, None)
        was_asked = self._asked.pop(peer, None) is not None
        if peer in self.active:
            self._unlink(peer)
            self._promote()
        elif was_asked:
            self._promote()
        return self._taken()

    def wake(self, timer: tuple[str, None], now: int) -> list[ViewEffect]:
        """One of `TIMERS` came due."""
        self._now = now
        config = self._config
        if timer == SHUFFLE:
            self._wake(SHUFFLE, config.shuffle_period_us)
            self._shuffle()
        else:
            self._wake(PROMOTE, config.promote_period_us)
            self._asked = {p: a for p, a in self._asked.items() if a[1] > now}
            self._refused.clear()
            self._promote_below(config.active_min)
            if not self.active and not self._asked and self._contacts:
                self._join(self._rng.choice(self._contacts))
        return self._taken()

    # --- joining ------------------------------------------------------------------------------

    def _join(self, contact: PeerId) -> None:
        self._tell(contact, Join(self._ask(contact)))

    def _ask(self, peer: PeerId) -> int:
        self._number += 1
        self._asked[peer] = (self._number, self._now + self._config.answer_timeout_us)
        return self._number

    def _announce(self, newcomer: PeerId) -> None:
        for peer in self.active:
            if peer != newcomer:
                self._tell(peer, ForwardJoin(newcomer, self._config.active_walk))

    def _on_walk(self, newcomer: PeerId, hops: int, sender: PeerId) -> None:
        """Section 4.2: the walk's end becomes a neighbour, a peer on the way takes note."""
        if newcomer == self.name:
            return
        onward = [peer for peer in self.active if peer not in (sender, newcomer)]
        if hops <= 0 or not onward:
            if newcomer not in self.active and newcomer not in self._asked:
                self._tell(newcomer, Neighbour(self._ask(newcomer), must=True))
            return
        if hops == self._config.passive_walk:
            self._reserve(newcomer)
        self._tell(self._rng.choice(onward), ForwardJoin(newcomer, hops - 1))

    # --- links --------------------------------------------------------------------------------

    def _link(self, peer: PeerId, answer: Accept | None = None) -> None:
        """Have a peer as a neighbour, whatever the cost: a full view lets a random one go."""
        if peer not in self.active:
            if len(self.active) >= self._config.active_max:
                dropped = self._rng.choice(list(self.active))
                self._tell(dropped, Disconnect())
                self._unlink(dropped)
                self._reserve(dropped)
            self.passive.pop(peer, None)
            self._refused.clear()
            self.active[peer] = None
            self._out.append(Linked(peer))
        if answer is not None:
            self._tell(peer, answer)

    def _unlink(self, peer: PeerId) -> None:
        # A request of ours that crossed with this is void: its answer speaks of the link before.
        if peer in self.active:
            del self.active[peer]
            self._asked.pop(peer, None)
            self._out.append(Unlinked(peer))

    def _on_accept(self, sender: PeerId, number: int) -> None:
        asked = self._asked.get(sender)
        if asked is None or asked[0] != number:
            if asked is None and sender not in self.active:
                # The request was given up meanwhile: the other end has to know. Not when there is a
                # newer one: its own answer settles it, and this would undo it.
                self._tell(sender, Disconnect())
            return
        del self._asked[sender]
        self._link(sender)

    def _on_refuse(self, sender: PeerId, number: int) -> None:
        asked = self._asked.get(sender)
        if asked is None or asked[0] != number:
            return
        del self._asked[sender]
        self._refused[sender] = None
        if sender not in self.active:
            self._reserve(sender)
        self._promote()

    def _promote_below(self, enough: int) -> None:
        if len(self.active) + len(self._asked) < enough:
            self._promote()

    def _promote(self) -> None:
        """Ask somebody of the reserve; only who has nobody at all may insist (section 4.3)."""
        if len(self.active) + len(self._asked) >= self._config.active_max:
            return
        left = [p for p in self.passive if p not in self._asked and p not in self._refused]
        if left:
            peer = self._rng.choice(left)
            self._tell(peer, Neighbour(self._ask(peer), must=not self.active))

    # --- the reserve --------------------------------------------------------------------------

    def _reserve(self, peer: PeerId, first_out: tuple[PeerId, ...] = ()) -> None:
        if peer == self.name or peer in self.active or peer in self.passive:
            return
        if len(self.passive) >= self._config.passive_max:
            spare = [name for name in first_out if name in self.passive]
            del self.passive[spare[0] if spare else self._rng.choice(list(self.passive))]
        self.passive[peer] = None

    def _take_in(self, names: tuple[PeerId, ...], first_out: tuple[PeerId, ...]) -> None:
        for name in names[: self._names_max]:
            self._reserve(name, first_out)

    @property
    def _names_max(self) -> int:
        return 1 + self._config.shuffle_active + self._config.shuffle_passive

    def _shuffle(self) -> None:
        """Section 4.4: offer some names, of neighbours too, to somebody a walk away."""
        if not self.active:
            return
        target = self._rng.choice(list(self.active))
        names = (
            self.name,
            *self._some([p for p in self.active if p != target], self._config.shuffle_active),
            *self._some(list(self.passive), self._config.shuffle_passive),
        )
        self._offered = names
        self._tell(target, Shuffle(self.name, self._config.active_walk, names))

    def _on_shuffle(
        self, origin: PeerId, hops: int, names: tuple[PeerId, ...], sender: PeerId
    ) -> None:
        onward = [peer for peer in self.active if peer not in (sender, origin)]
        if hops > 0 and onward:
            self._tell(self._rng.choice(onward), Shuffle(origin, hops - 1, names))
        elif origin != self.name:
            given = tuple(self._some(list(self.passive), min(len(names), self._names_max)))
            self._tell(origin, ShuffleReply(given))
            self._take_in(names, given)

    def _some(self, peers: list[PeerId], count: int) -> list[PeerId]:
        return self._rng.sample(peers, min(count, len(peers)))

    # --- effects ------------------------------------------------------------------------------

    def _tell(self, to: PeerId, message: ViewMessage) -> None:
        self._out.append(Tell(to, message))

    def _wake(self, timer: tuple[str, None], after_us: int) -> None:
        self._out.append(Wake(timer, self._now + after_us))

    def _taken(self) -> list[ViewEffect]:
        out, self._out = self._out, []
        return out
