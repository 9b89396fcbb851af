"""The pairs about copies: one owner away, copies that drifted apart, one value changed by many."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cluster.sim.pairs.copies import hints_alone, one_down, wall_clock
from cluster.sim.pairs.record import Outcome, Progress
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_write_that_asks_for_every_owner_waits_in_vain_and_a_stand_in_takes_it(seed: int) -> None:
    outcome = judged(one_down.play(seed), seed)
    assert values(outcome, "acknowledged while one of three is down") == (0, 100)
    wrong, right = values(outcome, "slowest answer")
    assert wrong >= 2  # the deadline
    assert right < 0.5
    assert values(outcome, "hints when the owner came back")[1] == 100


@pytest.mark.parametrize("seed", range(1, 4))
def test_an_old_backup_is_found_by_trees_and_by_nothing_else(seed: int) -> None:
    outcome = judged(hints_alone.play(seed), seed)
    wrong, right = values(outcome, "trees whose root differs")
    assert wrong > 0
    assert right == 0
    wrong, right = values(outcome, "records sent for repair")
    assert wrong == 0
    assert 10 <= right <= 40
    named = next(f.value for f in outcome.right if f.name.startswith("keys named"))
    assert named < 100


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_later_write_wins_over_acknowledged_ones_and_dots_keep_them_all(seed: int) -> None:
    outcome = judged(wall_clock.play(seed), seed)
    wrong, right = values(outcome, "survivors of the acknowledged additions")
    assert wrong < 150
    assert right == 200
    assert values(outcome, "acknowledged additions") == (200, 200)


@pytest.mark.parametrize("play", [one_down.play, hints_alone.play, wall_clock.play])
def test_equal_seeds_give_equal_copies(play: Callable[[int, Progress | None], Outcome]) -> None:
    assert play(4, None) == play(4, None)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_the_claims_hold_over_many_seeds(seed: int) -> None:
    judged(one_down.play(seed), seed)
    judged(hints_alone.play(seed), seed)
    judged(wall_clock.play(seed), seed)
