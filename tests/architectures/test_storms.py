"""Majorities in a storm: linearizable whatever happens; and the same judge sees those that are not."""

from __future__ import annotations

from collections import defaultdict

import pytest

from cluster.model.judging.linear import Linearity, linearity, with_final_reads
from cluster.model.member import NodeId
from cluster.protocol.policy.majority import Majority
from cluster.protocol.policy.reign.ballot import Ballot
from cluster.protocol.policy.reign.leading import Leading
from tests.architectures.register_storm import Storm

NORMAL = range(1, 9)
SLOW = range(9, 309)
DAMAGED = (90, 112, 174, 258)
"""These showed reads, and a recovery, that took a damaged record for absent; and a new disk that voted
as if it knew what the lost one had held."""


def judged(storm: Storm) -> Linearity:
    """Play a storm and judge all its clients saw, with what is left at the end."""
    storm.run()
    return linearity(with_final_reads(storm.deeds, storm.final, storm.world.now + 1))


def shared_terms(storm: Storm) -> list[int]:
    """Terms that more than one node reigned in."""
    terms: dict[int, set[str]] = defaultdict(set)
    for node, term in storm.reigns:
        terms[term].add(node)
    return [term for term, nodes in terms.items() if len(nodes) > 1]


def check(seed: int) -> None:
    storm = Storm(seed, "majority")
    found = judged(storm)
    assert found.answer == "yes", f"seed {seed}: {found.anomalies[:1]}"
    assert not shared_terms(storm), f"seed {seed}: terms {shared_terms(storm)} had two masters"


@pytest.mark.parametrize("seed", NORMAL)
def test_a_majority_is_linearizable_in_a_storm(seed: int) -> None:
    check(seed)


@pytest.mark.parametrize("seed", DAMAGED)
def test_damage_found_in_the_very_look_it_is_asked_for_is_not_answered_as_absence(
    seed: int,
) -> None:
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW)
def test_a_majority_is_linearizable_in_three_hundred_more(seed: int) -> None:
    check(seed)


def test_the_judge_sees_a_timer_lose_what_it_acknowledged() -> None:
    storm = Storm(1, "failover")
    found = judged(storm)
    assert found.answer == "no"
    assert {a.name for a in found.anomalies} & {
        "stale read",
        "lost write",
        "read went back in time",
    }
    assert shared_terms(storm)


def test_the_judge_sees_siblings_as_two_values_at_once() -> None:
    found = judged(Storm(1, "masterless"))
    assert found.answer == "no"
    assert "two values at once" in {a.name for a in found.anomalies}


def seen_within(limit: int) -> int:
    """The first seed whose storm is judged wrong; 0 if there is none."""
    for seed in range(1, limit + 1):
        storm = Storm(seed, "majority")
        try:
            if judged(storm).answer == "no" or shared_terms(storm):
                return seed
        except AssertionError:
            return seed
    return 0


def test_a_master_that_commits_alone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(self: Leading, number: int, holder: NodeId) -> None:
        self._enough = bool  # pyright: ignore[reportPrivateUsage]
        stored(self, number, holder)

    stored = Leading.stored
    monkeypatch.setattr(Leading, "stored", alone)
    assert seen_within(10)


def test_a_master_that_does_not_recover_from_a_majority_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def planted(self: Majority) -> None:
        recovery = self._recovery  # pyright: ignore[reportPrivateUsage]
        if recovery is not None:
            recovery._needed = 1  # pyright: ignore[reportPrivateUsage]
            recover(self)

    recover = Majority._recover  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(Majority, "_recover", planted)
    assert seen_within(20)


def test_a_voter_that_forgets_its_promise_at_a_restart_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forgets(self: Ballot) -> None:
        self._keep(self._promise)  # pyright: ignore[reportPrivateUsage]

    monkeypatch.setattr(Ballot, "boot", forgets)
    assert seen_within(60)
