"""Options and schedules: drawn from the seed alone, inside the premise of every promise."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import SECOND
from cluster.model.fault import DESTRUCTIVE
from cluster.sim.faults.options import NAMES, FaultsName, draw
from cluster.sim.faults.schedule import families, plan, victims

MINUTE = 60 * SECOND


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_draw_equal_options_and_schedules(name: FaultsName) -> None:
    options = draw(7, name, MINUTE)
    assert options == draw(7, name, MINUTE)
    assert plan(options) == plan(options)
    assert options != draw(8, name, MINUTE)


def test_every_named_schedule_but_calm_hurts_somebody() -> None:
    for name in NAMES:
        hurt = sum(len(plan(draw(seed, name, MINUTE))) for seed in range(5))
        assert bool(hurt) == (name != "calm"), name


def test_hell_holds_every_kind_of_fault_that_any_schedule_holds() -> None:
    everything = {family.kind for name in NAMES for family in families(name)}
    assert {family.kind for family in families("hell")} == everything
    drawn = {e.kind for seed in range(20) for e in plan(draw(seed, "hell", MINUTE))}
    assert drawn == everything


@pytest.mark.parametrize("seed", range(60))
def test_fewer_than_w_nodes_ever_lose_a_disk(seed: int) -> None:
    options = draw(seed, "hell", MINUTE)
    losing = {e.subject for e in plan(options) if e.kind in DESTRUCTIVE}
    assert losing <= set(victims(options))
    assert len(losing) < options.write_quorum
    assert options.read_quorum + options.write_quorum > options.replicas


@pytest.mark.parametrize("seed", range(10))
def test_a_shorter_run_is_hurt_as_the_longer_one_was(seed: int) -> None:
    long = draw(seed, "hell", MINUTE)
    short = replace(long, lasting_us=20 * SECOND)
    count = len(plan(short))
    assert plan(short) == plan(long)[:count]


def test_some_of_the_episodes_can_be_played_alone() -> None:
    options = draw(3, "hell", MINUTE)
    everything = plan(options)
    some = plan(replace(options, only=(2, 5)))
    assert some == (everything[1], everything[4])
