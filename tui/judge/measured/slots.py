"""What was told over time as equal slots, each worked out once.

A slot that is over does not change any more, and a screen is painted eight times a second. So a
history is sorted into slots once for all that is drawn of it, one that has grown since (and was
forgotten from its beginning) is made from what it grew from, and a slot remembers what was made of
it. The memo keeps what it goes by alive: a last thing told that is the same object stands for the
same history before it. What a picture shows never depends on what is remembered. Ignores what was
told.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Protocol, TypeVar, cast

from msgspec import Struct

from tui.judge.memo import Memo

ROWS_MAX: Final = 1_024
"""Remembered rows, over all nodes and figures."""
HISTORIES_MAX: Final = 1_024
"""Remembered histories, over all nodes and widths of slots: some 8 kB each."""
GROWN_MAX: Final = 8
"""A history that has grown by more is sorted anew. Nodes tell four times a second."""


class Told(Protocol):
    """Something that was told at a moment."""

    @property
    def at(self) -> int:
        """Microseconds since 1970."""
        ...


T = TypeVar("T")
S = TypeVar("S", bound=Told)


class _Slot:
    """What was told in one slot, in the order it was told, and what was made of it."""

    __slots__ = ("made", "told")

    def __init__(self, told: list[Told]) -> None:
        self.told = told
        self.made: dict[Hashable, object] = {}


class _Sorted(Struct, frozen=True):
    """A history, and its slots by their number."""

    told: tuple[Told, ...]
    slots: dict[int, _Slot]


_rows: Final = Memo[object](ROWS_MAX)
_histories: Final = Memo[_Sorted](HISTORIES_MAX)


def in_slots(
    told: Sequence[S],
    span: tuple[int, int, int],
    what: Hashable,
    make: Callable[[Sequence[S]], T],
) -> Sequence[T | None]:
    """What `make` makes of each slot of `span` (its end, how many, how wide in microseconds).

    Slots end on multiples of their width, and so does the span; one in which nothing was told is
    None. `what` names `make` and whatever it depends on besides the slot. The same row is returned
    while nothing in it changed.
    """
    end, columns, width = span
    if not told:
        return (None,) * columns
    after = end // width
    slots = _sorted(told, width)
    window = [slots.get(number) for number in range(after - columns, after)]

    def one(slot: _Slot) -> T:
        if what not in slot.made:
            slot.made[what] = make(cast("Sequence[S]", slot.told))
        return cast("T", slot.made[what])

    def row() -> tuple[T | None, ...]:
        return tuple(None if slot is None else one(slot) for slot in window)

    return cast("Sequence[T | None]", _rows.of(window, what, row))


def _sorted(told: Sequence[Told], width: int) -> dict[int, _Slot]:
    """The slots of a history by their number."""
    same = _histories.peek(told[-1], width)
    if same is not None and len(same.told) == len(told):
        return same.slots
    slots = _grown(told, width) or _anew(told, width)
    _histories.forget(told[-1], width)
    return _histories.get(told[-1], width, lambda: _Sorted(tuple(told), slots)).slots


def _grown(told: Sequence[Told], width: int) -> dict[int, _Slot] | None:
    """The slots of a history made from those of what it was lately; None when that is not known."""
    count = len(told)
    for grown in range(min(GROWN_MAX, count)):
        before = _histories.peek(told[count - 1 - grown], width)
        if before is None:
            continue
        gone = len(before.told) - (count - grown)
        if gone < 0:
            return None
        slots = before.slots.copy()
        _forget(slots, before.told[:gone], width)
        _append(slots, told[count - grown :], width)
        _histories.forget(before.told[-1], width)
        return slots
    return None


def _anew(told: Sequence[Told], width: int) -> dict[int, _Slot]:
    slots: dict[int, _Slot] = {}
    _append(slots, told, width)
    return slots


def _forget(slots: dict[int, _Slot], gone: Sequence[Told], width: int) -> None:
    """Without what was told first."""
    for each in gone:
        number = each.at // width
        left = slots[number].told[1:]
        if left:
            slots[number] = _Slot(left)
        else:
            del slots[number]


def _append(slots: dict[int, _Slot], come: Sequence[Told], width: int) -> None:
    """With what was told since. Slots that others hold are not changed."""
    fresh: dict[int, list[Told]] = {}
    for each in come:
        fresh.setdefault(each.at // width, []).append(each)
    for number, more in fresh.items():
        had = slots.get(number)
        slots[number] = _Slot(more if had is None else had.told + more)
