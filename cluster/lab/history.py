"""What can be taken back: a bounded stack of inverses.

An entry that no longer makes sense (the node came back by other means) is dropped silently when
its turn comes, so that undo always does something visible or says that there is nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from msgspec import Struct

UNDO_MAX = 32


class Inverse(Struct, frozen=True):
    """One act, backwards."""

    label: str
    """What it would do, as an order: "start n4 again"."""
    apply: Callable[[], Awaitable[str]]
    applies: Callable[[], bool]
    """Whether it still makes sense."""


class History:
    """Latest first. Taking an act back is not itself an act: u, u, u walks back in time."""

    def __init__(self) -> None:
        self._inverses: deque[Inverse] = deque(maxlen=UNDO_MAX)

    def push(self, inverse: Inverse) -> None:
        """Remember how to take the act just done back; the oldest is forgotten past the bound."""
        self._inverses.append(inverse)

    def label(self) -> str:
        """What `pop` would return, in words; empty when there is nothing."""
        self._drop_stale()
        return self._inverses[-1].label if self._inverses else ""

    def pop(self) -> Inverse | None:
        """The latest inverse that still applies."""
        self._drop_stale()
        return self._inverses.pop() if self._inverses else None

    def _drop_stale(self) -> None:
        while self._inverses and not self._inverses[-1].applies():
            self._inverses.pop()
