"""A small simulated world with a page, as `masterless sim --serve` gives it, and viewers without a browser."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

ROOT: Final = Path(__file__).resolve().parents[3]
ENDS_WITHIN_S: Final = 20.0


class Pages(NamedTuple):
    """Where a dashboard can be seen."""

    looks: str
    """For who only looks; ends with a slash."""
    acts: str
    """For who may act too; empty: nobody may."""

    @property
    def origin(self) -> str:
        """What a browser calls the page's server."""
        return self.looks.removesuffix("/")

    @property
    def token(self) -> str:
        """What makes the difference."""
        return self.acts.partition("?token=")[2]


@asynccontextmanager
async def served(*words: str) -> AsyncGenerator[Pages]:
    """The command with these words and `--serve 0`, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "masterless.py", *words, "--serve", "0"),
        stdin=DEVNULL,
        stdout=PIPE,
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name != "NO_COLOR"},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            await process.stdout.readline()
            line = (await process.stdout.readline()).decode()
        told = line.split()
        yield Pages(told[2], told[-1] if "?token=" in line else "")
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(ENDS_WITHIN_S):
            await process.wait()


class Viewer:
    """A page's end of a terminal."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen = b""

    async def press(self, keys: str) -> None:
        """Type."""
        await self.socket.send_json(["stdin", keys])

    async def until(self, text: str, within: float = 30.0) -> None:
        """Read until this was written since the last `until`; TimeoutError, with all, if not."""
        wanted = text.encode()
        try:
            async with asyncio.timeout(within):
                while wanted not in self.seen:
                    assert await self.read(), f"it ended before {text!r}"
        except TimeoutError:
            raise TimeoutError(f"no {text!r} in {self.seen[-3_000:]!r}") from None
        self.seen = self.seen.partition(wanted)[2]

    async def read(self) -> bool:
        """Whether something came; False: it has ended."""
        message = await self.socket.receive()
        if message.type is WSMsgType.BINARY:
            self.seen += message.data
        return message.type in (WSMsgType.BINARY, WSMsgType.TEXT)


@asynccontextmanager
async def viewer(session: ClientSession, pages: Pages, token: str = "") -> AsyncGenerator[Viewer]:
    """A viewer at 120x36. Raises WSServerHandshakeError when he is not let in."""
    path = f"ws/{token}" if token else "ws"
    async with session.ws_connect(
        f"{pages.looks}{path}?width=120&height=36",
        headers={"Origin": pages.origin},
        max_msg_size=0,
    ) as socket:
        yield Viewer(socket)
