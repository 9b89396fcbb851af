"""One quiz room written three ways: whatever the order of steps, all three come out right."""

from __future__ import annotations

from random import Random

import pytest

from cluster.sim.pairs.registry import play
from cluster.sim.pairs.ways.actor import ActorRoom
from cluster.sim.pairs.ways.bare import BareRoom
from cluster.sim.pairs.ways.channels import ChannelRoom
from cluster.sim.pairs.ways.memory import MemoryRoom
from cluster.sim.pairs.ways.room import ANSWERS, LOOKS, PLAYERS, TEAMS, load
from cluster.sim.pairs.ways.steps import EndlessError, Steps, Task, go
from cluster.sim.pairs.ways.three_ways import WAYS, history
from cluster.sim.pairs.ways.transaction import Ref, Transaction

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_seed_s_claims_hold(seed: int) -> None:
    record = play("three-ways", seed)
    assert record.fine, [claim.text for claim in record.claims if not claim.held]


@pytest.mark.parametrize("make", WAYS)
def test_scores_are_those_of_the_answers_in_any_order(make: type[ActorRoom]) -> None:
    for seed in SEEDS:
        told = history(make, seed)
        scores = [0] * TEAMS
        for answer in (answer for mine in load(seed) for answer in mine):
            scores[answer.team] += answer.points
        assert told.last.board.scores == tuple(scores), f"seed {seed}"
        assert told.last.board.total == told.given == sum(scores)
        assert (told.answers, told.looks) == (PLAYERS * ANSWERS, LOOKS)
        assert told.last.torn == 0


def test_with_nothing_between_them_some_orders_are_worse_than_others_and_none_is_good() -> None:
    lost = [history(BareRoom, seed).lost for seed in SEEDS]
    assert min(lost) > 0
    assert len(set(lost)) > 10


def test_equal_seeds_give_equal_histories() -> None:
    assert history(MemoryRoom, 5) == history(MemoryRoom, 5)
    assert history(MemoryRoom, 5) != history(MemoryRoom, 6)


def test_each_waits_where_it_says() -> None:
    actor, channels, memory = (history(make, 7) for make in (ActorRoom, ChannelRoom, MemoryRoom))
    assert actor.held > channels.held == memory.held == 0
    assert channels.blocked == PLAYERS + 1, "at some moment everybody stands at the door"
    assert actor.blocked == 1, "only who asks waits for a reply"
    assert memory.blocked == 0
    assert memory.last.retries > 0 == actor.last.retries == channels.last.retries


def test_a_transaction_commits_only_what_was_not_changed_meanwhile() -> None:
    a, b = Ref(), Ref()
    first, second, other = Transaction(), Transaction(), Transaction()
    first.add(a, 1)
    second.add(a, 10)
    other.add(b, 100)
    assert first.commit()
    assert not second.commit()
    assert other.commit(), "another reference is no conflict"
    assert (a.value, b.value) == (1, 100)
    reader = Transaction()
    reader.get(a)
    late = Transaction()
    late.add(a, 1)
    assert late.commit()
    assert not reader.commit(), "what was only read must still be so"


def test_a_transaction_sees_what_it_wrote_and_nobody_else_does() -> None:
    ref, attempt = Ref(), Transaction()
    attempt.add(ref, 2)
    attempt.add(ref, 3)
    assert (attempt.get(ref), ref.value) == (5, 0)


def test_tasks_that_never_rest_are_an_error_and_those_that_wait_for_ever_are_left() -> None:
    def restless() -> Task:
        while True:
            yield go

    def waiting() -> Task:
        yield lambda: False
        raise AssertionError

    steps = Steps(Random(1))
    steps.spawn(waiting())
    steps.run(lambda: None)
    assert steps.taken == 1
    steps.spawn(restless())
    with pytest.raises(EndlessError):
        steps.run(lambda: None)
