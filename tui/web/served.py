"""The demo's end of the page's server: starts it, tells it where the nodes are, ends it."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S: Final = 20.0


class ServeError(Exception):
    """The page cannot be served. One sentence."""


class Served:
    """One server of pages."""

    def __init__(self, host: str, port: int, title: str) -> None:
        self._order = {"host": host, "port": port, "title": title}
        self._process: Process | None = None
        self._windows: tuple[str, ...] = ()
        self.address = ""
        """Where the page is, once it is."""

    async def start(self) -> None:
        """Returns when pages are served. Raises ServeError."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tui.web.server"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for us: it ends when its input does
        )
        self._say(self._order)
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                line = (await self._process.stdout.readline()).decode().strip()
        except TimeoutError:
            line = ""
        word, _, rest = line.partition(" ")
        if word != "port":
            await self.stop()
            where = f"{self._order['host']}:{self._order['port']}"
            raise ServeError(f"no page can be served at {where}: {rest or 'its process died'}")
        self.address = f"http://{self._order['host']}:{rest}"

    def tell(self, windows: Iterable[str]) -> None:
        """Where the nodes can be asked now."""
        found = tuple(windows)
        if found != self._windows:
            self._windows = found
            self._say({"windows": found})

    def _say(self, what: object) -> None:
        process = self._process
        if process is not None and process.stdin is not None and process.returncode is None:
            process.stdin.write(msgspec.json.encode(what) + b"\n")

    async def stop(self) -> None:
        """End it, and every viewer with it."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
