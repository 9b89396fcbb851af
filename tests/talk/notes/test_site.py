"""Who is let in to the presenter's view, what it may say, and that nothing there delays the stage."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from talk.grounds.simulated import SimGround
from talk.notes.notes import Notes
from talk.notes.site import ASKS_MAX, VIEWS_MAX, NotesError, fresh_token
from talk.stage.app import Manner, StageApp
from talk.stage.performance import Performance
from tests.talk.notes.stage import Hand, served, small

WITHIN_S = 20.0


def socket_of(notes: Notes) -> str:
    return notes.address.replace("/notes?", "/ws?")


def port_of(notes: Notes) -> int:
    return int(notes.address.split(":")[2].split("/")[0])


async def until(line: ClientWebSocketResponse, kind: str, **wanted: Any) -> dict[str, Any]:
    """The first message of this kind with these fields."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            told = await line.receive_json()
            if told["type"] == kind and all(told[k] == v for k, v in wanted.items()):
                return told


async def closed(line: ClientWebSocketResponse) -> int:
    """The code it is closed with."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            message = await line.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                return int(message.data or line.close_code or 0)


async def pressed(hand: Hand, many: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while len(hand.pressed) < many:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_who_has_the_token_sees_the_talk_and_leads_it() -> None:
    async with served() as (notes, hand), ClientSession() as session:
        async with session.get(notes.address) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            page = await answer.text()
        assert "http://" not in page
        assert "https://" not in page
        async with session.ws_connect(socket_of(notes)) as line:
            programme = await until(line, "programme")
            assert programme["title"] == "A small talk"
            await until(line, "desk", number=1)
            await line.send_json({"do": "next"})
            await until(line, "desk", number=2)
            await line.send_json({"do": "go", "slide": 4})
            await until(line, "desk", title="The end")
            await line.send_json({"do": "black"})
            await until(line, "desk", states=["black"])
        assert hand.pressed == [("next", 0), ("go", 4), ("black", 0)]


@pytest.mark.parametrize(
    "token", ["", "?token=", "?token=aaaa-bbbb-cccc", "?token=%F0%9F%A6%86%00"]
)
async def test_without_the_token_nothing_is_shown_and_nothing_done(token: str) -> None:
    async with served() as (notes, hand), ClientSession() as session:
        base = notes.address.partition("/notes")[0]
        async with session.get(f"{base}/notes{token}") as answer:
            assert answer.status == 403
            assert "rumour" not in await answer.text()
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{base}/ws{token}")
        assert refused.value.status == 403
        assert not hand.pressed


@pytest.mark.parametrize(
    "origin", ["null", "http://elsewhere.example", "http://127.0.0.1:1", "file://"]
)
async def test_another_page_is_refused_even_with_the_token(origin: str) -> None:
    async with served() as (notes, _), ClientSession() as session:
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(socket_of(notes), headers={"Origin": origin})
        assert refused.value.status == 403


async def test_a_name_that_was_bound_to_this_machine_is_refused() -> None:
    async with served() as (notes, _), ClientSession() as session:
        headers = {"Host": f"evil.example:{port_of(notes)}"}
        async with session.get(notes.address, headers=headers) as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    "text",
    ["", "next", "{", '{"do": "kill"}', '{"do": "next", "more": 1}', "[" * 200, "x" * 10_000],
)
async def test_what_makes_no_sense_ends_that_view_and_no_other(text: str) -> None:
    async with served() as (notes, hand), ClientSession() as session:
        async with (
            session.ws_connect(socket_of(notes)) as good,
            session.ws_connect(socket_of(notes)) as bad,
        ):
            await until(good, "desk", viewers=2)
            await bad.send_str(text)
            assert await closed(bad) in (1008, 1009)
            await until(good, "desk", viewers=1)
            await good.send_json({"do": "next"})
            await until(good, "desk", number=2)
        assert hand.pressed == [("next", 0)]


async def test_bytes_are_no_keys() -> None:
    async with served() as (notes, hand), ClientSession() as session:
        async with session.ws_connect(socket_of(notes)) as line:
            await line.send_bytes(b'{"do": "next"}')
            assert await closed(line) == 1008
        assert not hand.pressed


async def test_a_view_that_presses_faster_than_anybody_is_let_go() -> None:
    async with served() as (notes, hand), ClientSession() as session:
        async with session.ws_connect(socket_of(notes)) as line:
            for _ in range(ASKS_MAX + 10):
                await line.send_json({"do": "black"})
            assert await closed(line) == 1008
        assert len(hand.pressed) <= ASKS_MAX


async def test_only_so_many_views_are_connected_and_a_place_comes_free() -> None:
    async with served() as (notes, _), ClientSession() as session:
        lines = [await session.ws_connect(socket_of(notes)) for _ in range(VIEWS_MAX)]
        await until(lines[0], "desk", viewers=VIEWS_MAX)
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(socket_of(notes))
        assert refused.value.status == 503
        await lines.pop().close()
        await until(lines[0], "desk", viewers=VIEWS_MAX - 1)
        async with session.ws_connect(socket_of(notes)) as late:
            await until(late, "desk", viewers=VIEWS_MAX)
        for line in lines:
            await line.close()


async def test_a_view_that_never_reads_delays_nobody() -> None:
    async with served() as (notes, hand), ClientSession() as session:
        deaf = socket.create_connection(("127.0.0.1", port_of(notes)))
        path = socket_of(notes).partition(str(port_of(notes)))[2]
        deaf.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port_of(notes)}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        try:
            async with session.ws_connect(socket_of(notes)) as line:
                await until(line, "desk", viewers=2)
                for number in (2, 3, 4):
                    await line.send_json({"do": "go", "slide": number})
                    await until(line, "desk", number=number)
        finally:
            deaf.close()
        await pressed(hand, 3)


async def test_the_views_are_told_that_the_talk_has_ended() -> None:
    async with ClientSession() as session, served() as (notes, _):
        line = await session.ws_connect(socket_of(notes))
        await until(line, "desk")
        await notes.stop()
        assert await closed(line) == 1001
        assert notes.views == 0


async def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    async with served() as (notes, hand):
        with pytest.raises(NotesError, match=f"no notes at 127.0.0.1:{port_of(notes)}"):
            await Notes(hand.performance, hand).start("127.0.0.1", port_of(notes))
        with pytest.raises(NotesError, match="no such port"):
            await Notes(hand.performance, hand).start("127.0.0.1", 70_000)


async def test_the_stage_does_what_a_view_asks() -> None:
    performance = Performance(small(), SimGround(7))
    app = StageApp(performance, Manner(), {"TERM": "xterm-256color"})
    async with app.run_test(size=(80, 24)) as pilot:
        app.press("next")
        assert performance.director.place == 1
        app.press("go", 4)
        app.press("black")
        app.press("still")
        assert (performance.director.place, app.black) == (3, False), "a key ends the black"
        assert app.stilled
        app.press("recording")
        assert "no recording" in performance.director.notice
        app.press("back")
        app.press("go", 99)
        assert performance.director.place == 3, "there are four"
        await pilot.pause()
    await performance.stop()


def test_tokens_differ_and_can_be_typed() -> None:
    tokens = {fresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 14 and token.replace("-", "").isalnum() for token in tokens)
