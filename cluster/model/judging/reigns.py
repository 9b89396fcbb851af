"""Who was master when: from what nodes say of themselves, and what becomes of their processes.

A node reigns from `ReignBegan` to `ReignEnded`, but only while its process runs: a paused master
serves nobody, and one that resumes reigns again at once, for it does not know what happened. A
process that died has to begin anew.

Dual-master time is the time in which at least two nodes reigned.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from cluster.model.judging.bounds import JUDGE
from cluster.model.judging.deeds import Reign
from cluster.model.member import NodeId


class _Claim(Struct):
    """What a node believes of itself."""

    term: int
    since: int | None
    """None: its process does not run."""


class Thrones:
    """Folds what happens to masters, in order of time. Memory: the reigns of now, and `reigns_max`
    that are over."""

    def __init__(self, reigns_max: int = JUDGE.reigns_max) -> None:
        self._claims: dict[NodeId, _Claim] = {}
        self._over: list[Reign] = []
        self._reigns_max = reigns_max
        self._crowned = 0
        self._dual_us = 0
        self._dual_since = 0

    def began(self, node: NodeId, term: int, at: int) -> None:
        """A node took itself for the master (again, in a new term)."""
        self._close(node, at)
        self._claims[node] = _Claim(term, None)
        self._open(node, at)

    def ended(self, node: NodeId, at: int) -> None:
        """It no longer does, or its process died."""
        self._close(node, at)
        self._claims.pop(node, None)

    def stopped(self, node: NodeId, at: int) -> None:
        """Its process was paused."""
        self._close(node, at)

    def resumed(self, node: NodeId, at: int) -> None:
        """It goes on, with the belief it had."""
        self._open(node, at)

    def masters(self) -> tuple[NodeId, ...]:
        """Who reigns now, by name."""
        return tuple(sorted(n for n, claim in self._claims.items() if claim.since is not None))

    def dual_us(self, now: int) -> int:
        """For how long there has been more than one master."""
        return self._dual_us + (now - self._dual_since if self._crowned > 1 else 0)

    def reigns(self) -> tuple[Reign, ...]:
        """All that is kept, those of now last and open."""
        now = [
            Reign(node, claim.term, claim.since)
            for node, claim in sorted(self._claims.items())
            if claim.since is not None
        ]
        return (*self._over, *now)

    def _open(self, node: NodeId, at: int) -> None:
        claim = self._claims.get(node)
        if claim is None or claim.since is not None:
            return
        claim.since = at
        self._crowned += 1
        if self._crowned == 2:
            self._dual_since = at

    def _close(self, node: NodeId, at: int) -> None:
        claim = self._claims.get(node)
        if claim is None or claim.since is None:
            return
        if at > claim.since and len(self._over) < self._reigns_max:
            self._over.append(Reign(node, claim.term, claim.since, at))
        claim.since = None
        if self._crowned == 2:
            self._dual_us += at - self._dual_since
        self._crowned -= 1


def dual_master_us(reigns: Iterable[Reign], until: int) -> int:
    """For how long at least two nodes reigned; what still reigns does so until `until`."""
    turns: list[tuple[int, int, NodeId]] = []
    for reign in reigns:
        ended = reign.ended or until
        if ended > reign.began:
            turns += [(reign.began, 1, reign.node), (ended, -1, reign.node)]
    reigning: dict[NodeId, int] = {}
    total = since = 0
    for at, turn, node in sorted(turns):
        if len(reigning) > 1:
            total += at - since
        since = at
        count = reigning.get(node, 0) + turn
        if count:
            reigning[node] = count
        else:
            del reigning[node]
    return total


def shared_terms(reigns: Iterable[Reign]) -> tuple[int, ...]:
    """Terms in which more than one node reigned, ever: what an election must never allow.

    Term 0 is no term.
    """
    masters: dict[int, set[NodeId]] = {}
    for reign in reigns:
        masters.setdefault(reign.term, set()).add(reign.node)
    return tuple(sorted(term for term, nodes in masters.items() if term and len(nodes) > 1))
