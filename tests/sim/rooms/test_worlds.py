"""Whole worlds with rooms in them keep every promise, and the judges of rooms have something to say.

The sample: some seeds of each schedule. The long run is `masterless sim --check --seeds 1..1000`.
"""

from __future__ import annotations

import pytest

from cluster.config import SECOND
from cluster.model.facts import Fact, RoomStarted
from cluster.sim.faults.options import NAMES, STORY_NODES, FaultsName, draw
from cluster.sim.faults.schedule import plan
from cluster.sim.faults.stories import STORIES
from cluster.sim.rooms.tokens import running
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


def test_a_story_of_another_registry_names_its_report_and_draws_its_own_faults() -> None:
    assert set(STORIES) == set(STORY_NODES)
    plans = {name: plan(draw(1, name, 40 * SECOND)) for name in STORIES}
    assert all(plans.values())
    assert len({str(found) for found in plans.values()}) == len(plans)
    for name, story_ in STORIES.items():
        assert story_.there
        assert all("/issues/" in report for report in story_.reports)
        assert draw(1, name, 40 * SECOND).rooms.count >= 10


def test_both_halves_of_a_story_run_the_same_rooms() -> None:
    # Else these worlds would pass because nothing happens in them.
    trial = Trial(draw(3, "twins", 25 * SECOND, rooms=ROOMS))
    twins: set[str] = set()

    def look(fact: Fact) -> None:
        if isinstance(fact.payload, RoomStarted):
            room = fact.payload.room
            serving = [p for _, p in running(trial.world, room) if p.status == "serving"]
            twins.update([room] if len(serving) > 1 else [])

    trial.world.watchers.append(look)
    assert trial.run().broken is None
    assert len(twins) > ROOMS // 2
