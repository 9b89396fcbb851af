"""The shapes of SWIM's, Serf's and Lifeguard's published figures, on small simulated clusters.

`python -m tests.bench.swim_figures` prints the figures themselves.
"""

from __future__ import annotations

import time
from math import e
from statistics import mean, median

import pytest

from cluster.config import LAN, MS, SECOND
from tests.bench.swim_worlds import (
    Stress,
    accusations,
    acquainted,
    lan,
    lifeguard,
    load,
    periods_to_suspicion,
    serf_formula_s,
    spread_s,
)


@pytest.mark.parametrize(("members", "seconds"), [(30, 1.8), (100, 2.0), (1000, 2.2)])
def test_the_formula_is_the_one_on_serfs_page(members: int, seconds: float) -> None:
    assert serf_formula_s(members, 0.9999, LAN.membership) == pytest.approx(seconds)


@pytest.mark.parametrize("members", [30, 100])
def test_news_is_everywhere_no_later_than_serfs_formula_says(members: int) -> None:
    runs = [run[0] for seed in range(3) for run in spread_s(members, seed, (0.9999,), 3)]
    assert median(runs) <= serf_formula_s(members, 0.9999, LAN.membership), runs


def test_a_death_is_first_noticed_after_about_e_over_e_minus_one_periods() -> None:
    waits = [w for seed in range(8) for w in periods_to_suspicion(24, seed, 4)]
    assert mean(waits) == pytest.approx(e / (e - 1), abs=0.4), waits
    assert max(waits) <= 8, waits


def test_what_a_member_sends_does_not_grow_with_the_cluster() -> None:
    small, large = load(8, 1, 10), load(128, 1, 10)
    assert large.datagrams == pytest.approx(small.datagrams, rel=0.05)
    assert large.busiest <= 2 * large.datagrams


def test_lifeguard_accuses_fewer_healthy_members_than_swim_under_the_same_stress() -> None:
    stress = Stress(24, 10, 16_384 * MS, 1 * MS, 120)
    tried = ("SWIM", "LHA-Suspicion", "Lifeguard")
    found = {v: [accusations(stress, lifeguard(v), seed) for seed in (1, 2)] for v in tried}
    wrong = {variant: sum(run.all for run in runs) for variant, runs in found.items()}
    believed = {variant: sum(run.healthy for run in runs) for variant, runs in found.items()}
    for count in (wrong, believed):  # at all observers, and at those that were well themselves
        assert count["SWIM"] >= 100, count
        assert count["Lifeguard"] * 50 <= count["SWIM"], count
        assert count["LHA-Suspicion"] <= count["SWIM"], count


def test_whoever_is_stopped_as_a_whole_makes_no_healthy_observer_believe_in_a_death() -> None:
    stress = Stress(24, 10, 16_384 * MS, 1 * MS, 120, "stopped")
    found = accusations(stress, lifeguard("SWIM"), 1)
    assert found.all, found
    assert not found.healthy, found


@pytest.mark.slow
def test_a_thousand_members_run_faster_than_real_time() -> None:
    world = acquainted(1_000, 1, lan())
    began = time.process_time()
    world.run(world.now + 10 * SECOND)
    assert time.process_time() - began < 10
