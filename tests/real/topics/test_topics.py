"""Three hundred subscribers on five real nodes: what one message costs, by node and by subscriber."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import msgspec
import pytest

from cluster.api.operator import WindowClient
from cluster.lab.nodes import Lab, LabOptions
from cluster.lab.witness import Witness
from cluster.model.facts import Fact, PulseReported, TopicDelivered
from cluster.model.member import Address, NodeId
from tests.runtime.soon import soon

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("real")]

NODES = 5
EACH = 60
TOPIC = "/topics/the%20show"
WITHIN_S = 30.0


class Hall:
    """Everybody who listens, and what the nodes say of themselves."""

    def __init__(self) -> None:
        self.frames: list[tuple[NodeId, dict[str, object]]] = []
        self.ways: list[TopicDelivered] = []
        self.sent: dict[str, int] = {}
        self.delivered = 0
        self.missed = 0
        self.subscribers: dict[NodeId, int] = {}

    def forget(self) -> None:
        """Count from now on."""
        self.frames.clear()
        self.ways.clear()
        self.sent.clear()
        self.delivered = self.missed = 0

    async def listen(self, node: NodeId, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            self.frames.append((node, msgspec.json.decode(message.data, type=dict[str, object])))

    async def observe(self, window: Address) -> None:
        async with WindowClient(window) as client:
            async for batch in client.facts():
                for fact in batch:
                    self._take(fact)

    def _take(self, fact: Fact) -> None:
        match fact.payload:
            case PulseReported() as pulse:
                self.subscribers[fact.node] = pulse.topics.subscribers
                self.delivered += pulse.delivered
                self.missed += pulse.topics.missed
                for kind, count in pulse.sent.items():
                    self.sent[kind] = self.sent.get(kind, 0) + count
            case TopicDelivered() as way:
                self.ways.append(way)
            case _:
                pass


async def until(is_so: Callable[[], object], what: str) -> None:
    for _ in range(int(WITHIN_S / 5)):
        try:
            await soon(is_so, what)
        except AssertionError:
            continue
        return
    raise AssertionError(f"not within {WITHIN_S} s: {what}")


@asynccontextmanager
async def hall(lab: Lab) -> AsyncGenerator[Hall]:
    made = Hall()
    tasks: list[asyncio.Task[None]] = []
    async with AsyncExitStack() as open_:
        connector = aiohttp.TCPConnector(limit=0)
        session = await open_.enter_async_context(aiohttp.ClientSession(connector=connector))
        try:
            for node, window in lab.windows().items():
                tasks.append(asyncio.create_task(made.observe(window)))
                for _ in range(EACH):
                    connecting = session.ws_connect(f"http://{window}{TOPIC}")
                    socket = await open_.enter_async_context(connecting)
                    tasks.append(asyncio.create_task(made.listen(node, socket)))
            everywhere = dict.fromkeys(lab.windows(), EACH)
            await until(lambda: made.subscribers == everywhere, "sixty listen at each node")
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_message_for_300_listeners_is_4_on_the_wire_and_240_the_naive_way() -> None:
    lab = Lab(LabOptions(nodes=NODES), Witness(lambda _fact: None))
    try:
        await lab.start()
        assert await lab.serving()
        async with hall(lab) as heard, WindowClient(lab.windows()[NodeId("n2")]) as n2:
            heard.forget()
            said = await n2.send("POST", TOPIC, body=b"question 7")
            assert said.status == 200
            await until(lambda: heard.delivered == NODES * EACH, "all are handed it")
            await until(lambda: len(heard.frames) == NODES * EACH, "all have it")
            assert heard.sent.get("spread") == NODES - 1
            assert "deliver" not in heard.sent
            assert {frame["payload"] for _, frame in heard.frames} == {"question 7"}
            assert {frame["number"] for _, frame in heard.frames} == {said.json()["number"]}
            assert {frame["hops"] for node, frame in heard.frames if node == "n2"} == {0}
            await until(lambda: len(heard.ways) == NODES - 1, "its way is told")
            assert sum(way.subscribers for way in heard.ways) == (NODES - 1) * EACH

            heard.forget()
            apart = await n2.send("POST", f"{TOPIC}?apart=1", body=b"question 8")
            counted = dict.fromkeys(sorted(lab.windows()), EACH)
            assert apart.json() == {
                "topic": "the show",
                "subscribers": counted,
                "messages": (NODES - 1) * EACH,
                "silent": [],
            }
            await until(lambda: heard.delivered == NODES * EACH, "all are handed it")
            await until(lambda: len(heard.frames) == NODES * EACH, "all have it")
            assert heard.sent.get("deliver") == (NODES - 1) * EACH
            assert "spread" not in heard.sent
            assert {frame["payload"] for _, frame in heard.frames} == {"question 8"}
            assert heard.missed == 0
    finally:
        await lab.stop()
