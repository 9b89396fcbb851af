"""The pairs about who is alive: a pause, one broken link, and deaths that look alike or do not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import SECOND
from cluster.sim.pairs.alive import asking_all, death_alike, missed_heartbeat, own_link
from cluster.sim.pairs.stage import QUIET
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_pause_is_a_death_by_timeout_and_a_suspicion_refuted_by_swim(seed: int) -> None:
    outcome = judged(missed_heartbeat.play(seed), seed)
    wrong, right = values(outcome, "copies moved")
    assert wrong > 100
    assert right == 0
    assert values(outcome, "times a node took it off its ring, or back")[1] == 0


@pytest.mark.parametrize("seed", range(1, 6))
def test_one_broken_link_kills_who_is_judged_alone_and_nobody_who_is_asked_for(seed: int) -> None:
    outcome = judged(own_link.play(seed), seed)
    assert values(outcome, "beliefs that a healthy node is dead") == (8, 0)
    assert values(outcome, "acks over the broken link") == (0, 0)
    missed = values(outcome, "pings over the broken link")[1]
    # Three others are asked each time, and there is one way that is broken.
    assert values(outcome, "acks through others")[1] >= 2 * missed


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_kill_is_known_at_once_and_three_kinds_of_silence_are_one(seed: int) -> None:
    outcome = judged(death_alike.play(seed), seed)
    wrong, right = values(outcome, "killed, until all know")
    assert wrong > 2 * right
    (erlang,) = outcome.quoted
    assert "net_ticktime" in erlang.source


@pytest.mark.parametrize("seed", range(1, 4))
def test_asking_all_doubles_with_the_nodes_and_asking_one_hardly_grows(seed: int) -> None:
    outcome = judged(asking_all.play(seed), seed)
    # Each of 16 pings 15 others, or one, in each period; a ping more or less at either edge.
    periods = SECOND / asking_all.PERIOD_US
    everybody, one = values(outcome, "all 16 together")
    assert everybody == pytest.approx(16 * 15 * periods, rel=0.02)
    assert one == pytest.approx(16 * periods, rel=0.05)
    wrong, right = values(outcome, "each of 16 nodes")
    assert wrong > 5 * right


def test_who_pings_all_does_not_probe_beside_it_and_differs_in_nothing_else() -> None:
    off, demo = asking_all.UNASKED, QUIET
    assert off.membership.probe_period_us > asking_all.COUNTED_US + asking_all.CALM_US
    probing = {
        "probe_period_us": demo.membership.probe_period_us,
        "health_max": demo.membership.health_max,
    }
    assert replace(off, membership=replace(off.membership, **probing)) == demo


def test_the_naive_heartbeat_differs_from_the_demo_in_its_judgement_alone() -> None:
    naive, demo = missed_heartbeat.HEARTBEAT.membership, QUIET.membership
    assert naive.probe_period_us == demo.probe_period_us < missed_heartbeat.PAUSE_US
    assert demo.suspicion_min_us > missed_heartbeat.PAUSE_US + SECOND // 2
    assert naive.indirect_probes == demo.indirect_probes
    assert replace(own_link.ALONE, indirect_probes=demo.indirect_probes) == demo


def test_equal_seeds_suspect_alike() -> None:
    assert missed_heartbeat.play(4) == missed_heartbeat.play(4)
    assert own_link.play(4) == own_link.play(4)
    assert death_alike.play(4) == death_alike.play(4)
    assert asking_all.play(4) == asking_all.play(4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_the_claims_hold_over_many_seeds(seed: int) -> None:
    judged(missed_heartbeat.play(seed), seed)
    judged(own_link.play(seed), seed)
    judged(death_alike.play(seed), seed)
    judged(asking_all.play(seed), seed)
