"""The room as a process between two channels, of answers and of questions: it takes whatever is
offered, one at a time, and who offers stands at the door until then.
"""

from __future__ import annotations

from cluster.sim.pairs.ways.channel import Channel
from cluster.sim.pairs.ways.room import Answer, Scores, Seen
from cluster.sim.pairs.ways.steps import Task, go


class ChannelRoom(Scores):
    """One process."""

    title = "channels"

    def __init__(self) -> None:
        super().__init__()
        self.given: Channel[Answer] = Channel()
        self.asked: Channel[Channel[Seen]] = Channel()

    def serve(self) -> tuple[Task, ...]:
        """That process."""
        return (self.heart(),)

    def heart(self) -> Task:
        """Whatever is offered."""
        while True:
            yield self.offered
            if self.given.offered():
                one = yield from self.given.take()
                self.scores[one.team] += one.points
                yield go
                self.total += one.points
            else:
                back = yield from self.asked.take()
                yield from back.give(self.board)

    def offered(self) -> bool:
        """At either channel."""
        return self.given.offered() or self.asked.offered()

    def answer(self, answer: Answer) -> Task:
        """Wait until it is taken."""
        return self.given.give(answer)

    def look(self) -> Task:
        """Ask, and wait for the reply."""
        back: Channel[Seen] = Channel()
        yield from self.asked.give(back)
        self.looks.append((yield from back.take()))

    @property
    def held(self) -> int:
        """What lies in a channel although nobody stands there."""
        return max(0, len(self.given.offers) + len(self.asked.offers) - self.blocked)

    @property
    def blocked(self) -> int:
        """Who stands there."""
        return self.given.givers + self.asked.givers
