"""The log of facts: everybody reads at their own pace, and nobody misses anything unawares."""

from __future__ import annotations

import asyncio

from cluster.model.facts import Fact, FactsLost, NodeStopped
from cluster.model.member import NodeId
from cluster.runtime.hub import Hub
from cluster.runtime.observer import Observer, StoppedError

N1 = NodeId("n1")
EPOCH = 5


def fact(seq: int) -> Fact:
    return Fact(N1, EPOCH, seq, 0, 0, NodeStopped(f"fact {seq}"))


class FakeNode:
    """Numbers facts as a node does; a snapshot has the number of the last."""

    def __init__(self, facts_max: int) -> None:
        self.name = N1
        self.epoch = EPOCH
        self.hub = Hub(facts_max)
        self.seq = 0
        self.stopped = False

    def say(self, count: int) -> None:
        for _ in range(count):
            self.seq += 1
            self.hub.append(fact(self.seq))

    async def snapshot(self) -> tuple[Fact, int]:
        await asyncio.sleep(0)
        if self.stopped:
            raise StoppedError
        return fact(self.seq), self.hub.end


async def test_a_new_observer_gets_a_snapshot_and_then_every_fact() -> None:
    node = FakeNode(100)
    node.say(10)
    observer = Observer(node, None)
    assert [f.seq for f in await observer.read(100)] == [10]
    node.say(3)
    assert [f.seq for f in await observer.read(2)] == [11, 12]
    assert [f.seq for f in await observer.read(2)] == [13]


async def test_an_observer_that_resumes_gets_just_what_it_missed() -> None:
    node = FakeNode(100)
    node.say(10)
    observer = Observer(node, (EPOCH, 7))
    assert [f.seq for f in await observer.read(100)] == [8, 9, 10]


async def test_resuming_after_the_latest_fact_waits_for_the_next() -> None:
    node = FakeNode(100)
    node.say(10)
    reading = asyncio.ensure_future(Observer(node, (EPOCH, 10)).read(100))
    await asyncio.sleep(0)
    assert not reading.done()
    node.say(1)
    assert [f.seq for f in await reading] == [11]


async def test_an_observer_that_was_too_slow_is_told_how_much_it_lost() -> None:
    node = FakeNode(8)
    node.say(5)
    observer = Observer(node, (EPOCH, 3))
    assert [f.seq for f in await observer.read(1)] == [4]
    node.say(20)  # facts 6 to 25; 18 to 25 are kept
    lost, snapshot = await observer.read(100)
    assert snapshot.seq == 25
    assert lost.payload == FactsLost(21)  # 5 to 25
    assert lost.seq == 25
    node.say(1)
    assert [f.seq for f in await observer.read(100)] == [26]


async def test_resuming_after_facts_no_longer_kept_starts_with_a_snapshot() -> None:
    node = FakeNode(8)
    node.say(30)
    lost, snapshot = await Observer(node, (EPOCH, 2)).read(100)
    assert (lost.payload, snapshot.seq) == (FactsLost(28), 30)


async def test_resuming_another_life_starts_with_a_snapshot() -> None:
    node = FakeNode(8)
    node.say(3)
    lost, snapshot = await Observer(node, (EPOCH - 1, 2)).read(100)
    assert (lost.payload, snapshot.seq) == (FactsLost(0), 3)


async def test_resuming_after_a_fact_never_said_starts_with_a_snapshot() -> None:
    node = FakeNode(8)
    node.say(3)
    facts = await Observer(node, (EPOCH, 99)).read(100)
    assert [f.seq for f in facts] == [3, 3]


async def test_the_log_is_exact_at_every_size() -> None:
    for said in range(20):
        node = FakeNode(7)
        node.say(said)
        for since in range(said + 1):
            observer = Observer(node, (EPOCH, since))
            if since == said:
                continue
            seqs = [f.seq for f in await observer.read(100)]
            kept = list(range(max(1, said - 6), said + 1))
            if since + 1 in kept:
                assert seqs == list(range(since + 1, said + 1))
            else:
                assert len(seqs) == 2


async def test_an_observer_of_a_node_that_ends_reads_the_last_words_and_then_nothing() -> None:
    node = FakeNode(8)
    node.say(1)
    observer = Observer(node, (EPOCH, 0))
    reading = asyncio.ensure_future(Observer(node, (EPOCH, 1)).read(100))
    await asyncio.sleep(0)
    node.hub.close()
    node.stopped = True
    assert await reading == []
    assert [f.seq for f in await observer.read(100)] == [1]
    assert await observer.read(100) == []
    assert await Observer(node, None).read(100) == []
