"""Pair 15: few links instead of all, and what a broadcast costs over them."""

from __future__ import annotations

import pytest

from cluster.sim.pairs.overlay import full_mesh
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", [1])
def test_a_thousand_peers_with_few_links_reach_all_in_order(seed: int) -> None:
    outcome = judged(full_mesh.play(seed), seed)
    mesh, few = values(outcome, "links")
    assert mesh == 499_500
    assert 1_000 < few <= 3_000
    most_at_one = values(outcome, "copies sent by the busiest peer, one broadcast")
    assert most_at_one[0] == 999
    assert most_at_one[1] <= 6
    wasted, hardly = values(outcome, "duplicates a delivery")
    assert wasted >= 2 > 0.3 > hardly


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_thousand_peers_of_many_seeds(seed: int) -> None:
    judged(full_mesh.play(seed), seed)


def test_equal_seeds_play_alike() -> None:
    assert full_mesh.play(3, peers=80) == full_mesh.play(3, peers=80)
