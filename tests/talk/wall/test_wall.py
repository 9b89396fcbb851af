"""The stage's page: all see one picture, nobody can say anything, other sites see nothing, all ends with it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, TCPConnector, WSServerHandshakeError

from talk.wall.server import VIEWS_MAX
from talk.wall.wall import Wall
from tests.talk.wall.stage import WITHIN_S, Easel, local, looking, shown
from tui.web.served import ServeError


async def watched(wall: Wall, *, by_anybody: bool) -> None:
    async with asyncio.timeout(WITHIN_S):
        while wall.watched != by_anybody:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_all_who_look_see_what_is_painted() -> None:
    async with shown() as (wall, easel), ClientSession() as session, AsyncExitStack() as pages:
        many = [await pages.enter_async_context(looking(session, local(wall))) for _ in range(12)]
        for page in many:
            await page.until("nobody is in charge")
        easel.paint("so nobody can announce it")
        easel.paint("1 of 2 claims hold", y=9)
        for page in many:
            await page.until("so nobody can announce it")
            await page.until("1 of 2 claims hold")
            assert "nobody is in charge" not in page.text
        late = await pages.enter_async_context(looking(session, local(wall)))
        await late.until("1 of 2 claims hold")
        assert late.told == 1, "who comes late is told the whole picture at once"
        assert len(late.rows) == easel.frame.height


async def test_while_nobody_looks_nothing_is_told_and_who_comes_back_sees_it_again() -> None:
    async with shown() as (wall, easel), ClientSession() as session:
        assert not wall.watched
        for text in ("first", "second"):
            async with looking(session, local(wall)) as page:
                easel.paint(text)
                await page.until(text)
                assert wall.watched
            await watched(wall, by_anybody=False)


async def test_a_page_that_says_anything_has_seen_enough() -> None:
    async with (
        shown() as (wall, easel),
        ClientSession() as session,
        looking(session, local(wall)) as good,
        looking(session, local(wall)) as bad,
        looking(session, local(wall)) as loud,
    ):
        await bad.line.send_str('{"do": "next"}')
        await bad.ends()
        await loud.line.send_str("x" * 100_000)
        await loud.ends()
        easel.paint("goes on")
        await good.until("goes on")


@pytest.mark.parametrize("origin", [None, "null", "http://elsewhere.example", "file://"])
async def test_another_site_sees_nothing(origin: str | None) -> None:
    async with shown() as (wall, _), ClientSession() as session:
        headers = {"Origin": origin} if origin else {}
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{local(wall)}ws", headers=headers)
        assert refused.value.status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_a_name_that_was_bound_to_this_machine_from_outside_is_refused(host: str) -> None:
    async with shown(host) as (wall, _), ClientSession() as session:
        port = wall.address.rsplit(":", 1)[1].removesuffix("/")
        headers = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
        for path in ("", "wall.js", "ws"):
            async with session.get(local(wall) + path, headers=headers) as answer:
                assert answer.status == 403


async def test_the_page_is_whole_and_forbids_whatever_is_not_its_own() -> None:
    async with shown() as (wall, _), ClientSession() as session:
        async with session.get(local(wall)) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "wall.js" in await answer.text()
        async with session.get(local(wall), params={"token": "guessed"}) as answer:
            assert answer.status == 403, "there is no token that lets anybody act"
        assert wall.greeting.startswith("anybody on this machine can look on at http://127.0.0.1:")


async def test_only_so_many_look_at_once() -> None:
    async with (
        shown() as (wall, _),
        ClientSession(connector=TCPConnector(limit=0)) as session,
        AsyncExitStack() as pages,
    ):
        for _ in range(VIEWS_MAX):
            await pages.enter_async_context(looking(session, local(wall)))
        with pytest.raises(WSServerHandshakeError) as refused:
            await pages.enter_async_context(looking(session, local(wall)))
        assert refused.value.status == 503


async def test_when_the_stage_ends_its_pages_do() -> None:
    async with ClientSession() as session:
        async with shown() as (wall, _):
            entered = looking(session, local(wall))
            page = await entered.__aenter__()
            await page.until("nobody is in charge")
        await page.ends()
        await entered.__aexit__(None, None, None)


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    async with shown() as (wall, _):
        port = int(wall.address.rsplit(":", 1)[1].removesuffix("/"))
        second = Wall(Easel(), "127.0.0.1", port)
        with pytest.raises(ServeError, match="no page can be served at"):
            await second.start()
