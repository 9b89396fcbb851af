"""Causal order: no letter is handed over before those that its author had read or written.

Each letter names the letters it *directly* depends on: what its author has had that no other of
them depends on in turn (Peterson, Buchholz, Schlichting, "Preserving and using context information
in interprocess communication", TOCS 1989; Prakash, Raynal, Singhal 1997 show that these suffice).
A letter waits until all of them are handed over. By one author letters come in the order they were
written, because each depends, directly or not, on the one before; so a count for each author says
exactly what was handed over, and no list of dots has to be kept.

Ignores how letters travel, and whether they arrive at all: one that never comes holds back for ever
what depends on it, up to `waiting_max`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cluster.bounds.overlay import CausalConfig
from cluster.protocol.overlay.messages import Dot, Letter, PeerId

Refused = Literal["full", "known", "long", "stranger"]
"""Why a letter was not taken: too many wait, it was had, it names too many others, or its author is
one too many."""


class CausalOrder:
    """What one peer has handed over, and what waits."""

    def __init__(
        self, name: PeerId, config: CausalConfig, had: Mapping[PeerId, int] | None = None
    ) -> None:
        """`had`: what was handed over before this began, for one who comes later."""
        self.name = name
        self._config = config
        self._had: dict[PeerId, int] = dict(had or {})
        """Of each author, the number of the last letter handed over."""
        self._front: dict[PeerId, int] = {}
        """What a letter written now would directly depend on; at most one by each author, since
        an author's letters depend on each other."""
        self._waiting: dict[Dot, tuple[Letter, int]] = {}
        """Letters that came early, and for how many others each waits."""
        self._waited_for: dict[Dot, list[Dot]] = {}
        """What each of those is waited for by."""
        self.refused = 0
        """Letters for which there was no room: whoever brings them has to bring them again."""
        self.held_back = 0
        """Letters that had to wait."""

    @property
    def waiting(self) -> int:
        """Letters that came before what they depend on."""
        return len(self._waiting)

    def write(self, dot: Dot, body: bytes) -> Letter | None:
        """A letter of one's own, handed over at once. None when it would depend on too many."""
        assert dot == Dot(self.name, self._had.get(self.name, 0) + 1)
        if len(self._front) > self._config.after_max:
            return None
        letter = Letter(dot, tuple(Dot(*place) for place in self._front.items()), body)
        self._hand_over(letter)
        return letter

    def take(self, letter: Letter) -> list[Letter] | Refused:
        """A letter came: what may be handed over now, in order, with whatever waited for it."""
        dot = letter.dot
        if dot.number <= self._had.get(dot.author, 0) or dot in self._waiting:
            return "known"
        if len(letter.after) > self._config.after_max:
            self.refused += 1
            return "long"
        if dot.author not in self._had:
            if len(self._had) >= self._config.authors_max:
                self.refused += 1
                return "stranger"
            self._had[dot.author] = 0
        needed = [before for before in self._befores(letter) if not self._has(before)]
        if needed:
            if len(self._waiting) >= self._config.waiting_max:
                self.refused += 1
                return "full"
            self.held_back += 1
            self._waiting[dot] = (letter, len(needed))
            for before in needed:
                self._waited_for.setdefault(before, []).append(dot)
            return []
        return self._release(letter)

    def _befores(self, letter: Letter) -> dict[Dot, None]:
        """What must come first: what it names, and its author's letter before it."""
        author, number = letter.dot
        named = dict.fromkeys(letter.after)
        if number > 1:
            named[Dot(author, number - 1)] = None
        return named

    def _has(self, dot: Dot) -> bool:
        return self._had.get(dot.author, 0) >= dot.number

    def _release(self, letter: Letter) -> list[Letter]:
        out = [letter]
        for ready in out:  # grows while it is read: each may set others free
            self._hand_over(ready)
            for name in self._waited_for.pop(ready.dot, ()):
                waiter, left = self._waiting[name]
                if left > 1:
                    self._waiting[name] = (waiter, left - 1)
                else:
                    del self._waiting[name]
                    out.append(waiter)
        return out

    def _hand_over(self, letter: Letter) -> None:
        self._had[letter.dot.author] = letter.dot.number
        for author, number in letter.after:
            if self._front.get(author, 0) <= number:
                self._front.pop(author, None)
        self._front[letter.dot.author] = letter.dot.number
