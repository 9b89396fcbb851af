"""A register that keeps every value nobody has seen replaced: one in peace, several after a split.

Multi-value register: Shapiro et al. 2011, 3.2.2; as a store of one value per dot, Almeida et al.
2016, section 7. Values are shown together, never chosen from.
"""

from __future__ import annotations

from msgspec import Struct

from cluster.model.values.dots import NOTHING, Dot, Seen, join_entries, join_seen, seen
from cluster.model.values.update import Plain, in_order

Entries = dict[Dot, Plain]


class Register(Struct, frozen=True, array_like=True):
    """The state of a multi-value register."""

    entries: Entries
    seen: Seen


EMPTY = Register({}, NOTHING)


def delta(state: Register, value: Plain, dot: Dot) -> Register:
    """The change alone, to be joined to any replica of this register."""
    return Register({dot: value}, seen([dot, *state.entries]))


def apply(state: Register, value: Plain, dot: Dot) -> Register:
    """The register after the setting named `dot`."""
    return join(state, delta(state, value, dot))


def join(a: Register, b: Register) -> Register:
    """What both know together."""
    entries = join_entries(a.entries, a.seen, b.entries, b.seen)
    return Register(entries, join_seen(a.seen, b.seen))


def values(entries: Entries) -> list[Plain]:
    """What people see: each different value once."""
    return in_order(list(dict.fromkeys(entries.values())))
