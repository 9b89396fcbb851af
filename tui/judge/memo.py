"""Remember what was computed from values that do not change.

A view's parts are shared from frame to frame, so most of a picture can be kept. Keyed by identity:
the structs hold dicts and cannot be hashed, and comparing them would cost what is to be saved. The
memo keeps what it is keyed by, so that an identity is never reused while it is remembered. Bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")
ENTRIES_MAX: Final = 1_024


class Memo(Generic[T]):
    """Results by the identity of one value and some plain arguments."""

    def __init__(self, entries_max: int = ENTRIES_MAX) -> None:
        self._entries: dict[Hashable, tuple[object, T]] = {}
        self._entries_max = entries_max

    def get(self, value: object, key: Hashable, make: Callable[[], T]) -> T:
        """The remembered result for `value` and `key`, made when there is none."""
        return self._kept((id(value), key), value, make)

    def of(self, values: Sequence[object], key: Hashable, make: Callable[[], T]) -> T:
        """The same by the identities of several values."""
        return self._kept((tuple(map(id, values)), key), values, make)

    def peek(self, value: object, key: Hashable) -> T | None:
        """What is remembered for `value` and `key`."""
        found = self._entries.get((id(value), key))
        return found[1] if found is not None else None

    def forget(self, value: object, key: Hashable) -> None:
        """Keep it no longer."""
        self._entries.pop((id(value), key), None)

    def _kept(self, place: Hashable, value: object, make: Callable[[], T]) -> T:
        found = self._entries.get(place)
        if found is not None:
            return found[1]
        result = make()
        if len(self._entries) >= self._entries_max:
            for old in list(self._entries)[: self._entries_max // 2]:
                del self._entries[old]
        self._entries[place] = (value, result)
        return result
