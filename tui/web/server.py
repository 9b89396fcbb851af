"""Serves the dashboard as a web page: Textual's terminal in the browser, a viewer's process behind it.

The page's script and the talk with a viewer's process are textual-serve's; page and routes are our
own, because its server asks nobody where he comes from, loads a font from elsewhere and prints on
the terminal that shows the demo. Here only pages of this very server may open a terminal (Origin
and Host are checked, so that neither another site nor a rebound name can), and only so many at once.

A viewer may act when the address of his page has the token. It is compared here and goes no
further: his process gets a socket to the dashboard that is either heard or not.

A process of its own, `python -m tui.web.server FD`: its input is one JSON line with `Serve`, and it
ends when its input does. Its output is one line: the port, or why there is none. FD is where it
hands viewers on to the dashboard (`tui.web.served`).
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import sys
from contextlib import suppress
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tui.web.gate import OWN, guarded, sent
from tui.web.hosting import run
from tui.web.order import A_RECORDING, ACTS, ALL_LOOK, LOOKS, ONLY_LOOKS, Serve, Watch

VIEWERS_MAX: Final = 8
"""Pages open at once: each costs a process of about 47 MB."""
ACTING_MAX: Final = 2
"""More of them for who has the token: strangers cannot take his place."""
INPUT_MAX: Final = 4_096
"""Bytes of one message of a page: keys and sizes."""
CELLS: Final = ((20, 400), (5, 200))
"""The sizes of a page's terminal, least and most: columns, rows."""
ENDS_WITHIN_S: Final = 3.0
STATIC: Final = Path((find_spec("textual_serve") or sys.exit(2)).origin or "").parent / "static"

PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>masterless: {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/css/xterm.css"><script src="/static/js/textual.js"></script>
<script src="/page.js"></script>
<style>
@font-face {{ font-family: "Roboto Mono";
  src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf"); }}
body {{ margin: 0; background: #121212; color: #ddd; font-family: monospace; }}
.closed {{ display: none; position: absolute; top: 40%; width: 100%; text-align: center; }}
.coming {{ position: absolute; top: 40%; width: 100%; text-align: center; color: #aaa; }}
body.-first-byte .coming, body.-closed .coming {{ display: none; }}
body.-closed .closed {{ display: block; }} body.-closed .textual-terminal {{ opacity: 0.2; }}
</style></head><body>
<div class="coming">The picture is being drawn for this page: some seconds.</div>
<div class="closed">This view has ended. <a href="" style="color:#8cf">Look again</a></div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{socket}"
 data-font-size="{size}"></div></body></html>
"""
SCRIPT: Final = """// Keys go to the terminal as soon as it listens, and whenever the page comes back to the front.
const listens = () => document.body.classList.contains("-loaded");
const focus = () => listens() && document.querySelector(".xterm-helper-textarea")?.focus();
addEventListener("DOMContentLoaded", () => {
  new MutationObserver(focus).observe(document.body, {attributeFilter: ["class"]});
  // On a phone, smaller letters rather than fewer than 80 columns; one is 0.6 of its height wide.
  const terminal = document.getElementById("terminal").dataset;
  terminal.fontSize ||= Math.max(8, Math.min(16, Math.floor(innerWidth / 80 / 0.6)));
});
addEventListener("focus", focus);
"""
STYLES: Final = f"{OWN} 'unsafe-inline'"
"""xterm puts its own into the page."""


class Viewer(AppService):
    """One viewer's process. It never outlives its page."""

    watch = Watch("")
    feed: socket.socket | None = None

    async def _open_app_process(
        self, width: int = 80, height: int = 24
    ) -> asyncio.subprocess.Process:
        """Without a shell, and with the one socket that it may have."""
        ends = () if self.feed is None else (self.feed.fileno(),)
        order = msgspec.json.encode(self.watch).decode()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tui.web.viewer", order),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._build_environment(width, height), "TEXTUAL_FPS": "30"},
            pass_fds=ends,
        )
        if self.feed is not None:
            self.feed.close()
        self._process, self._stdin = process, process.stdin
        return process

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

    def __init__(self, serve: Serve, hands_on: socket.socket) -> None:
        self.serve = serve
        self._hands_on = hands_on
        self.viewers: set[Viewer] = set()
        self._downloads = DownloadManager()

    async def end(self) -> None:
        """End every viewer."""
        await asyncio.gather(*(viewer.end() for viewer in [*self.viewers]))

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[guarded(self.serve.host)])
        app.router.add_get("/", self._page)
        app.router.add_get("/page.js", self._script)
        app.router.add_get("/ws", self._terminal)
        app.router.add_get("/ws/{token}", self._terminal)
        app.router.add_static("/static", STATIC)
        return app

    def _granted(self, given: str) -> bool:
        """Whether it is the token. Raises HTTPForbidden when it is a wrong one."""
        if not given:
            return False
        wanted = self.serve.token
        if not wanted or not secrets.compare_digest(given.encode(), wanted.encode()):
            raise web.HTTPForbidden(text="this token is not good here; without one, you can look\n")
        return True

    async def _page(self, request: web.Request) -> web.Response:
        size = request.query.get("fontsize", "")
        token = request.query.get("token", "")
        path = f"/ws/{self.serve.token}" if self._granted(token) else "/ws"
        text = PAGE.format(
            title=escape(self.serve.title),
            socket=escape(f"ws://{request.host}{path}"),
            size=size if size.isascii() and size.isdigit() and 4 <= int(size) <= 64 else "",
        )
        return sent(request, text, "text/html", styles=STYLES)

    async def _script(self, _request: web.Request) -> web.Response:
        return web.Response(text=SCRIPT, content_type="text/javascript")

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") is None:
            raise web.HTTPForbidden(text="a terminal is opened by this server's page\n")
        acts = self._granted(request.match_info.get("token", ""))
        if len(self.viewers) >= VIEWERS_MAX + (ACTING_MAX if acts else 0):
            raise web.HTTPServiceUnavailable(text=f"{VIEWERS_MAX} are looking already\n")
        page = web.WebSocketResponse(heartbeat=15, max_msg_size=INPUT_MAX)

        async def close() -> None:
            await page.close()

        viewer = Viewer(
            "",  # what it runs is its own affair
            write_bytes=page.send_bytes,
            write_str=page.send_str,
            close=close,
            download_manager=self._downloads,
        )
        self.viewers.add(viewer)
        try:
            self._connect(viewer, acts=acts)
            await page.prepare(request)
            await viewer.start(*_size(request.query.get("width"), request.query.get("height")))
            async for message in page:
                if message.type is not WSMsgType.TEXT or not await _told(
                    viewer, page, message.data
                ):
                    break
        finally:
            await viewer.end()
            self.viewers.discard(viewer)
        return page

    def _connect(self, viewer: Viewer, *, acts: bool) -> None:
        """Give a viewer what he looks at: the recording's name, or a socket to the dashboard."""
        serve = self.serve
        if serve.recording:
            viewer.watch = Watch(
                serve.title, recording=serve.recording, dress=serve.dress, refusal=A_RECORDING
            )
            return
        ours, viewer.feed = socket.socketpair()
        with ours:
            socket.send_fds(self._hands_on, [ACTS if acts else LOOKS], [ours.fileno()])
        viewer.watch = Watch(
            serve.title,
            viewer.feed.fileno(),
            acts,
            serve.simulated,
            dress=serve.dress,
            refusal=ONLY_LOOKS if serve.token else ALL_LOOK,
        )


def _size(width: object, height: object) -> tuple[int, int]:
    sizes: list[int] = []
    for asked, (least, most), usual in zip((width, height), CELLS, (80, 24), strict=True):
        text = str(asked)
        found = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else usual
        sizes.append(min(most, max(least, found)))
    return sizes[0], sizes[1]


async def _told(viewer: Viewer, page: web.WebSocketResponse, text: str) -> bool:
    """What a page says: keys, its size, a sign of life. False: it makes no sense."""
    try:
        match json.loads(text):
            case ["stdin", str(keys)]:
                await viewer.send_bytes(keys.encode())
            case ["resize", {"width": int(width), "height": int(height)}]:
                await viewer.set_terminal_size(*_size(width, height))
            case ["ping", data]:
                await page.send_json(["pong", data])
            case ["focus", *_]:
                await viewer.focus()
            case ["blur", *_]:
                await viewer.blur()
            case _:
                return False
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(asyncio.run(run(Site)))
