"""Pair 4: what a timer loses in a split, and what a majority refuses instead."""

from __future__ import annotations

import pytest

from cluster.sim.pairs import two_masters
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", range(4))
def test_a_timer_makes_two_masters_and_loses_writes_and_a_majority_does_neither(seed: int) -> None:
    outcome = judged(two_masters.play(seed), seed)
    lost, kept = values(outcome, "acknowledged writes lost")
    assert lost > 50
    assert kept == 0
    few, none = values(outcome, "acknowledged on the side of two")
    assert few > 90
    assert none == 0
    dual, _ = values(outcome, "time with two masters")
    assert dual > 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_splits_of_many_seeds(seed: int) -> None:
    judged(two_masters.play(seed), seed)


def test_equal_seeds_split_alike() -> None:
    assert two_masters.play(5) == two_masters.play(5)
