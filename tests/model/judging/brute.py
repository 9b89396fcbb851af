"""The definition of linearizability, tried out: every subset of the maybes, every order."""

from __future__ import annotations

from itertools import permutations

from cluster.model.judging.deeds import Deed


def has_an_order(deeds: tuple[Deed, ...]) -> bool:
    """By trying every order. For a handful of operations."""
    due = [d for d in deeds if d.outcome == "ok"]
    maybe = [d for d in deeds if d.outcome == "maybe" and d.changes]
    maybe += [d for d in due if d.again]
    return any(
        explains(order, len(due))
        for bits in range(1 << len(maybe))
        for order in permutations(
            [(d, d.ended) for d in due]
            + [(d, 10**9) for place, d in enumerate(maybe) if bits >> place & 1]
        )
    )


def explains(order: tuple[tuple[Deed, int], ...], due: int) -> bool:
    assert len(order) >= due
    latest_start, held = -1, ()
    for deed, ended in order:
        if ended < latest_start:
            return False
        latest_start = max(latest_start, deed.invoked)
        if deed.kind == "read":
            if deed.told != held:
                return False
        else:
            held = (deed.value,) if deed.kind == "write" else ()
    return True
