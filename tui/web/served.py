"""The dashboard's end of the page's server: starts it, hands viewers' sockets on, ends it.

What a viewer may do is decided where the token is compared, in the server's process, which sends us
one end of a new pair of sockets for each viewer and a letter that says so. Such a socket has no name
that anybody else could open, and nothing is left of it when a process dies.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from tui.web.order import ACTS, LOOKS, Serve

ROOT: Final = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S: Final = 20.0

Admit = Callable[[socket.socket, bool], None]
"""Called with a viewer's socket, and whether it may act."""


class ServeError(Exception):
    """The page cannot be served. One sentence."""


class Served:
    """One server of pages. `module`: whose pages."""

    def __init__(self, order: Serve, admit: Admit, module: str = "tui.web.server") -> None:
        self._order = order
        self._admit = admit
        self._module = module
        self._process: Process | None = None
        self._hands_on: socket.socket | None = None
        self.address = ""
        """Where the page is, once it is."""

    async def start(self) -> None:
        """Returns when pages are served. Raises ServeError."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", self._module, str(theirs.fileno())),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is for us: it ends when its input does
            )
        self._hands_on = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._handed)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # Not as an argument: those can be read by everybody on this machine, and it has the token.
        self._process.stdin.write(msgspec.json.encode(self._order) + b"\n")
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                line = (await self._process.stdout.readline()).decode().strip()
        except TimeoutError:
            line = ""
        word, _, rest = line.partition(" ")
        if word != "port":
            await self.stop()
            where = f"{self._order.host}:{self._order.port}"
            raise ServeError(f"no page can be served at {where}: {rest or 'its process died'}")
        self.address = f"http://{self._order.host}:{rest}"

    def _handed(self) -> None:
        """The server has a viewer for us."""
        assert self._hands_on is not None
        try:
            letter, ends, _, _ = socket.recv_fds(self._hands_on, 1, 1)
        except BlockingIOError:
            return
        for end in ends:
            viewer = socket.socket(fileno=end)
            viewer.setblocking(False)
            if letter in (ACTS, LOOKS):
                self._admit(viewer, letter == ACTS)
            else:
                viewer.close()

    async def stop(self) -> None:
        """End it, and every viewer with it."""
        if self._hands_on is not None:
            asyncio.get_running_loop().remove_reader(self._hands_on.fileno())
            self._hands_on.close()
            self._hands_on = None
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
