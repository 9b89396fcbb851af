"""The pairs that send: too many requests, one broadcast to many, writes that one disk or two acknowledge."""

from __future__ import annotations

import pytest

from cluster.sim.pairs import one_queue, per_subscriber, write_one
from tests.sim.pairs.judging import judged, values


@pytest.mark.parametrize("seed", range(3))
def test_grouping_by_node_sends_4_messages_where_one_a_subscriber_sends_240(seed: int) -> None:
    outcome = judged(per_subscriber.play(seed), seed)
    assert values(outcome, "messages on the wire") == (240, 4)
    assert values(outcome, "deliveries to subscribers") == (300, 300)


@pytest.mark.parametrize("seed", range(3))
def test_what_one_disk_acknowledged_is_gone_with_it_and_what_two_did_is_not(seed: int) -> None:
    outcome = judged(write_one.play(seed), seed)
    assert values(outcome, "acknowledged") == (100, 100)
    assert values(outcome, "acknowledged, and unreadable afterwards") == (100, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_the_claims_hold_over_many_seeds(seed: int) -> None:
    judged(per_subscriber.play(seed), seed)
    judged(write_one.play(seed), seed)


def test_equal_seeds_send_equal_messages() -> None:
    assert write_one.play(4) == write_one.play(4)
    assert per_subscriber.play(4) == per_subscriber.play(4)


@pytest.mark.parametrize("seed", range(2))
def test_an_unbounded_queue_ends_service_and_a_bounded_one_keeps_it(seed: int) -> None:
    outcome = judged(one_queue.play(seed), seed)
    wrong, right = values(outcome, "acknowledged in the last third")
    assert wrong == 0
    assert right > 15  # what one process gets done, a fifth of what arrives
    wrong, right = values(outcome, "growth of the queue")
    assert wrong > 100 * abs(right)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_overload_of_many_seeds(seed: int) -> None:
    judged(one_queue.play(seed), seed)


def test_the_slope_of_a_line_is_found() -> None:
    assert one_queue.slope([(x, 3 * x + 1) for x in range(10)]) == pytest.approx(3)
    assert one_queue.slope([(1, 5), (2, 5)]) == 0
    assert one_queue.slope([]) == 0
