"""The presenter's view as a site: one page and one socket, in the stage's own process.

Nothing is shown and nothing is done without the token, which is part of the page's address: what a
speaker says to himself is for nobody else. Only pages of this very server may ask (Host and Origin
are checked), messages are a word and a number, and only so many views are connected at once. A view
that does not keep up misses moments, never delays the stage.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from importlib.resources import files
from time import monotonic
from typing import Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from talk.notes.asking import ASKED_BYTES_MAX, Ask, asked
from tui.web.gate import guarded, sent

VIEWS_MAX: Final = 8
"""Connected at once: a laptop, a phone, a second terminal, and somebody to help. Each costs the
stage's loop some 0.1 ms a moment."""
ASKS_MAX: Final = 20
"""Keys of one view within a second; more is no human being."""
HEARTBEAT_S: Final = 15.0
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of a token: none that are taken for each other when they are typed on a phone."""
GROUPS: Final = 3
"""Of four letters each: 59 bits."""
FILES: Final = {"notes.html": "text/html", "notes.css": "text/css", "notes.js": "text/javascript"}
ASK_WITH_TOKEN: Final = (
    "these notes are for the speaker: use the whole address that the stage gave\n"
)


class NotesError(Exception):
    """The presenter's view cannot be served or reached. One sentence."""


def fresh_token() -> str:
    """One that nobody can guess, and that can be typed."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS))
    return "-".join(groups)


class View:
    """One that is connected. It is told the latest moment, not each."""

    def __init__(self, told: str) -> None:
        self._told = told
        self._fresh = asyncio.Event()
        self._asks: list[float] = []
        if told:
            self._fresh.set()

    def tell(self, text: str) -> None:
        """The latest moment."""
        self._told = text
        self._fresh.set()

    async def latest(self) -> str:
        """As soon as there is one that was not taken yet."""
        await self._fresh.wait()
        self._fresh.clear()
        return self._told

    def hurries(self, now_s: float) -> bool:
        """Whether it asks for more than anybody can press."""
        self._asks = [at for at in self._asks if now_s - at < 1.0] + [now_s]
        return len(self._asks) > ASKS_MAX


class Site:
    """The page, the socket and who is connected."""

    def __init__(
        self,
        host: str,
        token: str,
        first: str,
        do: Callable[[Ask], None],
        picture: Callable[[], str] = lambda: "",
    ) -> None:
        self._host = host
        self._token = token
        self._first = first
        """What every view is told once."""
        self._do = do
        self._picture = picture
        """What the audience sees now, as SVG; empty: nothing yet."""
        self._latest = ""
        self._views: dict[View, web.WebSocketResponse] = {}
        self._runner: web.AppRunner | None = None
        self._files = {name: (files("talk.notes.page") / name).read_text("utf-8") for name in FILES}
        self.port = 0

    @property
    def views(self) -> int:
        """How many are connected."""
        return len(self._views)

    async def start(self, port: int) -> None:
        """Returns when it is served. Raises NotesError."""
        app = web.Application(middlewares=[guarded(self._host)])
        app.router.add_get("/notes", self._page)
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/stage.svg", self._stage)
        for name in ("notes.css", "notes.js"):
            app.router.add_get(f"/{name}", self._file)
        runner = self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host.strip("[]"), port).start()
        except (OSError, OverflowError) as error:
            await self.stop()
            why = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise NotesError(f"no notes at {self._host}:{port}: {why or error}") from None
        self.port = runner.addresses[0][1]

    def tell(self, text: str) -> None:
        """This moment, to all."""
        self._latest = text
        for view in self._views:
            view.tell(text)

    async def stop(self) -> None:
        """End it, and every view with it."""
        runner, self._runner = self._runner, None
        for line in list(self._views.values()):
            await line.close(
                code=WSCloseCode.GOING_AWAY, message=b"the talk has ended", drain=False
            )
        if runner is not None:
            await runner.cleanup()

    # --- requests --------------------------------------------------------------------------------

    def _admit(self, request: web.Request) -> None:
        given = request.query.get("token", "")
        if not secrets.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            raise web.HTTPForbidden(text=ASK_WITH_TOKEN)

    async def _page(self, request: web.Request) -> web.Response:
        self._admit(request)
        return self._sent("notes.html", request)

    async def _file(self, request: web.Request) -> web.Response:
        return self._sent(request.path.removeprefix("/"), request)

    async def _stage(self, request: web.Request) -> web.Response:
        self._admit(request)
        text = self._picture()
        if not text:
            raise web.HTTPNoContent
        headers = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        }
        return web.Response(text=text, content_type="image/svg+xml", headers=headers)

    def _sent(self, name: str, request: web.Request) -> web.Response:
        return sent(request, self._files[name], FILES[name])

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        if len(self._views) >= VIEWS_MAX:
            raise web.HTTPServiceUnavailable(text=f"{VIEWS_MAX} views are connected already\n")
        line = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=ASKED_BYTES_MAX)
        view = View(self._latest)
        self._views[view] = line
        try:
            await line.prepare(request)
            await line.send_str(self._first)
            telling = asyncio.create_task(_tell(view, line), name="presenter's view")
            try:
                await self._obey(view, line)
            finally:
                telling.cancel()
                await asyncio.wait([telling])
        except ConnectionError:
            pass  # it is gone
        finally:
            del self._views[view]
        return line

    async def _obey(self, view: View, line: web.WebSocketResponse) -> None:
        async for message in line:
            if message.type is not WSMsgType.TEXT or view.hurries(monotonic()):
                await line.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            try:
                ask = asked(message.data)
            except msgspec.MsgspecError:
                await line.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            self._do(ask)


async def _tell(view: View, line: web.WebSocketResponse) -> None:
    try:
        while True:
            await line.send_str(await view.latest())
    except ConnectionError:
        pass  # its reader sees the end


def reachable(host: str) -> str:
    """The host as others write it: of one that means every address, the one that leads elsewhere."""
    if host not in ("0.0.0.0", "::", "[::]", ""):
        return f"[{host}]" if ":" in host and not host.startswith("[") else host
    # Nothing is sent: the kernel only says which of its addresses it would send from.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))
            return str(asking.getsockname()[0])
        except OSError:
            return "127.0.0.1"
