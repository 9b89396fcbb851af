"""A cluster that has met, and what its broadcasts came to."""

from __future__ import annotations

from msgspec.structs import replace

from cluster.config import DEMO, Config, SpreadConfig
from cluster.protocol.effects import TopicHistory
from cluster.protocol.inputs import PublishCommand, TopicQuery
from cluster.protocol.messages import Item, Spread
from tests.world import World


def config(spread: SpreadConfig | None = None) -> Config:
    return replace(DEMO, spread=spread or SpreadConfig())


def cluster(size: int, seed: int = 1, spread: SpreadConfig | None = None) -> World:
    print(f"seed {seed}")
    world = World(size, seed=seed, config=config(spread))
    world.until(world.agreed, 10, "a ring")
    world.sent.clear()
    return world


def publish(world: World, name: str, *words: str, topic: str = "news") -> None:
    for word in words:
        item = world.call(name, PublishCommand(topic, word.encode()))
        assert isinstance(item, Item)


def seen(world: World, name: str, topic: str = "news") -> list[str]:
    history = world.call(name, TopicQuery(topic))
    assert isinstance(history, TopicHistory)
    return [item.payload.decode() for item in history.items]


def all_have(world: World, count: int, topic: str = "news") -> bool:
    return all(len(node.topics.ledger.history(topic)) == count for node in world.live())


def carried(world: World) -> int:
    return sum(1 for _, _, packet in world.sent if isinstance(packet.body, Spread))
