"""The room in transactional memory: whoever has an answer adds it, as if alone, and begins again if
another was there meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.sim.pairs.ways.room import TEAMS, Answer, Room, Seen
from cluster.sim.pairs.ways.steps import Task, go
from cluster.sim.pairs.ways.transaction import Ref, Transaction


class MemoryRoom(Room):
    """References that all share, and transactions."""

    title = "transactions"

    def __init__(self) -> None:
        super().__init__()
        self.scores = [Ref() for _ in range(TEAMS)]
        self.total = Ref()

    def atomically(self, work: Callable[[Transaction], Task]) -> Task:
        """Until it was alone."""
        while True:
            attempt = Transaction()
            yield from work(attempt)
            if attempt.commit():
                return
            self.retries += 1

    def heart(self, team: int, points: int) -> Task:
        """Of each player: both, or neither."""

        def add(t: Transaction) -> Task:
            t.add(self.scores[team], points)
            yield go
            t.add(self.total, points)

        yield from self.atomically(add)

    def answer(self, answer: Answer) -> Task:
        """Count it oneself."""
        return self.heart(answer.team, answer.points)

    def look(self) -> Task:
        """Read in a transaction too."""
        found: list[Seen] = []

        def read(t: Transaction) -> Task:
            scores = tuple(map(t.get, self.scores))
            yield go
            found.append(Seen(scores, t.get(self.total)))

        yield from self.atomically(read)
        self.looks.append(found[-1])

    @property
    def board(self) -> Seen:
        """The truth."""
        return Seen(tuple(ref.value for ref in self.scores), self.total.value)
