"""What was told over time as equal slots, each worked out once.

A slot that is over does not change any more, and a screen is painted eight times a second. So what was
made of a slot is remembered by the last thing told in it and how many there are, and a whole row of slots
by the last of that row. The memo keeps what it goes by alive, and a history only ever grows at its end
and is forgotten from its beginning: the same last thing and the same number are the same history.
What a picture shows never depends on what is remembered. Ignores what was told.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Protocol, TypeVar, cast

from tui.judge.memo import Memo

ROWS_MAX: Final = 1_024
"""Remembered rows, over all nodes and figures."""
SLOTS_MAX: Final = 8_192
"""Remembered slots: 32 nodes, four figures, 60 columns. Each keeps one sample alive (some 2 kB)."""


class Told(Protocol):
    """Something that was told at a moment."""

    @property
    def at(self) -> int:
        """Microseconds since 1970."""
        ...


T = TypeVar("T")
S = TypeVar("S", bound=Told)

_rows: Final = Memo[object](ROWS_MAX)
_slots: Final = Memo[object](SLOTS_MAX)


def in_slots(
    told: Sequence[S],
    span: tuple[int, int, int],
    what: Hashable,
    make: Callable[[Sequence[S]], T],
) -> Sequence[T | None]:
    """What `make` makes of each slot of `span` (its end, how many, how wide in microseconds).

    Slots end on multiples of their width; one in which nothing was told is None. `what` names `make`
    and whatever it depends on besides the slot. The same row is returned while nothing in it changed.
    """
    end, columns, width = span
    last = (end - 1) // width
    since = (last - columns + 1) * width
    first, after = 0, len(told)
    while after and told[after - 1].at >= end:
        after -= 1
    while first < after and told[first].at < since:
        first += 1
    if first == after:
        return (None,) * columns

    def one(slot: list[S]) -> T:
        made = _slots.get(slot[-1], (what, width, len(slot)), lambda: make(slot))
        return cast("T", made)

    def row() -> tuple[T | None, ...]:
        found: list[list[S]] = [[] for _ in range(columns)]
        for each in told[first:after]:
            column = columns - 1 - (last - each.at // width)
            if 0 <= column < columns:
                found[column].append(each)
        return tuple(one(slot) if slot else None for slot in found)

    made = _rows.get(told[after - 1], (what, span, after - first), row)
    return cast("Sequence[T | None]", made)
