"""Versions: merges over diverged replicas, and no acknowledged write that silently disappears."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.versions import (
    EMPTY,
    Context,
    Record,
    Versions,
    includes,
    merge,
    minting_actor,
    put,
    replica_of,
)


class Replicas:
    """Three replicas of one key, and a client's history of what superseded what."""

    def __init__(self) -> None:
        self.held: list[Record | None] = [None, None, None]
        self.boots = [1, 1, 1]
        self.serial = 0
        self.writes = 0
        self.superseded: set[bytes] = set()

    def versions(self, replica: int) -> Versions:
        record = self.held[replica]
        return record.versions if record is not None else EMPTY

    def put(self, replica: int, read_from: int | None) -> None:
        context: Context = {}
        if read_from is not None:
            seen = self.versions(read_from)
            context = seen.context
            self.superseded |= {s.value or b"" for s in seen.siblings}
        self.writes += 1
        self.serial += 1
        held = self.held[replica]
        actor = minting_actor(held, f"n{replica}", self.boots[replica], self.serial)
        value = b"%d" % self.writes
        after = put(self.versions(replica), context, actor, value, "text/plain", 0)
        self.held[replica] = Record(after, actor)

    def sync(self, source: int, target: int) -> None:
        if self.held[source] is None:
            return
        held = self.held[target]
        merged = merge(self.versions(target), self.versions(source))
        self.held[target] = Record(merged, held.mine if held is not None else "")

    def hand_off_and_forget(self, source: int, target: int) -> None:
        """A fallback delivers what it kept and drops it (later it may hold the key again)."""
        self.sync(source, target)
        self.held[source] = None

    def restart(self, replica: int) -> None:
        self.boots[replica] += 1


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 2), st.none() | st.integers(0, 2)),
        st.tuples(st.just("sync"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("forget"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("restart"), st.integers(0, 2), st.none()),
    ),
    max_size=30,
)


def play(script: list[tuple[str, int, int | None]]) -> Replicas:
    world = Replicas()
    for what, a, b in script:
        if what == "put":
            world.put(a, b)
        elif what == "sync" and b is not None:
            world.sync(a, b)
        elif what == "forget" and b is not None and a != b:
            world.hand_off_and_forget(a, b)
        elif what == "restart":
            world.restart(a)
    return world


@settings(max_examples=400)
@given(steps)
def test_merge_commutes_associates_and_is_idempotent_over_diverged_replicas(
    script: list[tuple[str, int, int | None]],
) -> None:
    world = play(script)
    a, b, c = (world.versions(i) for i in range(3))
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
    assert includes(merge(a, b), a)


@settings(max_examples=800)
@given(steps)
def test_every_write_survives_until_a_client_that_saw_it_replaces_it(
    script: list[tuple[str, int, int | None]],
) -> None:
    world = play(script)
    everything = merge(merge(world.versions(0), world.versions(1)), world.versions(2))
    left = {s.value for s in everything.siblings}
    expected = {b"%d" % i for i in range(1, world.writes + 1)} - world.superseded
    assert left == expected


def test_a_write_that_read_the_siblings_resolves_them() -> None:
    one = put(EMPTY, {}, "n1.1.1", b"red", "", 0)
    two = put(EMPTY, {}, "n2.1.1", b"green", "", 0)
    both = merge(one, two)
    assert [s.value for s in both.siblings] == [b"red", b"green"]
    after = put(both, both.context, "n1.1.1", b"blue", "", 0)
    assert [s.value for s in after.siblings] == [b"blue"]
    assert merge(after, both) == after


def test_a_blind_write_keeps_what_it_did_not_see() -> None:
    one = put(EMPTY, {}, "n1.1.1", b"red", "", 0)
    after = put(one, {}, "n1.1.1", b"green", "", 0)
    assert [s.value for s in after.siblings] == [b"red", b"green"]


def test_an_actor_is_reused_only_within_one_holding_and_one_boot() -> None:
    held = Record(EMPTY, "n1.5.2")
    assert minting_actor(held, "n1", 5, 9) == "n1.5.2"
    assert minting_actor(held, "n1", 6, 1) == "n1.6.1"
    assert minting_actor(None, "n1", 5, 9) == "n1.5.9"
    assert minting_actor(Record(EMPTY), "n1", 5, 10) == "n1.5.a"
    assert replica_of("n1.5.2") == "n1"


def test_an_actor_reused_after_its_holding_was_dropped_would_lose_a_write() -> None:
    # Why minting_actor exists (Riak's kv679): the same dot for two different writes.
    first = put(EMPTY, {}, "n1.5.1", b"first", "", 0)
    again = put(EMPTY, {}, "n1.5.1", b"second", "", 0)
    assert {s.value for s in merge(first, again).siblings} != {b"first", b"second"}


def test_long_random_histories_converge() -> None:
    rng = Random(7)
    world = Replicas()
    for _ in range(2_000):
        kind = rng.randrange(4)
        a, b = rng.randrange(3), rng.randrange(3)
        if kind == 0:
            world.put(a, rng.choice([None, b]))
        elif kind == 1 or a == b:
            world.sync(a, b)
        else:
            world.put(a, a)
    for source in range(3):
        for target in range(3):
            world.sync(source, target)
    for target in range(3):
        world.sync(2, target)
    assert world.versions(0) == world.versions(1) == world.versions(2)
