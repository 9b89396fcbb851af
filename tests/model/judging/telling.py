"""Histories written by hand, short enough to be read as sentences.

`story(write("a", 0, 10), read(20, 30, "a"))`: an operation without an end is one nobody knows the
end of. Numbers and clients follow from the order.
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.model.judging.deeds import Deed, Outcome
from cluster.model.member import NodeId


def write(
    value: str, invoked: int, ended: int = 0, *, key: str = "k", saw: tuple[int, ...] = ()
) -> Deed:
    return Deed(0, 0, "write", key, invoked, ended, outcome(ended), value, saw=saw)


def delete(invoked: int, ended: int = 0, *, key: str = "k", saw: tuple[int, ...] = ()) -> Deed:
    return Deed(0, 0, "delete", key, invoked, ended, outcome(ended), saw=saw)


def read(invoked: int, ended: int, *told: str, key: str = "k") -> Deed:
    return Deed(0, 0, "read", key, invoked, ended, outcome(ended), told=told)


def count(amount: int, invoked: int, ended: int = 0, *, key: str = "c") -> Deed:
    return Deed(0, 0, "count", key, invoked, ended, outcome(ended), str(amount))


def refused(deed: Deed) -> Deed:
    """It was certainly not done."""
    return replace(deed, outcome="failed")


def twice(deed: Deed) -> Deed:
    """It was tried again after a try that may still happen."""
    return replace(deed, again=True)


def outcome(ended: int) -> Outcome:
    return "ok" if ended else "maybe"


def story(*deeds: Deed) -> tuple[Deed, ...]:
    """Numbered from 1; each is another client's."""
    return tuple(
        replace(deed, number=number, client=number, node=NodeId(f"n{number % 5 + 1}"))
        for number, deed in enumerate(deeds, 1)
    )
