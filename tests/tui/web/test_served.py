"""The page: only its own origin opens a terminal, what comes is the dashboard, all ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from tui.web.served import Served, ServeError


@asynccontextmanager
async def page() -> AsyncGenerator[tuple[Served, ClientSession]]:
    """A served page, on loopback, at any port."""
    served = Served("127.0.0.1", 0, "demo")
    await served.start()
    # Nobody listens there: the viewer says that it waits.
    served.tell(["127.0.0.1:9"])
    try:
        async with ClientSession() as session:
            yield served, session
    finally:
        await served.stop()


async def test_a_browser_sees_the_dashboard_and_its_own_size() -> None:
    async with page() as (served, session):
        async with session.get(served.address) as answer:
            text = await answer.text()
        assert "textual-terminal" in text
        assert "https://" not in text, "nothing is fetched from elsewhere"
        async with session.get(f"{served.address}/static/js/textual.js") as script:
            assert script.status == 200
        socket = await session.ws_connect(
            f"{served.address}/ws?width=100&height=30", headers={"Origin": served.address}
        )
        seen = b""
        async with asyncio.timeout(60):
            while b"waiting for" not in seen:
                seen += (await socket.receive_bytes()) if not socket.closed else b""
        await socket.close()


@pytest.mark.parametrize("origin", [None, "http://elsewhere.example", "http://127.0.0.1:1"])
async def test_another_page_gets_no_terminal(origin: str | None) -> None:
    async with page() as (served, session):
        headers = {"Origin": origin} if origin else {}
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{served.address}/ws", headers=headers)
        assert refused.value.status == 403


async def test_a_name_that_was_bound_to_this_machine_from_outside_is_refused() -> None:
    async with (
        page() as (served, session),
        session.get(served.address, headers={"Host": "evil.example"}) as answer,
    ):
        assert answer.status == 403


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    async with page() as (served, _):
        port = int(served.address.rsplit(":", 1)[1])
        second = Served("127.0.0.1", port, "demo")
        with pytest.raises(ServeError, match="no page can be served at"):
            await second.start()
