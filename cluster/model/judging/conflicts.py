"""Which few operations on a register rule each other out: evidence a person can check.

Two ways to find them:

- **Zones** (Gibbons and Korach, "Testing Shared Memories", 1997, section 4). Where every value has
  one write, a value's cluster is that write and its reads, and in any order a cluster stands
  together. So one cluster must come before another as soon as any of its operations ended before any
  of the other's began; two clusters that must each come before the other are a contradiction.
  Without deletes there is an order exactly if no two are (their theorem); with them this finds some
  contradictions, and never a false one.
- **Shrinking**: leave out reads, and writes with everything that may have read from them, as long as
  there is still no order. Left out of an order they leave an order, so what remains has none by
  itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate

from msgspec import Struct

from cluster.model.judging.deeds import NEVER, Deed
from cluster.model.judging.order import find_order, steps_of


class Cluster(Struct, frozen=True):
    """A value's write and all its reads."""

    deeds: tuple[Deed, ...]
    settled: int
    """From when on the value had certainly been there: the first end. -1: since the beginning."""
    needed: int
    """Until when it certainly still was, or was yet to come: the last beginning."""

    def witnesses(self, other: Cluster) -> list[Deed]:
        """Its write, what ended before `other` was last needed, and, ending first, what began after
        `other` was settled."""
        after = [deed for deed in self.deeds if deed.invoked > other.settled]
        found = [deed for deed in self.deeds if deed.changes]
        if self.settled >= 0:
            found.append(min(self.deeds, key=lambda deed: deed.surely_over))
        found.append(min(after, key=lambda deed: deed.ended or NEVER))
        return found


def contradiction(deeds: Sequence[Deed]) -> tuple[Deed, ...]:
    """Operations of two clusters that must each come before the other, in order of time; of several
    pairs the one that is complete first. Empty: there is none."""
    ranked = sorted(clusters(deeds), key=lambda cluster: cluster.settled)
    latest: list[tuple[Cluster, ...]] = [()]
    """Of the first so many clusters, the two that are needed longest."""
    for cluster in ranked:
        top = sorted((*latest[-1], cluster), key=lambda c: c.needed, reverse=True)
        latest.append(tuple(top[:2]))
    best: tuple[int, Cluster, Cluster] | None = None
    reach = 0
    for one in sorted(ranked, key=lambda cluster: cluster.needed):
        while reach < len(ranked) and ranked[reach].settled < one.needed:
            reach += 1
        for other in latest[reach]:
            if other is not one and other.needed > one.settled:
                seen = max(one.needed, other.needed)
                if best is None or seen < best[0]:
                    best = seen, one, other
    return () if best is None else _together(best[1], best[2])


def clusters(deeds: Sequence[Deed]) -> list[Cluster]:
    """The clusters of those values that have exactly one write; the beginning is one if nothing was
    deleted."""
    groups: dict[str | None, list[Deed]] = {}
    writes: dict[str | None, int] = {}
    for deed in deeds:
        value = deed.value if deed.kind == "write" else next(iter(deed.told), None)
        groups.setdefault(None if deed.kind == "delete" else value, []).append(deed)
        if deed.changes:
            times = 2 if deed.again or deed.kind == "delete" else 1
            writes[value] = writes.get(value, 0) + times
    return [
        Cluster(
            tuple(group),
            -1 if value is None else min(deed.surely_over for deed in group),
            max(deed.invoked for deed in group),
        )
        for value, group in groups.items()
        if writes.get(value, 0) == (0 if value is None else 1)
    ]


def _together(one: Cluster, other: Cluster) -> tuple[Deed, ...]:
    picked = {d.number: d for d in (*one.witnesses(other), *other.witnesses(one))}
    return tuple(sorted(picked.values(), key=lambda deed: (deed.invoked, deed.number)))


def shrunk(deeds: Sequence[Deed], states_max: int, tries_max: int) -> tuple[Deed, ...]:
    """As few of these operations, which have no order, as so many tries find that have none either.

    In order of time. A try that is undecided leaves nothing out.
    """
    tries = 0

    def has_none(some: Sequence[Deed]) -> bool:
        nonlocal tries
        tries += 1
        return find_order(steps_of(some), states_max).answer == "no"

    kept = _prefix(sorted(deeds, key=lambda deed: deed.ended or NEVER), has_none)
    width = max(1, len(kept) // 2)
    while width and tries < tries_max:
        at = 0
        while at < len(kept) and tries < tries_max:
            fewer = _without(kept, kept[at : at + width])
            if len(fewer) < len(kept) and has_none(fewer):
                kept = fewer
            else:
                at += width
        width //= 2
    return tuple(sorted(kept, key=lambda deed: (deed.invoked, deed.number)))


def _prefix(ended: list[Deed], has_none: Callable[[Sequence[Deed]], bool]) -> list[Deed]:
    """The history up to the first end that made an order impossible. What had begun by then and not
    ended may have happened, so a prefix of an order is an order."""
    low, high = 1, len(ended)
    while low < high:
        middle = (low + high) // 2
        if has_none(_until(ended, middle)):
            high = middle
        else:
            low = middle + 1
    return _until(ended, high)


def _until(ended: list[Deed], count: int) -> list[Deed]:
    now = ended[count - 1].ended or NEVER
    under_way = [deed for deed in ended[count:] if deed.changes and deed.invoked <= now]
    return [*ended[:count], *(_open(deed) for deed in under_way)]


def _open(deed: Deed) -> Deed:
    if deed.outcome != "ok":
        return deed
    return Deed(
        deed.number,
        deed.client,
        deed.kind,
        deed.key,
        deed.invoked,
        0,
        "maybe",
        deed.value,
        node=deed.node,
        saw=deed.saw,
    )


def _without(deeds: list[Deed], some: list[Deed]) -> list[Deed]:
    """A history without some of it, and without what cannot stay then: a write goes with its reads
    and the other writes of its value, a delete with the reads of nothing that it may explain."""
    numbers = {deed.number for deed in some}
    values = {deed.value for deed in some if deed.kind == "write"}
    left = [
        deed
        for deed in deeds
        if deed.number not in numbers
        and not (deed.kind == "write" and deed.value in values)
        and not (deed.kind == "read" and deed.told and deed.told[0] in values)
    ]
    deletes = [deed for deed in some if deed.kind == "delete"]
    if not deletes:
        return left
    sure = sorted((d.ended, d.invoked) for d in left if d.changes and d.surely_over < NEVER)
    began = list(accumulate((invoked for _, invoked in sure), max, initial=-1))

    def may_explain(read: Deed) -> bool:
        """Whether one of the deletes had begun, and nothing came surely between it and the read."""
        between = began[bisect_left(sure, (read.invoked, -1))]
        return any(d.invoked <= read.ended and d.surely_over >= between for d in deletes)

    return [d for d in left if d.kind != "read" or d.told or not may_explain(d)]
