"""Serves the stage's picture as a web page, in a process of its own: a full hall costs the stage nothing.

`python -m talk.wall.server FD`, started and ended as `tui.web.hosting` says. The picture comes from the
stage over a socket that is handed to it when the first page is opened, and is hung up with the last.
Only pages of this very server are told it (Host and Origin are checked), and only so many at once. From
a page nothing is heard: its first word ends its view.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from contextlib import suppress
from importlib.resources import files
from typing import Final

import msgspec
from aiohttp import WSCloseCode, web

from talk.wall.canvas import DRAWN_BYTES_MAX, Canvas, drawings
from tui.web.gate import guarded, sent
from tui.web.hosting import run
from tui.web.order import LOOKS, Serve

VIEWS_MAX: Final = 200
"""Pages open at once: a hall. Each costs this process some 50 KB."""
HEARTBEAT_S: Final = 15.0
SAID_BYTES_MAX: Final = 256
NICE: Final = 5
"""How far behind the stage and its nodes this stands in the queue for a processor."""
FILES: Final = {"wall.html": "text/html", "wall.css": "text/css", "wall.js": "text/javascript"}


class View:
    """One page. It is told what differs now, not each picture."""

    def __init__(self) -> None:
        self.seen = 0
        self.fresh = asyncio.Event()


class Site:
    """The page, and who looks at it."""

    def __init__(self, serve: Serve, hands_on: socket.socket) -> None:
        self._serve = serve
        self._hands_on = hands_on
        self._canvas = Canvas()
        self._views: dict[View, web.WebSocketResponse] = {}
        self._hearing: asyncio.Task[None] | None = None
        self._files = {name: (files("talk.wall.page") / name).read_text("utf-8") for name in FILES}

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[guarded(self._serve.host)])
        app.router.add_get("/", self._page)
        app.router.add_get("/ws", self._socket)
        for name in ("wall.css", "wall.js"):
            app.router.add_get(f"/{name}", self._file)
        return app

    async def end(self) -> None:
        """Close every page's line."""
        for line in list(self._views.values()):
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(1):
                    await line.close(code=WSCloseCode.GOING_AWAY, drain=False)
        if self._hearing is not None:
            self._hearing.cancel()

    def _admit(self, request: web.Request) -> None:
        given, wanted = request.query.get("token", ""), self._serve.token
        if given and not (wanted and secrets.compare_digest(given.encode(), wanted.encode())):
            raise web.HTTPForbidden(text="this token is not good here; without one, you can look\n")

    async def _page(self, request: web.Request) -> web.Response:
        self._admit(request)
        return self._sent("wall.html", request)

    async def _file(self, request: web.Request) -> web.Response:
        return self._sent(request.path.removeprefix("/"), request)

    def _sent(self, name: str, request: web.Request) -> web.Response:
        return sent(request, self._files[name], FILES[name])

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        if request.headers.get("Origin") is None:
            raise web.HTTPForbidden(text="the picture is shown by this server's page\n")
        if len(self._views) >= VIEWS_MAX:
            raise web.HTTPServiceUnavailable(text=f"{VIEWS_MAX} are looking already\n")
        # Not compressed: that would be done for each page anew.
        line = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=SAID_BYTES_MAX, compress=False
        )
        view = View()
        self._views[view] = line
        try:
            await line.prepare(request)
            if self._hearing is None:
                canvas = self._canvas = Canvas()
                self._hearing = asyncio.create_task(self._hear(canvas), name="picture")
            telling = asyncio.create_task(self._tell(view, line), name="page")
            try:
                await line.receive()
                await line.close()
            finally:
                telling.cancel()
                await asyncio.wait([telling])
        except ConnectionError:
            pass  # it is gone
        finally:
            del self._views[view]
            if not self._views and self._hearing is not None:
                self._hearing.cancel()
                self._hearing = None  # who comes next asks for the picture anew
        return line

    async def _tell(self, view: View, line: web.WebSocketResponse) -> None:
        if self._canvas.version:
            view.fresh.set()
        try:
            while True:
                await view.fresh.wait()
                view.fresh.clear()
                text, view.seen = self._canvas.since(view.seen), self._canvas.version
                await line.send_str(text)
        except ConnectionError:
            pass  # its reader sees the end

    async def _hear(self, canvas: Canvas) -> None:
        """What the stage says, until it hangs up or nobody looks."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._hands_on, [LOOKS], [theirs.fileno()])
        ours.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                if size > DRAWN_BYTES_MAX:
                    break
                canvas.heed(drawings.decode(await reader.readexactly(size)))
                for view in self._views:
                    view.fresh.set()
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            pass
        finally:
            writer.close()
        self._hearing = None
        for line in list(self._views.values()):
            await line.close(code=WSCloseCode.GOING_AWAY, drain=False)


def main() -> int:
    """Be that process."""
    os.nice(NICE)
    return asyncio.run(run(Site))


if __name__ == "__main__":
    raise SystemExit(main())
