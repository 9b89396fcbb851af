"""Serves the dashboard as a web page: Textual's terminal in the browser, a viewer's process behind it.

The page's script and the talk with a viewer's process are textual-serve's; page and routes are our
own, because its server asks nobody where he comes from, loads a font from elsewhere and prints on
the terminal that shows the demo. Here only pages of this very server may open a terminal (Origin
and Host are checked, so that neither another site nor a rebound name can), and only so many at once.

A process of its own: its input is one JSON line with `Serve`, then one `Windows` whenever the nodes'
windows change; it ends when its input does. Its output is one line: the port, or why there is none.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

VIEWERS_MAX: Final = 8
"""Pages open at once: each costs a process of about 60 MB."""
INPUT_MAX: Final = 4_096
"""Bytes of one message of a page: keys and sizes."""
CELLS: Final = ((20, 400), (5, 200))
"""The sizes of a page's terminal, least and most: columns, rows."""
ENDS_WITHIN_S: Final = 3.0
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
STATIC: Final = Path((find_spec("textual_serve") or sys.exit(2)).origin or "").parent / "static"

PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>masterless: {title}</title>
<link rel="stylesheet" href="/static/css/xterm.css"><script src="/static/js/textual.js"></script>
<style>
@font-face {{ font-family: "Roboto Mono";
  src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf"); }}
body {{ margin: 0; background: #121212; color: #ddd; font-family: monospace; }}
.closed {{ display: none; position: absolute; top: 40%; width: 100%; text-align: center; }}
body.-closed .closed {{ display: block; }} body.-closed .textual-terminal {{ opacity: 0.2; }}
</style></head><body>
<div class="closed">This view has ended. <a href="/" style="color:#8cf">Look again</a></div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{socket}"
 data-font-size="{size}"></div></body></html>
"""


class Serve(msgspec.Struct, frozen=True):
    """Where, and as what."""

    port: int
    host: str = "127.0.0.1"
    title: str = "demo"


class Windows(msgspec.Struct, frozen=True):
    """Where the nodes can be asked now."""

    windows: tuple[str, ...]


class Viewer(AppService):
    """One viewer's process. It never outlives its page."""

    async def end(self) -> None:
        """Ask it to end, then end it."""
        with suppress(TimeoutError, Exception):
            async with asyncio.timeout(ENDS_WITHIN_S):
                await self.stop()
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Site:
    """The page and its terminals."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.windows: tuple[str, ...] = ()
        self.viewers: set[Viewer] = set()
        self._downloads = DownloadManager()

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/", self._page)
        app.router.add_get("/ws", self._terminal)
        app.router.add_static("/static", STATIC)
        return app

    @web.middleware
    async def _guard(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Only for those who asked for this very server by its own name."""
        name = request.host.rsplit(":", 1)[0]
        local = self.serve.host in LOOPBACK
        if local and name not in LOOPBACK:
            raise web.HTTPForbidden(text="this server is for its own machine\n")
        origin = request.headers.get("Origin")
        if origin is not None and origin.split("://", 1)[-1] != request.host:
            raise web.HTTPForbidden(text="only this server's own page may look\n")
        return await handler(request)

    async def _page(self, request: web.Request) -> web.Response:
        size = request.query.get("fontsize", "")
        text = PAGE.format(
            title=escape(self.serve.title),
            socket=escape(f"ws://{request.host}/ws"),
            size=size if size.isascii() and size.isdigit() and 4 <= int(size) <= 64 else 16,
        )
        headers = {"X-Frame-Options": "DENY", "Cache-Control": "no-store"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") is None:
            raise web.HTTPForbidden(text="a terminal is opened by this server's page\n")
        if len(self.viewers) >= VIEWERS_MAX:
            raise web.HTTPServiceUnavailable(text=f"{VIEWERS_MAX} are looking already\n")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=INPUT_MAX)

        async def close() -> None:
            await socket.close()

        viewer = Viewer(
            self._command(),
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=close,
            download_manager=self._downloads,
        )
        self.viewers.add(viewer)
        try:
            await socket.prepare(request)
            await viewer.start(*_size(request.query.get("width"), request.query.get("height")))
            async for message in socket:
                if message.type is not WSMsgType.TEXT or not await _told(
                    viewer, socket, message.data
                ):
                    break
        finally:
            await viewer.end()
            self.viewers.discard(viewer)
        return socket

    def _command(self) -> str:
        words = (sys.executable, "-P", "-m", "tui.web.viewer", self.serve.title, *self.windows)
        return "exec " + shlex.join(words)


def _size(width: object, height: object) -> tuple[int, int]:
    sizes: list[int] = []
    for asked, (least, most), usual in zip((width, height), CELLS, (80, 24), strict=True):
        text = str(asked)
        found = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else usual
        sizes.append(min(most, max(least, found)))
    return sizes[0], sizes[1]


async def _told(viewer: Viewer, socket: web.WebSocketResponse, text: str) -> bool:
    """What a page says: keys, its size, a sign of life. False: it makes no sense."""
    try:
        match json.loads(text):
            case ["stdin", str(keys)]:
                await viewer.send_bytes(keys.encode())
            case ["resize", {"width": int(width), "height": int(height)}]:
                await viewer.set_terminal_size(*_size(width, height))
            case ["ping", data]:
                await socket.send_json(["pong", data])
            case ["focus", *_]:
                await viewer.focus()
            case ["blur", *_]:
                await viewer.blur()
            case _:
                return False
    except ValueError:
        return False
    return True


async def run() -> int:
    """Serve until the input ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    serve = msgspec.json.decode(await reader.readline(), type=Serve)
    site = Site(serve)
    runner = web.AppRunner(site.app(), access_log=None)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, serve.host.strip("[]"), serve.port)
        await listener.start()
    except OSError as error:
        print(f"error {error.strerror or error}", flush=True)  # noqa: T201
        return 1
    port: int = runner.addresses[0][1]
    print(f"port {port}", flush=True)  # noqa: T201
    while line := await reader.readline():
        site.windows = msgspec.json.decode(line, type=Windows).windows
    await asyncio.gather(*(viewer.end() for viewer in [*site.viewers]))
    await runner.cleanup()
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(run()))
