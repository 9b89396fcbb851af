"""The appendix's experiment: one quiz room, one load, written three ways and once carelessly.

Six players give their answers and one onlooker reads the scores, each a step at a time in an order
that is drawn. With nothing between them, two read one score and both write: answers are lost, and
the onlooker reads a total that is not the sum. An actor, channels and transactional memory all end
with the right scores and never show torn ones. They differ in where it waits: in the actor's mailbox,
at the givers' own hands, or nowhere, at the price of work that is thrown away and done again.

These are rooms in small, each a page long, and no part of the cluster: its rooms are actors
(`cluster.protocol.rooms`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Final

from msgspec import Struct

from cluster.config import MS
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.ways.actor import ActorRoom
from cluster.sim.pairs.ways.bare import BareRoom
from cluster.sim.pairs.ways.channels import ChannelRoom
from cluster.sim.pairs.ways.memory import MemoryRoom
from cluster.sim.pairs.ways.room import LOOKS, Room, Seen, load
from cluster.sim.pairs.ways.steps import Steps, Task, go

STEP_US: Final = MS
"""A step has no length; in the record each is written as so much."""
WAYS: Final[tuple[Callable[[], Room], ...]] = (ActorRoom, ChannelRoom, MemoryRoom)


class Moment(Struct, frozen=True):
    """The room after one step."""

    board: Seen
    held: int
    blocked: int
    retries: int
    torn: int
    """Looks so far that were torn."""


class History(Struct, frozen=True):
    """One way under the load, step by step."""

    title: str
    given: int
    """Points in all answers."""
    answers: int
    looks: int
    moments: tuple[Moment, ...]

    @property
    def last(self) -> Moment:
        """How it ended."""
        return self.moments[-1]

    @property
    def lost(self) -> int:
        """Points of the total or of a team's score that are missing."""
        board = self.last.board
        return max(self.given - board.total, self.given - sum(board.scores))

    @property
    def held(self) -> int:
        """The most answers and questions that waited in the room."""
        return max(moment.held for moment in self.moments)

    @property
    def blocked(self) -> int:
        """The most players and onlookers who waited at its door."""
        return max(moment.blocked for moment in self.moments)


def history(make: Callable[[], Room], seed: int) -> History:
    """Have one way bear the load."""
    room, answers = make(), load(seed)
    steps = Steps(Random(f"{seed}/steps"))
    for task in room.serve():
        steps.spawn(task)
    for mine in answers:
        steps.spawn(_each(room.answer(answer) for answer in mine))
    steps.spawn(_each(room.look() for _ in range(LOOKS)))
    moments: list[Moment] = []

    def look() -> None:
        torn = sum(seen.torn for seen in room.looks)
        moments.append(Moment(room.board, room.held, room.blocked, room.retries, torn))

    steps.run(look)
    given = sum(answer.points for mine in answers for answer in mine)
    count = sum(map(len, answers))
    return History(room.title, given, count, len(room.looks), tuple(moments))


def _each(tasks: Iterable[Task]) -> Task:
    """One after another."""
    for task in tasks:
        yield go
        yield from task


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The four rooms."""
    bare = history(BareRoom, seed)
    actor, channels, memory = right = [history(make, seed) for make in WAYS]
    steps: list[Step] = []

    def note(way: Way, told: History) -> None:
        said = f"{told.title}: {told.last.board.total} of {told.given} points, {told.lost} lost"
        steps.append(Step(way, len(told.moments) * STEP_US, said))
        if progress is not None:
            progress(f"{way} way: {said}")

    note("wrong", bare)
    for told in right:
        note("right", told)
    return Outcome(
        steps=tuple(steps),
        wrong=(
            Figure("points lost", bare.lost, f"of {bare.given}"),
            Figure("torn scores seen", bare.last.torn, f"of {bare.looks} looks"),
        ),
        right=(
            Figure("points lost", max(told.lost for told in right), f"of {bare.given}"),
            Figure("torn scores seen", sum(told.last.torn for told in right), "in all three"),
            Figure("waited in the actor's mailbox, at most", actor.held, "messages"),
            Figure("waited at the channels, at most", channels.blocked, "who give"),
            Figure("attempts begun again", memory.last.retries, f"for {memory.answers} answers"),
            *(Figure(f"steps, {told.title}", len(told.moments)) for told in right),
        ),
        claims=(
            check(
                "nothing between them: points are lost",
                bare.lost,
                ">",
                0,
                unit="points",
                of=bare.given,
                of_what="points given",
            ),
            check(
                "actor, channels, transactions: no point is lost",
                sum(told.lost for told in right),
                "==",
                0,
                unit="points",
                of=sum(told.given for told in right),
                of_what="points given",
            ),
            check(
                "in all three, nobody ever sees a total that is not the sum",
                sum(told.last.torn for told in right),
                "==",
                0,
                unit="torn",
                of=sum(told.looks for told in right),
                of_what="looks",
            ),
            check(
                "actor: what is too much waits in its mailbox",
                actor.held,
                ">",
                1,
                unit="messages",
                of=actor.answers,
                of_what="answers",
            ),
            check(
                "channels: nothing is kept; who gives waits",
                channels.held,
                "==",
                0,
                unit="kept",
                of=channels.blocked,
                of_what="waiting at most",
            ),
            check(
                "transactions: nobody waits; who was not alone begins again",
                memory.last.retries,
                ">",
                0,
                unit="retries",
                of=memory.answers,
                of_what="answers",
            ),
        ),
    )
