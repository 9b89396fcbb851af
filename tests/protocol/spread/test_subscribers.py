"""Subscribers: who is handed what, how often, and what crosses the wire for it."""

from __future__ import annotations

from cluster.config import MS, SpreadConfig
from cluster.model.facts import PulseReported
from cluster.model.member import NodeId
from cluster.protocol.effects import HandOver, Scattered
from cluster.protocol.inputs import (
    ListenCommand,
    PublishCommand,
    ScatterCommand,
    SubscribeCommand,
)
from cluster.protocol.messages import Deliver, Refusal, SubscribersAsk, SubscribersTold
from tests.protocol.spread.stage import carried, cluster, publish, seen
from tests.world import World


def subscribed(world: World, *counts: int, topic: str = "news") -> None:
    for number, count in enumerate(counts, 1):
        assert world.call(f"n{number}", SubscribeCommand(topic, count)) is None
    world.run(0.3)  # past a pulse
    world.facts.clear()


def handed(world: World) -> list[int]:
    """What each node's pulses say that its subscribers were handed."""
    return [
        sum(pulse.delivered for pulse in world.told(PulseReported, by=host.name))
        for host in world.hosts.values()
    ]


def delivers(world: World) -> int:
    return sum(1 for _, _, packet in world.sent if isinstance(packet.body, Deliver))


def test_a_broadcast_is_handed_to_every_subscriber_with_one_message_a_node() -> None:
    world = cluster(3)
    subscribed(world, 5, 0, 7)
    publish(world, "n2", "hello")
    publish(world, "n1", "of another topic", topic="else")
    world.run(2)
    assert handed(world) == [5, 0, 7]
    assert carried(world) == 4  # two of each topic
    assert delivers(world) == 0


def test_a_message_sent_apart_crosses_the_wire_once_for_each_subscriber() -> None:
    world = cluster(3)
    subscribed(world, 5, 0, 7)
    apart = {NodeId("n1"): 5, NodeId("n3"): 7}
    assert world.call("n1", PublishCommand("news", b"hello", apart)) is None
    world.run(2)
    assert handed(world) == [5, 0, 7]
    assert delivers(world) == 7
    assert carried(world) == 0
    assert seen(world, "n3") == []


def test_a_subscriber_that_is_gone_is_handed_nothing() -> None:
    world = cluster(2)
    subscribed(world, 0, 3)
    world.call("n2", SubscribeCommand("news", 1))
    apart = {NodeId("n2"): 3, NodeId("nobody"): 2}
    assert world.call("n1", PublishCommand("news", b"late", apart)) is None
    world.run(1)
    assert delivers(world) == 3
    assert handed(world) == [0, 1]


def test_too_many_subscribers_are_refused() -> None:
    world = cluster(1, spread=SpreadConfig(subscribers_max=10, topics_max=1))
    assert world.call("n1", SubscribeCommand("a", 10)) is None
    for request, status in (
        (SubscribeCommand("a", 11), 413),
        (SubscribeCommand("b", 1), 503),
        (SubscribeCommand("", 1), 400),
        (SubscribeCommand("a", -1), 400),
        (PublishCommand("a", b"x", {NodeId("n1"): 6, NodeId("n2"): 5}), 413),
    ):
        refusal = world.call("n1", request)
        assert isinstance(refusal, Refusal)
        assert refusal.status == status
    assert world.call("n1", SubscribeCommand("a", 0)) is None
    assert world.call("n1", SubscribeCommand("b", 1)) is None


# --- those who really listen -----------------------------------------------------------------------


def listening(world: World, *counts: int, topic: str = "news") -> None:
    for number, count in enumerate(counts, 1):
        assert world.call(f"n{number}", ListenCommand(topic, count)) is None
    world.run(0.3)  # past a pulse
    world.facts.clear()


def given(world: World, name: str) -> list[HandOver]:
    return [handed for node, handed in world.handed if node == name]


def test_a_node_gives_its_driver_each_message_once_however_many_listen() -> None:
    world = cluster(3)
    listening(world, 5, 0, 7)
    publish(world, "n2", "hello", "again")
    publish(world, "n2", "of another topic", topic="else")
    world.run(2)
    for name in ("n1", "n3"):
        handed_over = given(world, name)
        assert [h.item.payload for h in handed_over] == [b"hello", b"again"]
        assert [(h.item.origin, h.item.topic) for h in handed_over] == [("n2", "news")] * 2
        assert [h.listener for h in handed_over] == [0, 0]
    assert given(world, "n2") == []
    assert handed(world) == [10, 0, 14]


