"""Broadcast: everybody has everything once, whatever was cut, and links carry little."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.config import MS, SECOND, SpreadConfig
from cluster.model.facts import MessagesMissed
from cluster.model.member import NodeId
from cluster.protocol.inputs import (
    LinksCommand,
    PublishCommand,
)
from cluster.protocol.messages import Item, Refusal, SpreadDigest
from cluster.protocol.spread.ledger import Ledger
from cluster.protocol.spread.overlay import tree_links
from tests.protocol.spread.stage import all_have, carried, cluster, publish, seen

# --- the tree ------------------------------------------------------------------------------------


@settings(derandomize=True, max_examples=200)
@given(st.integers(1, 200), st.integers(1, 8), st.text(min_size=1, max_size=5))
def test_the_links_of_all_members_are_one_tree(count: int, branches: int, topic: str) -> None:
    names = [NodeId(f"n{i:03}") for i in range(count)]
    links = {name: tree_links(names, name, topic, branches) for name in names}
    assert all(a in links[b] for a in names for b in links[a])
    assert sum(map(len, links.values())) == 2 * (count - 1)
    assert all(len(near) <= branches + 1 for near in links.values())
    reached, edge = {names[0]}, [names[0]]
    while edge:
        edge = [n for at in edge for n in links[at] if n not in reached]
        reached.update(edge)
    assert len(reached) == count


def test_topics_begin_their_trees_at_different_members() -> None:
    names = [NodeId(f"n{i:02}") for i in range(25)]
    degrees = [
        next(n for n in names if len(tree_links(names, n, f"topic {i}", 5)) == 5) for i in range(20)
    ]
    assert len(set(degrees)) > 8


# --- pushing -------------------------------------------------------------------------------------


def test_a_message_reaches_everybody_with_one_message_a_link() -> None:
    world = cluster(9)
    publish(world, "n3", "hello")
    world.until(lambda: all_have(world, 1), 0.2, "everywhere")
    assert carried(world) == 8
    assert all(seen(world, f"n{i}") == ["hello"] for i in range(1, 10))


def test_what_is_published_while_a_link_rests_travels_together() -> None:
    world = cluster(7, spread=SpreadConfig(flush_period_us=100 * MS))
    publish(world, "n2", *(f"m{i}" for i in range(50)))
    world.until(lambda: all_have(world, 50), 1.0, "everywhere")
    # The first goes at once on each link, the other 49 in one batch; nobody sends it back.
    assert carried(world) <= 3 * 6


def test_messages_of_one_publisher_come_in_its_order_along_the_tree() -> None:
    world = cluster(5)
    publish(world, "n1", *(f"m{i}" for i in range(20)))
    world.until(lambda: all_have(world, 20), 1.0, "everywhere")
    assert all(seen(world, f"n{i}") == [f"m{k}" for k in range(20)] for i in range(1, 6))


def test_given_links_with_circles_are_flooded_and_still_deliver_once() -> None:
    world = cluster(4)
    ring = {"n1": ("n2", "n4"), "n2": ("n1", "n3"), "n3": ("n2", "n4"), "n4": ("n3", "n1")}
    for name, links in ring.items():
        world.call(name, LinksCommand(tuple(map(NodeId, links))))
    publish(world, "n1", "round")
    world.until(lambda: all_have(world, 1), 0.2, "everywhere")
    world.run(0.1)
    assert carried(world) == 5  # the far node hears it from one side and tells the other
    assert all(seen(world, name) == ["round"] for name in ring)


# --- what was missed -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_nothing_published_on_either_side_of_a_split_is_lost_after_it_heals(seed: int) -> None:
    world = cluster(6, seed=seed)
    world.partition(("n1", "n2", "n3"), ("n4", "n5", "n6"))
    for i in range(60):
        publish(world, f"n{i % 6 + 1}", f"m{i}")
        world.run(0.1)
    assert not all_have(world, 60)
    world.heal()
    took = world.until(lambda: all_have(world, 60), 8.0, "everything everywhere")
    print(f"healed in {took:.2f} s")
    everything = {f"m{i}" for i in range(60)}
    assert all(set(seen(world, f"n{i}")) == everything for i in range(1, 7))


def test_each_side_of_a_split_goes_on_among_itself() -> None:
    world = cluster(6)
    world.partition(("n1", "n2", "n3"), ("n4", "n5", "n6"))
    publish(world, "n5", "here")
    world.until(lambda: all(seen(world, n) == ["here"] for n in ("n4", "n5", "n6")), 8.0, "a side")
    assert seen(world, "n1") == []


def test_a_member_that_was_paused_gets_all_of_a_long_backlog_page_by_page() -> None:
    world = cluster(3, spread=SpreadConfig(page_bytes=2_000))
    world.pause("n3")
    publish(world, "n1", *(f"message {i}" for i in range(400)))
    world.run(1.5)
    world.resume("n3")
    world.until(lambda: all_have(world, 400), 8.0, "the backlog")


def test_a_newcomer_gets_what_is_kept() -> None:
    world = cluster(3)
    publish(world, "n1", "old", "older")
    world.run(2)
    world.start("n4", seeds=("n1",))
    world.until(lambda: all_have(world, 2), 8.0, "the newcomer has it")


def test_what_nobody_keeps_any_more_is_told_as_missed() -> None:
    world = cluster(3, spread=SpreadConfig(kept_max=10))
    publish(world, "n1", "a")
    world.run(2)
    world.pause("n3")
    publish(world, "n1", *(f"m{i}" for i in range(30)))
    world.run(1)
    world.hosts[NodeId("n3")].held.clear()  # nothing that was sent meanwhile arrives
    world.resume("n3")
    world.start("n3", seeds=("n1",))  # its timers were held too: it begins a new life
    world.until(lambda: len(seen(world, "n3")) == 10, 8.0, "what is kept")
    assert seen(world, "n3") == [f"m{i}" for i in range(20, 30)]


def test_a_gap_that_cannot_be_filled_is_a_fact_with_its_size() -> None:
    world = cluster(3, spread=SpreadConfig(kept_max=10))
    publish(world, "n1", "a")
    world.run(2)
    world.partition(("n1", "n2"), ("n3",))
    publish(world, "n1", *(f"m{i}" for i in range(30)))
    world.run(1)
    world.heal()
    world.until(lambda: "m29" in seen(world, "n3"), 8.0, "what is kept")
    missed = world.told(MessagesMissed, by="n3")
    assert missed == [MessagesMissed(NodeId("n1"), 20)]


def test_equal_nodes_exchange_only_digests_and_silent_ones_nothing() -> None:
    world = cluster(4)
    world.run(5)
    assert not any(isinstance(p.body, SpreadDigest) for _, _, p in world.sent)
    publish(world, "n1", "x")
    world.run(3)
    world.sent.clear()
    world.run(10)
    assert carried(world) == 0
    digests = [p.body for _, _, p in world.sent if isinstance(p.body, SpreadDigest)]
    assert 30 <= len(digests) <= 50
    assert not any(digest.answer for digest in digests)


# --- bounds --------------------------------------------------------------------------------------


def test_too_long_messages_and_impossible_topics_are_refused() -> None:
    world = cluster(1, spread=SpreadConfig(payload_bytes_max=10))
    for request, status in (
        (PublishCommand("t", b"x" * 11), 413),
        (PublishCommand("", b"x"), 400),
        (PublishCommand("t" * 129, b"x"), 400),
    ):
        refusal = world.call("n1", request)
        assert isinstance(refusal, Refusal)
        assert refusal.status == status


def test_a_thousand_topics_make_no_digest_longer() -> None:
    world = cluster(3)
    for number in range(1_000):
        publish(world, f"n{number % 3 + 1}", "x", topic=f"room/{number}")
    world.run(3)
    assert all(len(node.topics.ledger) == 1_000 for node in world.live())
    world.sent.clear()
    world.run(5)
    digests = [p.body for _, _, p in world.sent if isinstance(p.body, SpreadDigest)]
    assert digests
    assert {len(digest.heads) for digest in digests} == {3}
    assert carried(world) == 0


def test_a_newcomer_is_not_told_that_it_missed_what_was_before_its_time() -> None:
    world = cluster(3, spread=SpreadConfig(kept_max=10))
    publish(world, "n1", *(f"m{i}" for i in range(50)))
    world.run(2)
    world.start("n4", seeds=("n1",))
    world.until(world.agreed, 10, "four are one")
    publish(world, "n1", "pushed to it before any digest told it more")
    world.until(lambda: len(seen(world, "n4")) == 10, 8.0, "what is kept")
    assert world.told(MessagesMissed) == []


@settings(derandomize=True, max_examples=150)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_two_ledgers_that_tell_each_other_their_heads_end_equal(rng: Random, count: int) -> None:
    """Whatever each had, in whatever order: one exchange each way makes both the same."""
    items = [
        Item("t", NodeId(rng.choice("ab")), 1, number, b"")
        for number in range(1, count + 1)
        if rng.random() < 0.9
    ]
    ledgers = (Ledger(SpreadConfig()), Ledger(SpreadConfig()))
    for ledger in ledgers:
        for item in rng.sample(items, len(items)):
            if rng.random() < 0.6:
                assert ledger.learn(item, 0) != ledger.learn(item, 0)
    left, right = ledgers
    for teller, asker in ((left, right), (right, left)):
        wanted = teller.lacks(asker.heads())
        news = [asker.learn(item, 0) for item in teller.missing(asker.heads(), 0)]
        assert all(news)
        assert wanted == any(teller.learn(i, 0) for i in list(asker.missing(teller.heads(), 0)))
    assert not left.lacks(right.heads())
    assert not right.lacks(left.heads())
    assert {i.number for i in left.history("t")} == {i.number for i in right.history("t")}


def test_a_ledger_stays_within_its_bounds_and_takes_nothing_twice() -> None:
    ledger = Ledger(SpreadConfig(kept_max=100, early_max=50, streams_max=20))
    for epoch in range(40):
        for number in range(1, 30):
            item = Item("t", NodeId("n1"), epoch, number, b"x")
            ledger.learn(item, 0)
            assert not ledger.learn(item, 0)
    assert len(ledger) == 100
    assert len(ledger.heads()) <= 20
    for number in range(1_000, 2_000):
        ledger.learn(Item("t", NodeId("n2"), 1, number, b"x"), 0)
    assert max(len(head.above) for head in ledger.heads()) <= 50


def test_a_digest_does_not_send_again_what_is_still_on_its_way() -> None:
    world = cluster(5, spread=SpreadConfig(exchange_period_us=50 * MS, exchange_settle_us=SECOND))
    for i in range(20):
        publish(world, "n1", f"m{i}")
        world.run(0.03)
    assert carried(world) == 20 * 4
