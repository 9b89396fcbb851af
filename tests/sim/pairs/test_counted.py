"""The pairs that need no fault: where keys live, and how many there are at one node."""

from __future__ import annotations

import pytest

from cluster.sim.pairs import modulo, one_token
from cluster.sim.pairs.record import check
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", [1])
def test_a_sixth_node_moves_most_keys_under_modulo_and_a_sixth_of_the_copies_on_the_ring(
    seed: int,
) -> None:
    outcome = judged(modulo.play(seed, keys=2_000), seed)
    wrong, right = values(outcome, "share of copies that move")
    assert wrong > 4 * right > 4 * 14


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 15))
def test_modulo_and_the_ring_with_all_keys(seed: int) -> None:
    judged(modulo.play(seed), seed)


@pytest.mark.parametrize("seed", range(5))
def test_one_token_a_node_shares_the_circle_badly_and_partitions_share_it_well(seed: int) -> None:
    outcome = judged(one_token.play(seed), seed)
    wrong, right = values(outcome, "most keys at one node, in means")
    assert wrong == pytest.approx(2.28, abs=0.25)  # the harmonic number of five
    assert 1 <= right < 1.2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_tokens_of_many_seeds(seed: int) -> None:
    judged(one_token.play(seed), seed)


def test_a_claim_about_nothing_does_not_hold() -> None:
    assert not check("none was lost", 0, "==", 0, of=0, of_what="keys").held
    assert check("none was lost", 0, "==", 0, of=1, of_what="keys").held
    assert not check("none was lost", 1, "==", 0, of=1, of_what="keys").held
