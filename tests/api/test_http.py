"""Connections: kept open, pipelined, half closed, slow, and full of somebody's bytes."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api import http as http_module
from cluster.api.http import parse_head
from cluster.api.messages import HttpError
from tests.api.desk import Desk, exchange, http, window

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


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
    monkeypatch.setattr(http_module, "IDLE_S", 0.02)
    monkeypatch.setattr(http_module, "REQUEST_S", 0.02)
    async with window(Desk()) as address:
        assert await exchange(address, b"") == b""
        assert await exchange(address, b"GET / HT") == b""


def refused(head: bytes) -> int:
    """The status with which a head is refused; 0 when it is fine."""
    try:
        request = parse_head(head)
    except HttpError as error:
        return error.status
    assert all(value.isprintable() or "\t" in value for value in request.headers.values())
    return 0


REFUSALS = (0, 400, 431, 505)


@given(st.binary(max_size=400))
def test_junk_is_refused(junk: bytes) -> None:
    assert refused(junk) in REFUSALS


@given(st.text(alphabet=" \t:\r\nGETHost/?#%ab1.", max_size=80))
def test_headers_of_junk_are_refused_or_harmless(text: str) -> None:
    assert refused(b"GET / HTTP/1.1\r\nHost: a\r\n" + text.encode()) in REFUSALS
