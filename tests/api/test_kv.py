"""Keys over HTTP: raw bodies, contexts that come back, siblings shown, outcomes told apart."""

from __future__ import annotations

import asyncio
from base64 import b64decode

import msgspec
import pytest

from cluster.api.client import Answer
from cluster.api.kv import context_from, context_header
from cluster.model.member import NodeId
from cluster.model.versions import Sibling, Versions
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    WriteResponse,
)
from tests.api.desk import Desk, exchange, http, parse, window
from tests.runtime.soon import soon

TWO = (NodeId("n1"), NodeId("n2"))
CONTEXT = {"n1.1f.1": 3}
OK = WriteResponse("ok", TWO, 2, CONTEXT, 1)


async def ask(desk: Desk, answer: Answer, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    def say(_request: Request) -> Response:
        return answer

    desk.answer = say
    async with window(desk) as address:
        return parse(await exchange(address, sent))


def live(value: bytes, *, actor: str = "n1.1f.1", content_type: str = "text/plain") -> Sibling:
    return Sibling(actor, 1, value, content_type, 1_000)


def read(*siblings: Sibling) -> ReadResponse:
    return ReadResponse(Versions(dict(CONTEXT) if siblings else {}, siblings), TWO, 1)


async def test_a_put_passes_everything_on_and_says_what_was_proved() -> None:
    desk = Desk()
    sent = http(
        "PUT",
        "/kv/a%2Fb%00/c?w=3&pw=1",
        b"\x00raw\xff",
        Content_Type="image/png",
        X_Masterless_Context=context_header(CONTEXT),
    )
    status, headers, body = await ask(desk, OK, sent)
    assert desk.asked == [PutRequest(b"a/b\0/c", b"\x00raw\xff", "image/png", CONTEXT, 3, 1)]
    assert status == 200
    said = msgspec.json.decode(body)
    assert said == {"outcome": "ok", "replicas": ["n1", "n2"], "primaries": 2, "siblings": 1}
    proof = msgspec.json.decode(headers["x-masterless-proof"])
    assert proof == {"outcome": "ok", "replicas": ["n1", "n2"], "primaries": 2}
    assert context_from(headers["x-masterless-context"]) == CONTEXT


async def test_the_first_write_of_a_key_is_201() -> None:
    first = WriteResponse("ok", TWO, 2, {"n1.1f.1": 1}, 1)
    status, _, _ = await ask(Desk(), first, http("PUT", "/kv/a", b"x"))
    assert status == 201


@pytest.mark.parametrize(("outcome", "may_land"), [("maybe written", True), ("not written", False)])
async def test_a_quorum_not_reached_says_whether_the_write_may_still_land(
    outcome: str, may_land: bool
) -> None:
    missed = WriteResponse(outcome, (NodeId("n1"),), 1, {}, 1, "1 of 2 replicas answered")
    status, headers, body = await ask(Desk(), missed, http("PUT", "/kv/a", b"x"))
    said = msgspec.json.decode(body)
    assert status == 503
    assert said["may_still_land"] is may_land
    assert said["outcome"] == outcome
    assert "1 of 2 replicas answered" in said["detail"]
    assert msgspec.json.decode(headers["x-masterless-proof"])["outcome"] == outcome


async def test_a_refusal_keeps_its_status() -> None:
    refusal = Refusal(503, "overload", "not written: too many operations here, try again")
    status, _, body = await ask(Desk(), refusal, http("PUT", "/kv/a", b"x"))
    assert status == 503
    assert msgspec.json.decode(body) == {"error": refusal.error, "detail": refusal.detail}


async def test_one_value_comes_back_raw() -> None:
    desk = Desk()
    answer = read(live(b"\x00raw\xff", content_type="image/png"))
    status, headers, body = await ask(desk, answer, http("GET", "/kv/a?r=2&pr=1"))
    assert desk.asked == [GetRequest(b"a", 2, 1)]
    assert (status, body, headers["content-type"]) == (200, b"\x00raw\xff", "image/png")
    assert context_from(headers["x-masterless-context"]) == CONTEXT
    assert headers["x-content-type-options"] == "nosniff"


async def test_an_empty_value_is_not_an_absent_one() -> None:
    status, _, body = await ask(Desk(), read(live(b"")), http("GET", "/kv/a"))
    assert (status, body) == (200, b"")


async def test_siblings_are_all_shown_with_the_context_that_resolves_them() -> None:
    deleted = Sibling("n2.1f.9", 1, None, "", 2_000)
    answer = read(live(b"\xff"), deleted)
    status, headers, body = await ask(Desk(), answer, http("GET", "/kv/a"))
    said = msgspec.json.decode(body)
    assert status == 300
    assert headers["content-type"] == "application/json"
    assert [s["value"] for s in said["siblings"]] == ["/w==", None]
    assert b64decode(said["siblings"][0]["value"]) == b"\xff"
    assert [s["replica"] for s in said["siblings"]] == ["n1", "n2"]
    assert [s["deleted"] for s in said["siblings"]] == [False, True]
    assert context_from(said["context"]) == CONTEXT


async def test_what_was_never_written_is_404() -> None:
    status, headers, body = await ask(Desk(), read(), http("GET", "/kv/a"))
    assert (status, msgspec.json.decode(body)["error"]) == (404, "absent")
    assert "x-masterless-context" not in headers


async def test_what_was_deleted_is_404_with_the_context_to_write_again() -> None:
    gone = read(Sibling("n1.1f.1", 1, None, "", 5))
    status, headers, _ = await ask(Desk(), gone, http("GET", "/kv/a"))
    assert status == 404
    assert context_from(headers["x-masterless-context"]) == CONTEXT


async def test_a_delete_carries_its_context() -> None:
    desk = Desk()
    sent = http("DELETE", "/kv/a?w=1", X_Masterless_Context=context_header(CONTEXT))
    status, _, _ = await ask(desk, OK, sent)
    assert desk.asked == [DeleteRequest(b"a", CONTEXT, 1, 0)]
    assert status == 200


async def test_a_stored_type_cannot_write_headers() -> None:
    # It may have come in through another door, where nobody checked it.
    evil = read(live(b"x", content_type="text/html\r\nSet-Cookie: a=b"))
    status, headers, _ = await ask(Desk(), evil, http("GET", "/kv/a"))
    assert status == 200
    assert headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in headers


async def test_the_longest_key_and_value_are_taken() -> None:
    desk = Desk()
    status, _, _ = await ask(desk, OK, http("PUT", "/kv/" + "k" * 1_024, bytes(1_048_576)))
    assert status == 200
    (put,) = desk.asked
    assert isinstance(put, PutRequest)
    assert (len(put.key), len(put.value)) == (1_024, 1_048_576)


async def test_a_request_whose_asker_hangs_up_is_abandoned() -> None:
    desk = Desk()
    desk.silent = True
    async with window(desk) as address:
        host, _, port = address.rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /kv/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await soon(lambda: desk.asked)
        writer.transport.abort()
        await soon(lambda: desk.cancelled)
