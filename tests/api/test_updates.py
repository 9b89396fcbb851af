"""Typed values over HTTP: changes as JSON, values as JSON, and refusals in one sentence."""

from __future__ import annotations

from base64 import b64decode

import msgspec
import pytest

from cluster.config import DataConfig
from cluster.model.member import NodeId
from cluster.model.values.typed import updated
from cluster.model.values.update import (
    CounterAdd,
    LwwSet,
    MapRemove,
    MapUpdate,
    RegisterSet,
    SetAdd,
    SetRemove,
    Update,
)
from cluster.model.versions import EMPTY, Versions, merge, put
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request
from cluster.protocol.messages import ReadResponse, UpdateRequest, WriteResponse
from tests.api.desk import Desk, exchange, http, parse, window

TWO = (NodeId("n1"), NodeId("n2"))
OK = WriteResponse("ok", TWO, 2, {"n1.1f.1": 3}, 1)


async def ask(desk: Desk, answer: Response, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    def say(_request: Request) -> Response:
        return answer

    desk.answer = say
    async with window(desk) as address:
        return parse(await exchange(address, sent))


def made(*updates: Update, actor: str = "n1.1.1") -> Versions:
    held = EMPTY
    for update in updates:
        after = updated(held, actor, update, 1, DataConfig())
        assert isinstance(after, Versions)
        held = after
    return held


@pytest.mark.parametrize(
    ("kind", "body", "update"),
    [
        ("counter", b'{"add": -5}', CounterAdd(-5)),
        ("set", b'{"add": ["a", 1]}', SetAdd(("a", 1))),
        ("set", b'{"remove": ["a"]}', SetRemove(("a",))),
        ("register", b'{"set": "a"}', RegisterSet("a")),
        ("lww", b'{"set": 7}', LwwSet(7)),
        (
            "map",
            b'{"field": "s", "type": "counter", "add": 5}',
            MapUpdate("s", CounterAdd(5)),
        ),
        (
            "map",
            b'{"field": "s", "type": "set", "remove": ["a"]}',
            MapUpdate("s", SetRemove(("a",))),
        ),
        ("map", b'{"remove": "s"}', MapRemove("s")),
    ],
)
async def test_a_post_is_the_change_that_its_json_says(
    kind: str, body: bytes, update: Update
) -> None:
    desk = Desk()
    status, headers, said = await ask(desk, OK, http("POST", f"/kv/a?type={kind}&w=3&pw=1", body))
    assert desk.asked == [UpdateRequest(b"a", update, 3, 1)]
    assert status == 200
    assert msgspec.json.decode(said)["outcome"] == "ok"
    assert msgspec.json.decode(headers["x-masterless-proof"])["primaries"] == 2


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b'{"add": 5}'),
        ("flag", b'{"add": 5}'),
        ("counter", b""),
        ("counter", b'{"add": 1.5}'),
        ("counter", b'{"add": 99999999999999999999}'),
        ("counter", b'{"add": 1, "remove": 1}'),
        ("set", b"{}"),
        ("set", b'{"add": []}'),
        ("set", b'{"add": ["a"], "remove": ["b"]}'),
        ("set", b'{"add": [null]}'),
        ("register", b'{"set": {"a": 1}}'),
        ("map", b'{"field": "", "type": "counter", "add": 1}'),
        ("map", b'{"field": "s", "type": "lww", "set": "x"}'),
        ("map", b'{"field": "s", "type": "counter"}'),
        ("map", b'{"field": "s", "add": 1}'),
        ("map", b"[]"),
        ("lww", b"\xff\xfe"),
    ],
)
async def test_a_change_that_makes_no_sense_is_400_and_asks_nobody(kind: str, body: bytes) -> None:
    desk = Desk()
    status, _, said = await ask(desk, OK, http("POST", f"/kv/a?type={kind}", body))
    assert status == 400
    assert set(msgspec.json.decode(said)) == {"error", "detail"}
    assert desk.asked == []


async def read(versions: Versions) -> tuple[int, dict[str, str], dict[str, object]]:
    answer = ReadResponse(versions, TWO, 2)
    status, headers, body = await ask(Desk(), answer, http("GET", "/kv/a"))
    return status, headers, msgspec.json.decode(body)


async def test_a_typed_value_comes_back_as_json_with_its_type_and_proof() -> None:
    both = merge(made(CounterAdd(2)), made(CounterAdd(3), actor="n2.1.1"))
    assert len(both.siblings) == 2
    status, headers, said = await read(both)
    assert (status, said) == (200, {"type": "counter", "value": 5})
    assert headers["x-masterless-type"] == "counter"
    assert headers["content-type"] == "application/json"
    assert "x-masterless-context" in headers
    assert "x-masterless-proof" in headers
    assert (await read(made(SetAdd(("b", "a")))))[2] == {"type": "set", "value": ["a", "b"]}
    fields = made(MapUpdate("n", CounterAdd(1)), MapUpdate("r", RegisterSet("x")))
    assert (await read(fields))[2] == {"type": "map", "value": {"n": 1, "r": ["x"]}}


async def test_an_empty_set_is_not_an_absent_one() -> None:
    status, _, said = await read(made(SetAdd(("a",)), SetRemove(("a",))))
    assert (status, said) == (200, {"type": "set", "value": []})


async def test_last_write_wins_says_that_it_loses() -> None:
    status, _, said = await read(made(LwwSet("x")))
    assert (status, said) == (200, {"type": "lww", "value": "x", "lossy": True})


async def test_a_typed_value_in_conflict_with_a_plain_one_is_shown_readably() -> None:
    plain = put(EMPTY, {}, "n2.1.1", b"raw", "text/plain", 1)
    status, _, said = await read(merge(made(CounterAdd(2)), plain))
    siblings = msgspec.convert(said["siblings"], list[dict[str, object]])
    assert status == 300
    assert [s["content_type"] for s in siblings] == ["application/json", "text/plain"]
    assert msgspec.json.decode(b64decode(str(siblings[0]["value"]))) == {
        "type": "counter",
        "value": 2,
    }
