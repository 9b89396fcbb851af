"""What nodes tell of a broadcast, so that its way can be drawn; and how much of that at most."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import DEMO, ObserveConfig, SpreadConfig
from cluster.model.facts import Fact, TopicDelivered, TopicPublished
from cluster.model.member import NodeId
from cluster.protocol.inputs import PublishCommand, ScatterCommand, SubscribeCommand
from cluster.protocol.messages import Refusal
from tests.protocol.spread.stage import all_have, cluster, publish
from tests.world import World


def arrivals(world: World) -> list[Fact]:
    return [f for f in world.facts if isinstance(f.payload, TopicDelivered)]


def way(world: World, name: str) -> TopicDelivered:
    told = world.told(TopicDelivered, by=name)
    assert len(told) == 1
    return told[0]


def test_every_node_tells_who_brought_it_a_message_and_the_links_lead_back_to_the_origin() -> None:
    world = cluster(9, spread=SpreadConfig(branches=2))
    for name in ("n2", "n5"):
        world.call(name, SubscribeCommand("news", 3))
    publish(world, "n4", "hello")
    world.until(lambda: all_have(world, 1), 0.5, "everywhere")
    assert world.told(TopicPublished) == [TopicPublished("news", 1, 5, 0)]
    assert [f.node for f in world.facts if isinstance(f.payload, TopicPublished)] == ["n4"]
    others = [f"n{i}" for i in range(1, 10) if i != 4]
    assert sorted(f.node for f in arrivals(world)) == others
    hops = {NodeId(name): way(world, name).hops for name in others} | {NodeId("n4"): 0}
    for name in others:
        told = way(world, name)
        assert told.hops == hops[told.came_from] + 1
        assert (told.origin, told.number, told.mended) == ("n4", 1, False)
        assert told.subscribers == (3 if name in ("n2", "n5") else 0)
        assert 0 < told.took_us < 100_000
    assert max(hops.values()) > 1


def test_what_a_digest_brought_is_marked_and_what_the_tree_brings_on_from_there_is_not() -> None:
    world = cluster(4, spread=SpreadConfig(branches=1))
    world.partition(("n1", "n2"), ("n3", "n4"))
    publish(world, "n1", "hello")
    world.run(1)
    world.heal()
    world.until(lambda: all_have(world, 1), 10, "everywhere")
    # Each of the others has it once, and what came without a mark came along a link of the tree.
    ways = {name: way(world, name) for name in ("n2", "n3", "n4")}
    assert [told.mended for told in ways.values()].count(True) >= 1
    for name, told in ways.items():
        links = world.node(name).topics.links("news")
        assert told.mended or told.came_from in links


def test_a_message_sent_to_each_subscriber_apart_tells_how_many_went_where() -> None:
    world = cluster(3)
    for name, count in (("n1", 2), ("n2", 60), ("n3", 5)):
        world.call(name, SubscribeCommand("news", count))
    world.call("n1", ScatterCommand("news", b"hello"))
    assert world.told(TopicPublished) == [
        TopicPublished("news", 0, 5, 2, {NodeId("n2"): 60, NodeId("n3"): 5})
    ]
    assert world.told(TopicDelivered) == []


def test_only_so_many_are_told_and_those_by_everybody() -> None:
    world = cluster(3)
    publish(world, "n1", *(f"m{i}" for i in range(100)))
    world.until(lambda: all_have(world, 100), 2, "everywhere")
    budget = world.config.observe.traced_broadcasts_per_s
    told = {payload.number for payload in world.told(TopicPublished)}
    assert budget <= len(told) <= 2 * budget
    for name in ("n2", "n3"):
        assert {payload.number for payload in world.told(TopicDelivered, by=name)} == told


def test_a_node_tells_of_no_more_arrivals_than_its_own_budget_allows() -> None:
    world = World(
        3,
        config=replace(
            DEMO, observe=ObserveConfig(traced_broadcasts_per_s=1_000, told_broadcasts_per_s=7)
        ),
    )
    world.until(world.agreed, 10, "a ring")
    publish(world, "n1", *(f"m{i}" for i in range(100)))
    world.until(lambda: all_have(world, 100), 2, "everywhere")
    assert len(world.told(TopicPublished)) == 100
    assert 7 <= len(world.told(TopicDelivered, by="n2")) <= 14


def test_what_machines_publish_leaves_room_for_what_a_client_publishes() -> None:
    world = cluster(2)
    topics = world.node("n1").topics
    for number in range(50):
        topics.publish("room/r1", b"%d" % number)
    publish(world, "n1", "hello")
    world.run(0.5)
    told = [payload.topic for payload in world.told(TopicPublished)]
    assert "news" in told
    assert 1 <= told.count("room/r1") <= world.config.observe.traced_broadcasts_per_s


def test_facts_hold_no_character_that_a_terminal_would_obey() -> None:
    world = cluster(2)
    answer = world.call("n1", PublishCommand("a\x1b[2J", b"x"))
    assert not isinstance(answer, Refusal)
    world.run(1)
    assert [p.topic for p in world.told(TopicPublished)] == ["a·[2J"]
    assert [p.topic for p in world.told(TopicDelivered)] == ["a·[2J"]
