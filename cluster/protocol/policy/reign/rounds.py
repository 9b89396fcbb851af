"""Who listens to a master: the rounds of its heralds that the voters have heeded.

A read may be answered when a round that began after it came has been heeded by a majority: nobody
else was master meanwhile (Ongaro 2014, 6.4, "ReadIndex"). A master that a majority has not heeded
for a while is none.
"""

from __future__ import annotations

from collections import deque

from cluster.model.member import NodeId
from cluster.protocol.quorum.operation import Operation


class Rounds:
    """One reign's rounds, and the reads that wait for them."""

    def __init__(self) -> None:
        self._needed = 0
        """How many others make a majority with this node."""
        self._heeded: dict[NodeId, tuple[int, int]] = {}
        """Of each other voter: when it last heeded, and the last round it heeded."""
        self._reads: deque[tuple[int, Operation]] = deque()

    def begin(self, others: frozenset[NodeId], needed: int, now: int) -> None:
        """A reign begins: everybody is given the benefit of the doubt."""
        self._needed = needed - 1
        self._heeded = dict.fromkeys(others, (now, 0))

    def heeded(self, voter: NodeId, number: int, now: int) -> None:
        """A voter has heard a round."""
        _, last = self._heeded.get(voter, (0, 0))
        self._heeded[voter] = (now, max(last, number))

    def listening(self, since: int) -> int:
        """How many voters have been heard since then, this node among them."""
        return 1 + sum(at >= since for at, _ in self._heeded.values())

    def wait(self, op: Operation, number: int) -> None:
        """A read waits until this round was heeded."""
        self._reads.append((number, op))

    def confirmed(self) -> list[Operation]:
        """The reads that wait no longer."""
        rounds = sorted((last for _, last in self._heeded.values()), reverse=True)
        found: list[Operation] = []
        while self._reads and (not self._needed or self._reads[0][0] <= rounds[self._needed - 1]):
            found.append(self._reads.popleft()[1])
        return [op for op in found if not op.answered]

    def end(self) -> list[Operation]:
        """The reign is over: the reads that nobody will answer."""
        left, self._reads = [op for _, op in self._reads if not op.answered], deque()
        return left
