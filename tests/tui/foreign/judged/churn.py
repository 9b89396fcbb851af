"""Looks at a cluster whose members come, go, fail and come back all the time, as an adapter makes them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from cluster.model.facts import Fact, ProbeMissed, SuspicionConfirmed, SuspicionRaised
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.summary import Telling
from tui.sources.foreign.seen import Look, Opinion, Row
from tui.sources.foreign.teller import Teller

ALIVE: Final = MemberState.ALIVE
START: Final = 1_767_269_640_000_000
EVERY_US: Final = 250_000
SERF: Final = Telling("Serf", EVERY_US, (), ("round trips",))


def looks(
    members: int, asked: int, count: int, *, seed: int = 1, rate: float = 0.05, lag: int = 2
) -> Iterator[Look]:
    """`rate` of the members change in each look; who is asked hears of it up to `lag` looks later."""
    random = Random(seed)
    names = [NodeId(f"n{number}") for number in range(1, members + 1)]
    truth = dict.fromkeys(names, ALIVE)
    held = {name: dict(truth) for name in names[:asked]}
    news: list[tuple[int, NodeId, NodeId, MemberState]] = []
    for turn in range(count):
        for name in names if turn else ():
            if random.random() < rate and (asked > 1 or name not in held):
                gone = random.choice((MemberState.DEAD, MemberState.LEFT))
                truth[name] = gone if truth[name] is ALIVE else ALIVE
                news += [(turn + random.randint(0, lag), o, name, truth[name]) for o in held]
        for due, observer, name, state in news:
            if due <= turn and observer != name:
                held[observer][name] = state
        news = [each for each in news if each[0] > turn]
        rows = {name: _row(name, held[name]) for name in held if truth[name] is ALIVE}
        silent = {n: f"no serf agent answers at {n}" for n in held if n not in rows}
        yield Look(START + turn * EVERY_US, EVERY_US, rows, silent, SERF)


def _row(name: NodeId, held: dict[NodeId, MemberState]) -> Row:
    opinions = {other: Opinion(state) for other, state in held.items()}
    return Row(name, opinions, Address("10.0.0.1:7373"), "serf", extras=(("goroutines", "7"),))


def told(members: int, asked: int, count: int, *, seed: int = 1, rate: float = 0.05) -> list[Fact]:
    """The facts of such looks, with what logs say between them, and a few that were lost."""
    random = Random(seed)
    teller = Teller(1)
    facts: list[Fact] = []
    for look in looks(members, asked, count, seed=seed, rate=rate, lag=random.randint(0, 6)):
        for fact in teller.tell(look):
            if random.random() < 0.03:
                continue
            facts.append(fact)
            if random.random() < 0.1 and fact.node in look.rows:
                facts.append(_overheard(fact, NodeId(f"n{random.randint(1, members)}"), random))
    return facts


def _overheard(fact: Fact, subject: NodeId, random: Random) -> Fact:
    said = random.choice((
        SuspicionRaised(subject, 1, 0, fact.node, "silent", fact.at + 500_000),
        SuspicionConfirmed(subject, fact.node, 2, 0),
        ProbeMissed(subject, 0, ()),
    ))  # fmt: skip
    return Fact(fact.node, fact.epoch, fact.seq, fact.at, fact.at, said, (), "inferred")
