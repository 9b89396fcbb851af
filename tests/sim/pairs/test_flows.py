"""The pair about pipelines: one overload, three things to do about it."""

from __future__ import annotations

import pytest

from cluster.config import SECOND
from cluster.sim.pairs import three_queues
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", [1, 2])
def test_a_queue_without_a_bound_grows_and_stages_that_ask_keep_theirs(seed: int) -> None:
    outcome = judged(three_queues.play(seed, lasting_us=2 * SECOND), seed)
    wrong, right = values(outcome, "longest queue, no bound against demand")
    assert wrong > 20 * right > 0
    wrong, right = values(outcome, "oldest that came out, no bound against demand")
    assert wrong > 4 * right > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_the_whole_flood(seed: int) -> None:
    judged(three_queues.play(seed), seed)
