"""A last-write-wins register. LOSSY: of two concurrent settings one disappears, silently.

The later (time, actor) wins (Shapiro et al. 2011, 3.2.1). Time is the minting replica's clock,
but never at or before a setting it has seen, so that a setting always wins over those it knew of
however wrong a clock is. Jepsen found Riak to lose most acknowledged writes by this rule on a
healthy cluster; it is here because people ask for it, and says what it is wherever it is shown.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from cluster.model.values.dots import Dot
from cluster.model.values.update import Plain


class Lww(Struct, frozen=True, array_like=True):
    """The state: one value, and when and by whom it was set. `at` 0: never."""

    value: Plain = ""
    at: Annotated[int, Meta(ge=0, le=2**62)] = 0
    """Microseconds by the clock of the replica that took it, pushed past those it had seen."""
    actor: str = ""
    counter: int = 0


EMPTY = Lww()


def apply(state: Lww, value: Plain, dot: Dot, at: int) -> Lww:
    """The register after a setting by `dot` at `at`."""
    return Lww(value, max(at, state.at + 1), *dot)


def join(a: Lww, b: Lww) -> Lww:
    """The later one."""
    return b if (b.at, b.actor, b.counter) > (a.at, a.actor, a.counter) else a
