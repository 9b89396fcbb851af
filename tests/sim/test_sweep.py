"""The long run: 2,000 seeds of hell, each twice. Slow: about an hour on two cores.

Part of it: MASTERLESS_SEEDS=1..200. By hand, with progress: `masterless sim --check --seeds 1..2000`.
"""

from __future__ import annotations

import os

import pytest

from cluster.config import SECOND
from cluster.sim.trial.crew import Sweep
from cluster.sim.trial.worker import Order

SEEDS = "1..2000"


@pytest.mark.slow
@pytest.mark.timeout(4 * 3_600)
def test_two_thousand_minutes_of_hell_break_no_promise() -> None:
    first, last = os.environ.get("MASTERLESS_SEEDS", SEEDS).split("..")
    orders = [Order(seed, "hell", 60 * SECOND) for seed in range(int(first), int(last) + 1)]
    failures: list[str] = []
    with Sweep(os.cpu_count() or 1, twice=True) as crew:
        for order, answer, differ in crew.play(orders):
            if answer.result.broken is not None:
                failures.append(f"seed {order.seed}: {answer.result.broken.sentence}")
            if differ is not None:
                failures.append(f"seed {order.seed} is not deterministic at input {differ.index}")
    assert failures == []
