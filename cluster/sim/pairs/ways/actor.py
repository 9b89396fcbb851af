"""The room as an actor: a process with state of its own and a mailbox, which takes one message at a
time. Who sends does not wait; what is too much waits in the mailbox (Hewitt, Bishop, Steiger 1973).
"""

from __future__ import annotations

from collections import deque

from cluster.sim.pairs.ways.room import Answer, Scores, Seen
from cluster.sim.pairs.ways.steps import Task, go

Asked = list[Seen]
"""A question: where its reply is put."""


class ActorRoom(Scores):
    """One process and its mailbox."""

    title = "actor"

    def __init__(self) -> None:
        super().__init__()
        self.mail: deque[Answer | Asked] = deque()
        self.asking = 0

    def serve(self) -> tuple[Task, ...]:
        """That process."""
        return (self.heart(),)

    def heart(self) -> Task:
        """One message at a time."""
        while True:
            yield self.has_mail
            match self.mail.popleft():
                case Answer(team, points):
                    self.scores[team] += points
                    yield go
                    self.total += points
                case asked:
                    asked.append(self.board)

    def has_mail(self) -> bool:
        """Whether there is a message."""
        return bool(self.mail)

    def answer(self, answer: Answer) -> Task:
        """Send it, and do not wait."""
        self.mail.append(answer)
        yield go

    def look(self) -> Task:
        """Ask, and wait for the reply."""
        asked: Asked = []
        self.mail.append(asked)
        self.asking += 1
        yield lambda: bool(asked)
        self.asking -= 1
        self.looks += asked

    @property
    def held(self) -> int:
        """The mailbox."""
        return len(self.mail)

    @property
    def blocked(self) -> int:
        """Who waits for a reply."""
        return self.asking
