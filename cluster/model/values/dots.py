"""Dots and what has been seen of them: the causal core that all typed values but one share.

A dot (actor, counter) names one change for ever. A state is a store of dots together with `Seen`,
the dots whose changes it knows; a dot that is seen but not in the store was replaced or removed.
So a join keeps a dot if both sides store it, or if the other side has never seen it, and no
tombstones are kept (Bieniusa et al., "An Optimized Conflict-free Replicated Set", 2012; Almeida,
Shoker, Baquero, "Delta State Replicated Data Types", 2016, section 7: DotFun, DotSet, DotMap).

A change is computed as a small state of its own, the delta, and applied by joining it. A delta
has seen a few dots only, with gaps below them: these wait in `Seen.cloud` until the gap closes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

from cluster.model.versions import Actor, Context, Counter, join_contexts

Dot = tuple[Actor, Counter]
V = TypeVar("V")


class Seen(Struct, frozen=True, array_like=True):
    """A set of dots: for each actor all up to a counter, and those beyond a gap."""

    upto: Context = {}
    cloud: tuple[Dot, ...] = ()

    def covers(self, dot: Dot) -> bool:
        """Whether the dot is in the set."""
        return self.upto.get(dot[0], 0) >= dot[1] or dot in self.cloud


NOTHING = Seen()


def _compact(upto: Context, dots: Iterable[Dot]) -> Seen:
    """Move into `upto` every dot that follows on it. Changes `upto`."""
    cloud: list[Dot] = []
    for actor, counter in sorted(set(dots)):
        top = upto.get(actor, 0)
        if counter == top + 1:
            upto[actor] = counter
        elif counter > top:
            cloud.append((actor, counter))
    return Seen(upto, tuple(cloud))


def seen(dots: Iterable[Dot]) -> Seen:
    """The set of exactly these dots."""
    return _compact({}, dots)


def join_seen(a: Seen, b: Seen) -> Seen:
    """Their union."""
    return _compact(join_contexts(a.upto, b.upto), (*a.cloud, *b.cloud))


def join_entries(a: dict[Dot, V], seen_a: Seen, b: dict[Dot, V], seen_b: Seen) -> dict[Dot, V]:
    """Join two stores of one value per dot (DotFun). Both hold the same value for a shared dot."""
    kept = {dot: value for dot, value in a.items() if dot in b or not seen_b.covers(dot)}
    kept |= {dot: value for dot, value in b.items() if dot not in a and not seen_a.covers(dot)}
    return dict(sorted(kept.items(), key=lambda entry: entry[0]))


def join_dots(
    a: tuple[Dot, ...], seen_a: Seen, b: tuple[Dot, ...], seen_b: Seen
) -> tuple[Dot, ...]:
    """Join two sets of dots (DotSet)."""
    kept = [dot for dot in a if dot in b or not seen_b.covers(dot)]
    kept += [dot for dot in b if dot not in a and not seen_a.covers(dot)]
    return tuple(sorted(kept))
