"""The simulator finds what it is there for: seven planted bugs, each found anew.

The seed that finds one fails with it and passes without it: the judges neither sleep nor cry wolf.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from cluster.config import SECOND
from cluster.sim.faults.options import FaultsName, draw
from cluster.sim.trial.trial import run_trial
from tests.sim import planted

LASTING_US = 15 * SECOND
SEEDS_MAX = 200
"""The bar: each is found within this many."""
Plant = Callable[[], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("plant", "faults", "judge"),
    [
        (planted.acknowledge_before_fsync, "hell", "durability"),
        (planted.new_owner_readable_at_once, "churn", "readable"),
        (planted.dead_accepted_from_push_pull, "partitions", "membership"),
        (planted.version_actor_reused_after_a_wipe, "hell", "dots"),
        (planted.update_forwarded_twice, "pauses", "exact"),
        (planted.refused_connection_means_nothing, "kills", "detection"),
        (planted.hint_dropped_on_restart, "hell", "liveness"),
    ],
)
def test_a_planted_bug_is_found_and_only_while_it_is_planted(
    plant: Plant, faults: FaultsName, judge: str
) -> None:
    for seed in range(1, SEEDS_MAX + 1):
        with plant():
            sick = run_trial(draw(seed, faults, LASTING_US))
        if sick.broken is not None:
            assert sick.broken.judge == judge, f"seed {seed}: {sick.broken.sentence}"
            well = run_trial(draw(seed, faults, LASTING_US))
            assert well.broken is None, f"seed {seed}: {well.broken}"
            return
    pytest.fail(f"not found within {SEEDS_MAX} seeds of {faults}")
