"""Whole trials: many seeds keep every promise, the same seed twice is the same world.

The sample: 60 seeds of 15 virtual seconds, about 20 s of CPU. The long run is `test_sweep.py`.
"""

from __future__ import annotations

import pytest

from cluster.config import SECOND
from cluster.sim.faults.options import FaultsName, draw
from cluster.sim.trial.trial import Result, run_trial

LASTING_US = 15 * SECOND
SAMPLE: tuple[tuple[FaultsName, range], ...] = (
    ("calm", range(1, 2)),
    ("kills", range(1, 7)),
    ("pauses", range(1, 5)),
    ("partitions", range(1, 7)),
    ("lossy", range(1, 7)),
    ("disks", range(1, 9)),
    ("clocks", range(1, 5)),
    ("churn", range(1, 7)),
    ("swizzle", range(1, 5)),
    ("hell", range(1, 16)),
)


def story(result: Result) -> str:
    broken = result.broken
    assert broken is not None
    lines = [*result.options.lines(), f"{broken.judge}: {broken.sentence}"]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("faults", "seed"), [(name, seed) for name, seeds in SAMPLE for seed in seeds]
)
def test_a_world_keeps_every_promise(faults: FaultsName, seed: int) -> None:
    result = run_trial(draw(seed, faults, LASTING_US))
    assert result.broken is None, story(result)
    assert result.operations["ok"] > 0
    assert all(result.checked[judge] for judge in ("answers", "dots", "exact", "facts", "outcomes"))
