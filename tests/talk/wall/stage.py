"""A stage that is only its picture, with the page that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from talk.wall.wall import Wall
from tui.draw.frame import Frame
from tui.draw.theme import Palette

WITHIN_S = 30.0


class Easel:
    """Something that is painted."""

    def __init__(self) -> None:
        self.frame = Frame(60, 12)
        self.slide_title = "One idea"
        self.palette: Palette = "dark"
        self.paint("nobody is in charge")

    def paint(self, text: str, y: int = 3) -> None:
        """Another picture, with this on it."""
        frame = self.frame.copy()
        frame.text(2, y, f"{text:<50}", "title")
        self.frame = frame


@asynccontextmanager
async def shown(host: str = "127.0.0.1") -> AsyncGenerator[tuple[Wall, Easel]]:
    """Its page, told at every tick."""
    easel = Easel()
    wall = Wall(easel, host, 0)
    await wall.start()

    async def run() -> None:
        while True:
            easel.frame = easel.frame.copy()  # as a stage does, also when nothing has changed
            wall.changed()
            await asyncio.sleep(1 / 30)

    running = asyncio.create_task(run())
    try:
        yield wall, easel
        assert not running.done(), "the stage has died"
    finally:
        running.cancel()
        await asyncio.wait([running])
        await wall.stop()


def local(wall: Wall) -> str:
    """Its address on this machine, with a slash at the end."""
    return f"http://127.0.0.1:{wall.address.rsplit(':', 1)[1]}"


@asynccontextmanager
async def looking(session: ClientSession, base: str) -> AsyncGenerator[Onlooker]:
    """One page. Raises WSServerHandshakeError when it is not let in."""
    headers = {"Origin": base.removesuffix("/")}
    async with session.ws_connect(f"{base}ws", headers=headers) as line:
        yield Onlooker(line)


class Onlooker:
    """A page without a browser."""

    def __init__(self, line: ClientWebSocketResponse) -> None:
        self.line = line
        self.rows: dict[str, list[list[Any]]] = {}
        self.told = 0

    @property
    def text(self) -> str:
        """What stands there."""
        ordered = sorted(self.rows.items(), key=lambda item: int(item[0]))
        return "\n".join(" ".join(str(run[2]) for run in row) for _, row in ordered)

    async def until(self, text: str) -> None:
        """Until this stands there."""
        async with asyncio.timeout(WITHIN_S):
            while text not in self.text:
                told = await self.line.receive_json()
                assert told["rows"], "the same picture, painted anew, is not told again"
                self.rows |= told["rows"]
                self.told += 1

    async def ends(self) -> None:
        """Until it is hung up."""
        async with asyncio.timeout(WITHIN_S):
            while (await self.line.receive()).type is WSMsgType.TEXT:
                pass
