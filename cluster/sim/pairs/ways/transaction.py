"""Transactional memory in small: references with versions, and attempts that commit or do not.

What an attempt has read is compared when it is done: if any of it has changed, nothing is written
(optimistic; Harris, Marlow, Peyton Jones, Herlihy 2005). An attempt that is doomed may have read what
never was true together, and finds out at its end.
"""

from __future__ import annotations


class Ref:
    """A number and how often it has changed."""

    def __init__(self) -> None:
        self.value = self.version = 0


class Transaction:
    """What one attempt has read, and what it would write."""

    def __init__(self) -> None:
        self._read: dict[Ref, int] = {}
        self._written: dict[Ref, int] = {}

    def get(self, ref: Ref) -> int:
        """As this attempt sees it."""
        if ref in self._written:
            return self._written[ref]
        self._read.setdefault(ref, ref.version)
        return ref.value

    def add(self, ref: Ref, points: int) -> None:
        """Write, for when it commits."""
        self._written[ref] = self.get(ref) + points

    def commit(self) -> bool:
        """All of it at once, if nothing that was read is another by now."""
        if any(ref.version != version for ref, version in self._read.items()):
            return False
        for ref, value in self._written.items():
            ref.value = value
            ref.version += 1
        return True
