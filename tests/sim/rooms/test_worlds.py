"""Whole worlds with rooms in them keep every promise, and the judges of rooms have something to say.

The sample: some seeds of each schedule. The long run is `masterless sim --check --seeds 1..1000`.
"""

from __future__ import annotations

import pytest

from cluster.config import SECOND
from cluster.sim.faults.options import NAMES, FaultsName, draw
from cluster.sim.trial.trial import Trial
from tests.sim.test_trials import story

LASTING_US = 12 * SECOND
ROOMS = 12
SEEDS = {"partitions": 8, "swizzle": 4, "hell": 6}


@pytest.mark.parametrize(
    ("faults", "seed"), [(name, s) for name in NAMES for s in range(1, SEEDS.get(name, 2) + 1)]
)
def test_rooms_keep_every_promise(faults: FaultsName, seed: int) -> None:
    trial = Trial(draw(seed, faults, LASTING_US, rooms=ROOMS))
    result = trial.run()
    assert result.broken is None, story(result)
    assert result.spoken["ok"] > 20
    assert all(result.checked[judge] for judge in ("names", "scores", "tokens"))
    assert len(trial.rooms.names.open) >= ROOMS // 2


def test_some_worlds_have_rooms_and_some_have_none_and_all_else_is_the_same() -> None:
    drawn = [draw(seed, "calm", LASTING_US) for seed in range(1, 41)]
    assert {bool(options.rooms.count) for options in drawn} == {True, False}
    for options in drawn:
        without = draw(options.seed, "calm", LASTING_US, rooms=0)
        assert (without.clients, without.weather) == (options.clients, options.weather)
        assert not without.rooms.count
