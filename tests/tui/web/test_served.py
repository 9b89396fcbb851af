"""The page: only its own origin opens a terminal, who looks cannot hurt, all ends with it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import ClientConnectionError, ClientSession, WSServerHandshakeError

from tests.tui.web.stage import Pages, served, viewer
from tui.web.order import Serve
from tui.web.served import Served, ServeError
from tui.web.server import VIEWERS_MAX

WORLD = ("sim", "--nodes", "3", "--seed", "7", "--rooms", "0")
ALIVE = "3 nodes agree"
MEANINGLESS = (
    '["stdin", "\\u0000M\\u0000\\u0000\\u0000\\u0010{\\"type\\": \\"kill\\"}"]',
    '["stdin", "\\u001b[200~:kill n1\\r\\u001b[201~"]',
    '["stdin", "\\u001b[48;36;120;0;0t"]',
    '["resize", {"width": 120, "height": 36, "acts": true}]',
    '["resize", {"width": 999999999, "height": 999999999}]',
)
"""What a page that is not ours may say, and a viewer lets pass."""
REFUSED = ('["act", "kill", "n1"]', '["quit"]', "{", '["stdin", "' + "k" * 5_000 + '"]')
"""What ends his view."""


@asynccontextmanager
async def page(host: str = "127.0.0.1", token: str = "") -> AsyncGenerator[tuple[Pages, Served]]:
    """A server of pages, whose viewers nobody tells anything."""
    ends: list[socket.socket] = []
    server = Served(Serve(0, host, "demo", token), lambda end, _acts: ends.append(end))
    await server.start()
    port = server.address.rsplit(":", 1)[1]
    try:
        yield Pages(f"http://127.0.0.1:{port}/", ""), server
    finally:
        await server.stop()
        for end in ends:
            end.close()


async def test_a_page_fetches_nothing_from_elsewhere_and_forbids_it() -> None:
    async with page() as (pages, _), ClientSession() as session:
        async with session.get(pages.looks) as answer:
            text = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "textual-terminal" in text
        # Until a viewer's process has started and drawn, the page is not black without a word.
        assert "The picture is being drawn for this page" in text
        assert "body.-first-byte .coming" in text
        assert "https://" not in text
        assert policy.startswith("default-src 'none'")
        for path in ("static/js/textual.js", "static/css/xterm.css", "page.js"):
            async with session.get(pages.looks + path) as asset:
                assert asset.status == 200, path


@pytest.mark.parametrize(
    "origin", [None, "null", "http://elsewhere.example", "http://127.0.0.1:1", "file://"]
)
async def test_another_page_gets_no_terminal(origin: str | None) -> None:
    async with page() as (pages, _), ClientSession() as session:
        headers = {"Origin": origin} if origin else {}
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{pages.looks}ws", headers=headers)
        assert refused.value.status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_a_name_that_was_bound_to_this_machine_from_outside_is_refused(host: str) -> None:
    async with page(host) as (pages, _), ClientSession() as session:
        port = pages.origin.rsplit(":", 1)[1]
        headers = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
        async with session.get(pages.looks, headers=headers) as answer:
            assert answer.status == 403
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{pages.looks}ws", headers=headers)
        assert refused.value.status == 403


async def test_a_wrong_token_opens_nothing() -> None:
    async with page(token="right") as (pages, _), ClientSession() as session:
        for wrong in ("righ", "rightt", "RIGHT", "ä", "%00"):
            async with session.get(pages.looks, params={"token": wrong}) as answer:
                assert answer.status == 403, wrong
            with pytest.raises(WSServerHandshakeError):
                async with viewer(session, pages, wrong):
                    pass
        async with session.get(pages.looks, params={"token": "right"}) as answer:
            assert answer.status == 200


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    async with page() as (pages, _):
        port = int(pages.origin.rsplit(":", 1)[1])
        second = Served(Serve(port), lambda end, _acts: end.close())
        with pytest.raises(ServeError, match="no page can be served at"):
            await second.start()


async def test_only_so_many_look_at_once() -> None:
    async with page() as (pages, _), ClientSession() as session:
        sockets = [
            await session.ws_connect(f"{pages.looks}ws", headers={"Origin": pages.origin})
            for _ in range(VIEWERS_MAX)
        ]
        with pytest.raises(WSServerHandshakeError) as refused:
            async with viewer(session, pages):
                pass
        assert refused.value.status == 503
        for each in sockets:
            await each.close()


async def test_who_looks_can_hurt_nothing_and_who_has_the_token_can() -> None:
    async with served(*WORLD) as pages, ClientSession() as session:
        assert pages.token
        async with viewer(session, pages) as looking:
            await looking.until(ALIVE)
            for keys in (
                "\x1b[B",
                "k",
                "p",
                "i",
                "a",
                "u",
                ":kill n1\r",
                ":add\r",
                ":isolate n2\r",
            ):
                await looking.press(keys)
            await looking.until("this page only looks")
            await looking.press(">")
            await looking.press("r")
            for crafted in MEANINGLESS:
                await looking.socket.send_str(crafted)
            await looking.press(":kill n1\r")
            with suppress(ClientConnectionError):
                await looking.socket.send_bytes(b"D\x00\x00\x00\x01k")
            while await looking.read():
                pass  # bytes are no words of a page's: this view is over
        for crafted in REFUSED:
            async with viewer(session, pages) as crafty:
                await crafty.socket.send_str(crafted)
                while await crafty.read():
                    pass
        async with viewer(session, pages, pages.token) as acting:
            # Nothing has happened to any node: all three agree, and n1 is there to be killed.
            await acting.until(ALIVE)
            await acting.press("\x1b[B")
            await acting.press("k")
            await acting.until("killed n1 (simulated)")
            await acting.press(":start n1\r")
            await acting.until("started n1")


async def test_when_the_dashboard_ends_its_viewers_do() -> None:
    async with ClientSession() as session:
        async with served(*WORLD) as pages:
            entered = viewer(session, pages)
            looking = await entered.__aenter__()
            await looking.until(ALIVE)
        async with asyncio.timeout(20):
            while await looking.read():
                pass
        await entered.__aexit__(None, None, None)
