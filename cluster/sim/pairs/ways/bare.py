"""The room with nothing between its players: everybody reads, thinks, and writes."""

from __future__ import annotations

from cluster.sim.pairs.ways.room import Answer, Scores, Seen
from cluster.sim.pairs.ways.steps import Task, go


class BareRoom(Scores):
    """Variables that all share."""

    title = "nothing between them"

    def answer(self, answer: Answer) -> Task:
        """Read, think, write; twice."""
        score = self.scores[answer.team]
        yield go
        self.scores[answer.team] = score + answer.points
        total = self.total
        yield go
        self.total = total + answer.points

    def look(self) -> Task:
        """The teams, then the total."""
        scores = tuple(self.scores)
        yield go
        self.looks.append(Seen(scores, self.total))
