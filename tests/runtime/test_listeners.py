"""Listeners: bounded queues, and who is told what when one of them does not read."""

from __future__ import annotations

import asyncio

from cluster.config import SpreadConfig
from cluster.model.member import NodeId
from cluster.protocol.messages import Item
from cluster.runtime.listeners import Listener, Listeners


def item(number: int, topic: str = "news", size: int = 1) -> Item:
    return Item(topic, NodeId("n1"), 1, number, b"x" * size)


class Hall:
    """Listeners, and what the node was told of how many there are."""

    def __init__(self, **bounds: int) -> None:
        self.told: list[tuple[str, int]] = []
        self.listeners = Listeners(
            SpreadConfig(**bounds), lambda topic, count: self.told.append((topic, count))
        )

    def say(self, *numbers: int, to: int = 0) -> None:
        for number in numbers:
            self.listeners.hand(item(number), to)


async def numbers(listener: Listener) -> list[int]:
    _, items = await asyncio.wait_for(listener.read(), 1)
    return [each.number for each in items]


async def test_everybody_who_listens_to_a_topic_gets_its_messages_in_order() -> None:
    hall = Hall()
    a, _ = hall.listeners.open("news")
    b, count = hall.listeners.open("news")
    other, _ = hall.listeners.open("else")
    assert count == 2
    hall.say(1, 2, 3)
    assert await numbers(a) == await numbers(b) == [1, 2, 3]
    reading = asyncio.create_task(other.read())
    await asyncio.sleep(0)
    assert not reading.done()
    hall.listeners.hand(item(9, "else"), 0)
    assert (await reading)[1] == [item(9, "else")]


async def test_a_message_for_one_listener_is_given_to_that_one() -> None:
    hall = Hall()
    a, _ = hall.listeners.open("news")
    b, _ = hall.listeners.open("news")
    hall.say(5, to=2)
    hall.say(6, to=3)  # gone meanwhile
    hall.say(7)
    assert (await numbers(a), await numbers(b)) == ([7], [5, 7])


async def test_one_who_does_not_read_loses_the_oldest_and_is_told_how_many() -> None:
    hall = Hall(listener_queue_max=10)
    slow, _ = hall.listeners.open("news")
    quick, _ = hall.listeners.open("news")
    for number in range(1, 36):
        hall.say(number)
        assert await quick.read() == (0, [item(number)])
    dropped, items = await slow.read()
    assert (dropped, [each.number for each in items]) == (25, list(range(26, 36)))
    assert hall.listeners.take_missed() == 25
    assert hall.listeners.take_missed() == 0
    hall.say(36)
    assert await slow.read() == (0, [item(36)])


async def test_what_waits_is_bounded_in_bytes_too_and_the_newest_always_stays() -> None:
    hall = Hall(listener_bytes_max=100)
    slow, _ = hall.listeners.open("news")
    for number in range(1, 6):
        hall.listeners.hand(item(number, size=40), 0)
    hall.listeners.hand(item(6, size=1_000), 0)
    assert await slow.read() == (5, [item(6, size=1_000)])


async def test_the_node_is_told_when_one_ceases_to_listen_and_others_go_on() -> None:
    hall = Hall()
    a, _ = hall.listeners.open("news")
    b, _ = hall.listeners.open("news")
    a.close()
    a.close()
    hall.say(1)
    assert await numbers(b) == [1]
    assert await a.read() == (0, [])
    b.close()
    assert hall.told == [("news", 1), ("news", 0)]


async def test_the_end_of_the_node_ends_all_reading_after_what_waits() -> None:
    hall = Hall()
    listener, _ = hall.listeners.open("news")
    idle, _ = hall.listeners.open("news")
    reading = asyncio.create_task(idle.read())
    await asyncio.sleep(0)
    hall.listeners.hand(item(1), 1)
    hall.listeners.end()
    assert await reading == (0, [])
    assert await numbers(listener) == [1]
    assert await listener.read() == (0, [])
    assert hall.told == []  # nobody is left to be told
