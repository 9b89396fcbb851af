"""Options and schedules: drawn from the seed alone, inside the premise of every promise."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import DEMO, SECOND
from cluster.model.fault import DESTRUCTIVE
from cluster.sim.faults.hand import Hand
from cluster.sim.faults.options import NAMES, FaultsName, draw
from cluster.sim.faults.schedule import Episode, Kind, families, plan, victims
from cluster.sim.world import World

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


def test_only_a_kill_that_nothing_obscures_is_clean() -> None:
    world = World(1, DEMO)
    hand, start = Hand(world, ()), world.now

    def begun(kind: Kind, at: int, lasts: int) -> tuple[int, Episode]:
        return start + at * SECOND, Episode(at, kind, at * SECOND, lasts * SECOND, "n1")

    hand.begun = [
        begun("kill", 1, 3),
        begun("kill", 10, 1),  # back before it has to be known
        begun("kill", 20, 4),
        begun("pause", 21, 1),  # obscures the one before
        begun("kill", 26, 3),  # and the one after
        begun("kill", 40, 3),
    ]

    def clean() -> list[int]:
        found = hand.clean_kills(settled_us=4 * SECOND + 1, within_us=2 * SECOND)
        return [kill.number for _, kill in found]

    world.run(start + 41 * SECOND)
    assert clean() == [1]  # of the last one nobody need know yet
    world.run(start + 42 * SECOND)
    assert clean() == [1, 40]


def test_some_of_the_episodes_can_be_played_alone() -> None:
    options = draw(3, "hell", MINUTE)
    everything = plan(options)
    some = plan(replace(options, only=(2, 5)))
    assert some == (everything[1], everything[4])
