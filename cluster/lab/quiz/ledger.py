"""What the cluster promised: every acknowledged answer, and what reading it back must give.

The judge of "no acknowledged write was lost". It remembers one entry a key; the quiz has a bounded
number of keys, so nothing is ever forgotten. A write whose outcome nobody knows may or may not be
what a reader finds, so both are right then; an acknowledged one must be there.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct


class Audit(Struct, frozen=True):
    """The result of reading acknowledged answers back."""

    asked: int
    """How many acknowledged answers were looked for."""
    missing: tuple[str, ...]
    """Keys for which R replicas answered, and the acknowledged answer was not among theirs."""
    unanswered: tuple[str, ...]
    """Keys for which no node gave an answer within the audit's patience."""

    @property
    def unreadable(self) -> tuple[str, ...]:
        """All that could not be read, for whatever reason."""
        return self.missing + self.unanswered

    def __str__(self) -> str:
        if not self.unreadable:
            return f"all {self.asked} acknowledged answers asked for are readable"
        named = ", ".join(self.unreadable[:5])
        more = f" and {len(self.unreadable) - 5} more" if len(self.unreadable) > 5 else ""
        return f"{len(self.unreadable)} of {self.asked} are unreadable: {named}{more}"


class Ledger:
    """Per key: the latest acknowledged value, and values that may have replaced it."""

    def __init__(self) -> None:
        self._acknowledged: dict[str, bytes] = {}
        self._keys: list[str] = []
        self._possible: dict[str, frozenset[bytes]] = {}

    def __len__(self) -> int:
        return len(self._acknowledged)

    def keys(self) -> list[str]:
        """All keys with an acknowledged answer, oldest first."""
        return list(self._keys)

    def any(self, random: Random) -> str:
        """One of them."""
        return self._keys[random.randrange(len(self._keys))]

    def attempted(self, key: str, value: bytes) -> None:
        """A write was sent. Until it is acknowledged or surely refused, it may be there."""
        self._possible[key] = self._possible.get(key, frozenset()) | {value}

    def acknowledged(self, key: str, value: bytes) -> None:
        """The cluster promised it. It replaces what its writer had read."""
        if key not in self._acknowledged:
            self._keys.append(key)
        self._acknowledged[key] = value
        self._settle(key, value)

    def refused(self, key: str, value: bytes) -> None:
        """It was surely not written."""
        self._settle(key, value)

    def right(self, key: str) -> frozenset[bytes]:
        """The values one of which a reader must find now."""
        value = self._acknowledged.get(key)
        possible = self._possible.get(key, frozenset())
        return possible if value is None else possible | {value}

    def _settle(self, key: str, value: bytes) -> None:
        left = self._possible.get(key, frozenset()) - {value}
        if left:
            self._possible[key] = left
        else:
            self._possible.pop(key, None)
