"""A plan says what the nodes will do, because both follow from the member set alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.member import NodeId
from cluster.model.plan import PlanError, plan
from cluster.model.ring import Ring, build_ring

SLACK = 1.06
N1, N2, N3, N4, N9 = (NodeId(n) for n in ("n1", "n2", "n3", "n4", "n9"))
FIVE = tuple(NodeId(f"n{i}") for i in range(1, 6))
KEYS = dict.fromkeys(range(64), 10)


def ring_of(members: tuple[NodeId, ...], partitions: int = 64) -> Ring:
    return build_ring(members, partitions, 3, SLACK)


def test_a_join_fills_exactly_the_places_that_the_ring_with_it_gives_it() -> None:
    found = plan(ring_of(FIVE), (N9,), (), 3, SLACK, KEYS)
    after = ring_of((*FIVE, N9))
    places = [(p, o) for p, owners in enumerate(after.owners) for o in owners]
    before = ring_of(FIVE).owners
    assert [(m.partition, m.to) for m in found.moves] == [
        (p, o) for p, o in places if o not in before[p]
    ]
    assert all(m.sources == before[m.partition] and m.keys == 10 for m in found.moves)
    newcomer = next(s for s in found.shares if s.node == N9)
    assert (newcomer.before, newcomer.gives) == (0, 0)
    assert newcomer.gains == newcomer.after == after.load()[N9]
    assert newcomer.keys == 10 * newcomer.gains
    assert found.digest_after == after.digest


def test_a_drain_moves_what_the_node_holds_and_little_else() -> None:
    held = ring_of(FIVE).load()[N3]
    found = plan(ring_of(FIVE), (), (N3,), 3, SLACK, KEYS)
    assert held <= len(found.moves) <= 1.2 * held
    share = next(s for s in found.shares if s.node == N3)
    assert (share.before, share.after, share.gains, share.gives) == (held, 0, 0, held)
    assert found.keys == 10 * len(found.moves)
    assert found.balance_after <= 1.10


def test_too_few_nodes_left_is_said() -> None:
    three = plan(ring_of(FIVE), (), (N1, N2), 3, SLACK, KEYS)
    assert three.short_after == 0
    two = plan(ring_of((N1, N2, N3)), (), (N3,), 3, SLACK, KEYS)
    assert (two.short_before, two.short_after) == (0, 64)
    assert two.moves == ()


def test_keys_nobody_told_are_unknown_not_zero() -> None:
    found = plan(ring_of(FIVE), (N9,), (), 3, SLACK, {})
    assert found.keys is None
    assert all(m.keys is None for m in found.moves)


@pytest.mark.parametrize(
    ("joins", "drains", "why"),
    [
        ((N1,), (), "n1 is on the ring already"),
        ((), (N9,), "n9 is not on the ring"),
        ((), FIVE, "nobody would be left"),
    ],
)
def test_a_change_that_makes_no_sense_is_one_sentence(
    joins: tuple[NodeId, ...], drains: tuple[NodeId, ...], why: str
) -> None:
    with pytest.raises(PlanError, match=why):
        plan(ring_of(FIVE), joins, drains, 3, SLACK, KEYS)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(3, 9), st.sets(st.integers(0, 8), max_size=2), st.integers(0, 2))
def test_places_are_neither_lost_nor_invented(size: int, gone: set[int], come: int) -> None:
    members = tuple(NodeId(f"m{i}") for i in range(size))
    drains = tuple(members[i] for i in sorted(gone) if i < size - 1)
    joins = tuple(NodeId(f"j{i}") for i in range(come))
    found = plan(ring_of(members), joins, drains, 3, SLACK, KEYS)
    for share in found.shares:
        assert share.before + share.gains - share.gives == share.after
    left = size - len(drains) + come
    assert sum(s.after for s in found.shares) == 64 * min(3, left)
