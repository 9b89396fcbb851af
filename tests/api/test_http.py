"""Connections: kept open, pipelined, half closed, slow, and full of somebody's bytes."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.api import server as server_module
from cluster.protocol.messages import GetRequest, PutRequest
from tests.api.desk import Desk, exchange, http, parse, window
from tests.runtime.soon import soon

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

JUNK = st.text(alphabet=" \t:\r\nGETHost/?#%ab1.", max_size=80)


async def connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def test_requests_on_one_connection_are_answered_in_order() -> None:
    async with window(Desk()) as address:
        missing = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
        sent = HEALTH + missing + HEALTH + http("GET", "/healthz")
        answer = await exchange(address, sent)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404", b"200", b"200"]


async def test_a_request_may_arrive_byte_by_byte() -> None:
    async with window(Desk()) as address:
        reader, writer = await connect(address)
        for byte in http("GET", "/healthz"):
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_client_that_waits_to_be_asked_for_its_body_is() -> None:
    desk = Desk()
    async with window(desk) as address:
        reader, writer = await connect(address)
        sent = http("PUT", "/kv/a", b"body", Expect="100-continue")
        writer.write(sent[:-4])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        assert (await reader.read()).startswith(b"HTTP/1.1 418 ")
        writer.close()


async def test_the_refusal_of_a_long_body_can_be_read() -> None:
    # Closing with unread bytes in the socket would reset the answer away.
    async with window(Desk()) as address:
        reader, writer = await connect(address)
        body = bytes(4 << 20)
        writer.write(http("PUT", "/kv/a", body))
        assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "IDLE_S", 0.02)
    async with window(Desk()) as address:
        assert await exchange(address, b"") == b""
        assert await exchange(address, b"GET / HT") == b""
        assert (await exchange(address, HEALTH)).startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "REQUEST_S", 0.02)
    monkeypatch.setattr(server_module, "LINGER_S", 0.02)
    async with window(Desk()) as address:
        answer = await exchange(address, http("PUT", "/kv/a", Content_Length="5"))
        assert parse(answer)[0] == 408


async def test_a_body_may_come_in_chunks() -> None:
    desk = Desk()
    async with window(desk) as address:
        sent = http("PUT", "/kv/a", Transfer_Encoding="chunked")
        await exchange(address, sent + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    (put,) = desk.asked
    assert isinstance(put, PutRequest)
    assert put.value == b"abcde"


async def test_a_body_is_stored_as_it_came_whatever_its_encoding() -> None:
    desk = Desk()
    async with window(desk) as address:
        await exchange(address, http("PUT", "/kv/a", b"not gzip", Content_Encoding="gzip"))
    (put,) = desk.asked
    assert isinstance(put, PutRequest)
    assert put.value == b"not gzip"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a%2Fb", b"a/b"),
        ("../x", b"../x"),
        ("a//b", b"a//b"),
        ("%FF%00", b"\xff\0"),
        ("a+b", b"a+b"),
    ],
)
async def test_a_key_is_the_path_as_it_came(path: str, key: bytes) -> None:
    desk = Desk()
    async with window(desk) as address:
        await exchange(address, http("GET", f"/kv/{path}?r=1"))
    assert desk.asked == [GetRequest(key, 1, 0)]


async def test_a_client_that_goes_before_its_body_is_no_defect(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with window(Desk()) as address:
        for _ in range(50):
            _, writer = await connect(address)
            writer.write(http("PUT", "/kv/a", b"body", Expect="100-continue")[:-4])
            writer.close()
        assert parse(await exchange(address, http("GET", "/healthz")))[0] == 200
    assert capfd.readouterr().err == ""


async def test_the_window_closes_at_once_whatever_is_under_way() -> None:
    desk = Desk()
    desk.silent = True
    loop = asyncio.get_running_loop()
    upgrade = {
        "Upgrade": "websocket",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(window(desk))
        _, idle = await connect(address)
        _, asking = await connect(address)
        asking.write(b"GET /kv/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        observer, watching = await connect(address)
        watching.write(http("GET", "/facts", b"", **upgrade))
        await observer.readuntil(b"\r\n\r\n")
        await soon(lambda: desk.asked)
        began = loop.time()
        await stack.aclose()
        assert loop.time() - began < 1
        assert desk.cancelled == 1
        for writer in (idle, asking, watching):
            writer.close()


async def _survives(sent: bytes) -> bytes:
    """What a window answers to bytes; it must be able to answer afterwards, and nothing leaks."""
    strays: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: strays.append(context))
    async with window(Desk()) as address:
        reader, writer = await connect(address)
        writer.write(sent)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert parse(await exchange(address, http("GET", "/healthz")))[0] == 200
    assert not strays
    return answer


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.binary(max_size=400), JUNK.map(lambda text: HEALTH[:-2] + text.encode())))
def test_junk_is_refused_or_harmless(capfd: pytest.CaptureFixture[str], junk: bytes) -> None:
    answer = asyncio.run(_survives(junk))
    assert not answer or answer.startswith(b"HTTP/1.")
    assert b"<html" not in answer.lower()
    assert b"Traceback" not in answer
    assert capfd.readouterr().err == ""
