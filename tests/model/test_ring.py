"""The ring's promises: balance, little movement, and the same answer everywhere."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.member import NodeId
from cluster.model.ring import Ring, build_ring, key_hash, partition_of

SLACK = 1.06
names = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8).map(NodeId),
    min_size=3,
    max_size=20,
    unique=True,
)


def moved(before: tuple[tuple[NodeId, ...], ...], after: tuple[tuple[NodeId, ...], ...]) -> int:
    return sum(len(set(b) - set(a)) for a, b in zip(before, after, strict=True))


def test_one_to_twenty_named_nodes_stay_inside_the_load_and_movement_bounds_at_q_1024() -> None:
    before = None
    for size in range(3, 21):
        ring = build_ring(tuple(NodeId(f"n{i}") for i in range(1, size + 1)), 1024, 3, SLACK)
        mean = 1024 * 3 / size
        assert max(ring.load().values()) / mean <= 1.10
        if before is not None:
            assert moved(before.owners, ring.owners) <= 1.20 * mean
        before = ring


@settings(max_examples=15, deadline=None)
@given(names)
def test_any_member_set_is_balanced_and_one_departure_moves_little(
    members: list[NodeId],
) -> None:
    ring = build_ring(tuple(members), 1024, 3, SLACK)
    mean = 1024 * min(3, len(members)) / len(members)
    assert max(ring.load().values()) / mean <= 1.10
    if len(members) > 3:
        gone = members[len(members) // 2]
        rest = tuple(m for m in members if m != gone)
        after = build_ring(rest, 1024, 3, SLACK)
        # What the departed held must move; nothing else should, but for the tighter cap.
        assert moved(ring.owners, after.owners) <= 1.20 * max(ring.load()[gone], mean)


@settings(max_examples=30, deadline=None)
@given(names)
def test_owners_are_distinct_members_and_do_not_depend_on_the_order_of_names(
    members: list[NodeId],
) -> None:
    ring = build_ring(tuple(members), 64, 3, SLACK)
    assert ring == build_ring(tuple(reversed(members)), 64, 3, SLACK)
    for partition, owners in enumerate(ring.owners):
        ranked = ring.ranking(partition)
        assert len(set(owners)) == 3
        assert ranked[:3] == owners
        assert sorted(ranked) == sorted(members)


def test_fewer_members_than_replicas_own_everything() -> None:
    ring = build_ring((NodeId("a"), NodeId("b")), 64, 3, SLACK)
    assert ring.replicas == 2
    assert all(set(owners) == {"a", "b"} for owners in ring.owners)


def test_owners_are_the_same_in_every_process() -> None:
    # Written down once: a change here would make old and new nodes disagree about every key.
    ring = build_ring(tuple(NodeId(f"n{i}") for i in range(1, 6)), 64, 3, SLACK)
    assert ring.digest == "24be93dc"
    assert ring.owners[0] == ("n4", "n5", "n2")
    assert partition_of(b"quiz/room-1/q1/ada", 64) == 29


@given(st.binary(min_size=1, max_size=64))
def test_a_partition_is_a_range_of_the_circle(key: bytes) -> None:
    assert partition_of(key, 64) == key_hash(key) // (2**32 // 64)


@pytest.mark.parametrize("steps", [120, pytest.param(1_000, marks=pytest.mark.slow)])
def test_many_joins_and_leaves_keep_the_load_and_movement_bounds(steps: int) -> None:
    """DESIGN 4, for 3 to 20 nodes at Q = 1,024: load always, movement on average."""
    seed = 1
    print(f"seed {seed}")
    rng = Random(seed)
    members = [NodeId(f"n{i}") for i in range(5)]
    ring = build_ring(tuple(members), 1024, 3, SLACK)
    seen: dict[frozenset[NodeId], Ring] = {}
    share: list[float] = []
    for step in range(steps):
        grow = len(members) == 3 or (len(members) < 20 and rng.random() < 0.5)
        if grow:
            members.append(NodeId(f"x{seed}-{rng.randrange(40) + 40 * (step % 3)}"))
            if len(set(members)) < len(members):
                members.pop()
                continue
        else:
            members.remove(rng.choice(members))
        after = build_ring(tuple(rng.sample(members, len(members))), 1024, 3, SLACK)
        mean = 1024 * 3 / len(members)
        assert max(after.load().values()) / mean <= 1.10
        # Optimum: a joiner takes a fair share; what a leaver held must go elsewhere.
        (changed,) = set(ring.members) ^ set(after.members)
        best = mean if grow else ring.load()[changed]
        share.append(moved(ring.owners, after.owners) / best)
        assert seen.setdefault(frozenset(members), after).owners == after.owners
        ring = after
    assert len(share) > steps * 3 // 4
    print(f"moved {sum(share) / len(share):.3f} times the optimum on average")
    assert sum(share) / len(share) <= 1.20
