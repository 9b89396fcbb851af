"""One node's own copy of a key, over HTTP and in the core."""

from __future__ import annotations

import msgspec

from cluster.model.member import NodeId
from cluster.model.rooms.naming import CONTENT_TYPE, Checkpoint, Token, packed
from cluster.model.values.copies import CopyShown
from cluster.model.versions import Sibling, Versions
from cluster.protocol.effects import Response
from cluster.protocol.messages import DeleteRequest, GetRequest, PutRequest, ReadResponse, Refusal
from tests.api.desk import Desk, http
from tests.api.test_kv import ask
from tests.world import World

N1 = NodeId("n1")
_copy = msgspec.json.Decoder(CopyShown)


async def shown(*siblings: Sibling) -> CopyShown:
    context = {s.actor: s.counter for s in siblings}
    desk = Desk()
    held = ReadResponse(Versions(context, siblings), (N1,), 1)
    status, _, body = await ask(desk, held, http("GET", "/kv/k?here=1"))
    assert status == 200
    assert desk.asked == [GetRequest(b"k", here=True)]
    return _copy.decode(body)


async def test_a_copy_comes_with_its_dots_and_context() -> None:
    copy = await shown(Sibling("n1.1f.1", 3, b"red", "text/plain", 1_000),
                       Sibling("n2.1f.1", 1, None, "", 2_000))  # fmt: skip
    assert (copy.node, copy.owner) == ("n1", True)
    assert copy.context == {"n1.1f.1": 3, "n2.1f.1": 1}
    first, second = copy.siblings
    assert (first.kind, first.replica, first.counter, first.value) == ("value", "n1", 3, "cmVk")
    assert (second.kind, second.replica) == ("deleted", "n2")


async def test_a_rooms_record_is_told_in_words() -> None:
    record = Checkpoint("quiz", "checkpoint", Token(4, NodeId("n3"), 9), b"", b"12345")
    copy = await shown(Sibling("n3.1f.1", 1, packed(record), CONTENT_TYPE, 1_000))
    room = copy.siblings[0].room
    assert room is not None
    assert (room.behaviour, room.token, room.node, room.bytes) == ("quiz", 4, "n3", 5)


async def test_a_long_value_is_cut_and_its_length_told() -> None:
    copy = await shown(Sibling("n1.1f.1", 1, b"x" * 5_000, "text/plain", 1_000))
    assert copy.siblings[0].size == 5_000
    assert len(copy.siblings[0].value) < 400


async def test_nothing_held_is_an_empty_copy_and_not_an_error() -> None:
    assert (await shown()).siblings == ()


async def test_anything_but_one_is_refused() -> None:
    for query in ("here=0", "here=yes", "here=1&r=1", "here=1&what=2"):
        status, _, _ = await ask(Desk(), Refusal(500, "", ""), http("GET", f"/kv/k?{query}"))
        assert status == 400


def test_each_node_tells_its_own_copy_and_asks_nobody() -> None:
    world = World(5, seed=3)
    world.until(world.agreed, 20, "one view")
    world.run(2)
    world.call("n1", PutRequest(b"k", b"red"))
    world.run(1)
    sent = len(world.sent)
    copies: dict[NodeId, Response] = {}
    for name in world.hosts:
        before = world.now
        copies[name] = world.call(name, GetRequest(b"k", here=True))
        assert world.now == before  # at once
    assert not [p for _, _, p in world.sent[sent:] if "Replica" in type(p.body).__name__]
    held = [c for c in copies.values() if isinstance(c, ReadResponse) and c.versions.siblings]
    assert len(held) == 3
    assert all(c.primaries == 1 for c in held)
    assert all(c.versions == held[0].versions for c in held)


def test_a_copy_that_missed_a_write_is_seen_to_be_behind() -> None:
    world = World(3, seed=5)
    world.until(world.agreed, 20, "one view")
    world.run(2)
    world.call("n1", PutRequest(b"k", b"old"))
    world.run(1)
    world.partition(("n1", "n2"), ("n3",))
    world.call("n1", DeleteRequest(b"k"))
    mine = world.call("n1", GetRequest(b"k", here=True))
    other = world.call("n3", GetRequest(b"k", here=True))
    assert isinstance(mine, ReadResponse)
    assert isinstance(other, ReadResponse)
    assert len(other.versions.context) <= len(mine.versions.context)
    assert mine.versions != other.versions
