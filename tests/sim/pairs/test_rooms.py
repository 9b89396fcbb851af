"""The pairs about named processes: twins after a split, and a deploy by kill or by drain."""

from __future__ import annotations

import pytest

from cluster.model.rooms.kinds import BEHAVIOURS
from cluster.sim.pairs.rooms import kill_deploy, random_twin
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", range(3))
def test_a_coin_loses_one_side_of_a_split_and_the_rule_loses_none(seed: int) -> None:
    outcome = judged(random_twin.play(seed), seed)
    wrong, right = values(outcome, "points when it has healed")
    acknowledged = values(outcome, "points acknowledged on both sides")[1]
    assert right == acknowledged
    assert wrong < acknowledged
    assert values(outcome, "copies during the split") == (2, 2)
    assert "coin" not in BEHAVIOURS


def test_a_deploy_by_kill_loses_what_is_in_memory_and_one_by_drain_loses_nothing() -> None:
    outcome = judged(kill_deploy.play(1), 1)
    wrong, right = values(outcome, "lost by rooms in memory")
    assert wrong > 100
    assert right == 0
    assert values(outcome, "lost by rooms with checkpoints") == (0, 0)
    ran, handed = (
        values(outcome, "rooms on stopped nodes"),
        values(outcome, "of them, handed over alive"),
    )
    assert handed == (0, ran[1])


def test_equal_seeds_toss_the_coin_equally() -> None:
    assert random_twin.play(2) == random_twin.play(2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_the_claims_hold_over_many_seeds(seed: int) -> None:
    judged(random_twin.play(seed), seed)
    judged(kill_deploy.play(seed), seed)