def test_a_message_knows_how_many_links_it_has_crossed() -> None:
    world = cluster(7, spread=SpreadConfig(branches=1))
    listening(world, *[1] * 7)
    publish(world, "n3", "hello")
    world.run(1)
    hops = {name: given(world, name)[0].item.hops for name in sorted(world.hosts)}
    # A tree of one branch is a chain: each link is one more step away from the publisher.
    assert hops[NodeId("n3")] == 0
    assert sorted(hops.values()) in [sorted([*range(k + 1), *range(1, 7 - k)]) for k in range(7)]


def test_those_who_listen_and_those_who_are_counted_add_up() -> None:
    world = cluster(2)
    listening(world, 0, 3)
    subscribed(world, 0, 4)
    publish(world, "n1", "hello")
    world.run(1)
    assert handed(world) == [0, 7]
    assert len(given(world, "n2")) == 1
    pulse = world.told(PulseReported, by="n2")[-1]
    assert (pulse.topics.topics, pulse.topics.subscribers) == (1, 7)
    assert world.call("n2", ListenCommand("news", 0)) is None
    publish(world, "n1", "nobody listens")
    world.run(1)
    assert handed(world) == [0, 11]
    assert len(given(world, "n2")) == 1


def test_listeners_and_counted_subscribers_share_one_bound() -> None:
    world = cluster(1, spread=SpreadConfig(subscribers_max=10))
    assert world.call("n1", SubscribeCommand("news", 6)) is None
    assert isinstance(world.call("n1", ListenCommand("news", 5)), Refusal)
    assert world.call("n1", ListenCommand("news", 4)) is None
    assert isinstance(world.call("n1", ListenCommand("news", -1)), Refusal)


# --- the naive way, to whoever subscribes anywhere --------------------------------------------------


def test_scattering_finds_the_subscribers_of_all_members_and_sends_each_its_own() -> None:
    world = cluster(3)
    listening(world, 2, 0, 3)
    subscribed(world, 1, 0, 4)
    answer = world.call("n2", ScatterCommand("news", b"hello"))
    assert answer == Scattered({NodeId("n1"): 3, NodeId("n3"): 7}, ())
    world.run(1)
    assert delivers(world) == 10
    assert carried(world) == 0
    assert handed(world) == [3, 0, 7]
    # The three who listen at n3 have the numbers 1 to 3; the others are only counted.
    assert sorted(h.listener for h in given(world, "n3")) == [1, 2, 3]
    assert {(h.item.number, h.item.hops, h.item.origin) for h in given(world, "n3")} == {
        (0, 1, "n2")
    }
    assert seen(world, "n3") == []


def test_a_member_that_does_not_say_how_many_it_has_is_named_and_sent_nothing() -> None:
    world = cluster(3, spread=SpreadConfig(census_timeout_us=300 * MS))
    listening(world, 2, 2, 2)
    world.pause("n3")
    answer = world.call("n1", ScatterCommand("news", b"hello"))
    assert answer == Scattered({NodeId("n1"): 2, NodeId("n2"): 2}, (NodeId("n3"),))
    world.run(1)
    assert delivers(world) == 2
    assert handed(world)[:2] == [2, 2]


def test_answers_that_come_late_or_were_never_asked_for_change_nothing() -> None:
    world = cluster(2)
    listening(world, 1, 1)
    assert isinstance(world.call("n1", ScatterCommand("news", b"one")), Scattered)
    bodies = [packet.body for _, _, packet in world.sent]
    told = next(body for body in bodies if isinstance(body, SubscribersTold))
    before = delivers(world)
    node = world.node("n1")
    for number in (told.number, 7):
        node.topics.census.on_told(SubscribersTold(number, 50), NodeId("n2"))
    world.run(1)
    assert delivers(world) == before == 1


def test_only_so_many_messages_wait_for_a_census() -> None:
    world = cluster(2, spread=SpreadConfig(censuses_max=2))
    world.pause("n2")
    asked = [world.ask("n1", ScatterCommand("news", b"x")) for _ in range(3)]
    last = world.replies[asked[2]]
    assert isinstance(last, Refusal)
    assert last.status == 503
    world.run(1)
    assert [type(world.replies[a]) for a in asked[:2]] == [Scattered, Scattered]
    assert isinstance(world.call("n1", ScatterCommand("news", b"x")), Scattered)
    asks = sum(1 for *_, p in world.sent if isinstance(p.body, SubscribersAsk))
    assert asks == 3


def test_a_scattered_message_keeps_the_bounds_of_a_published_one() -> None:
    world = cluster(1, spread=SpreadConfig(payload_bytes_max=3, subscribers_max=5))
    for command, status in (
        (ScatterCommand("t", b"long"), 413),
        (ScatterCommand("", b"x"), 400),
    ):
        refusal = world.call("n1", command)
        assert isinstance(refusal, Refusal)
        assert refusal.status == status
