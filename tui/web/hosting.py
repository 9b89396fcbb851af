"""A process that serves a page: told what on its input, ended with it. What the page is, is its site's.

`python -m MODULE FD`: the input is one JSON line with `Serve`, and then nothing until it ends. The output
is one line: the port, or why there is none. FD is where viewers are handed on (`tui.web.served`).
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from typing import Protocol

import msgspec
from aiohttp import web

from tui.web.order import Serve


class Hosted(Protocol):
    """A site, as far as it is served."""

    def app(self) -> web.Application:
        """Its routes."""
        ...

    async def end(self) -> None:
        """End every viewer."""
        ...


async def run(make: Callable[[Serve, socket.socket], Hosted]) -> int:
    """Serve until the input ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    serve = msgspec.json.decode(await reader.readline(), type=Serve)
    site = make(serve, socket.socket(fileno=int(sys.argv[1])))
    runner = web.AppRunner(site.app(), access_log=None)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, serve.host.strip("[]"), serve.port)
        await listener.start()
    except OSError as error:
        print(f"error {error.strerror or error}", flush=True)  # noqa: T201
        return 1
    except (UnicodeError, ValueError):  # asyncio turns names into what resolvers know
        print(f"error {serve.host!r} is no name of a host", flush=True)  # noqa: T201
        return 1
    port: int = runner.addresses[0][1]
    print(f"port {port}", flush=True)  # noqa: T201
    # Nobody reads on: what a viewer's end says there would fill the pipe, and then stop us.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    await reader.read()
    await site.end()
    await runner.cleanup()
    return 0
