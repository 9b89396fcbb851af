"""The door of every server of ours: who may ask at all, and what a page may load. By `guards`' rules.

Nothing of a page may come from elsewhere, and no page of elsewhere may show it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from tui.web.guards import foreign, named

OWN: Final = "'self'"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src {styles}; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The page works without anybody else, and nothing else may be put into it."""


def guarded(host: str) -> Middleware:
    """Only for those who asked for this very server by its own name, from no page or its own."""

    @web.middleware
    async def guard(
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        if not named(request.host, host):
            raise web.HTTPForbidden(text="this server is asked by its address, not by this name\n")
        if foreign(request.headers.get("Origin"), request.host):
            raise web.HTTPForbidden(text="only this server's own page may look\n")
        return await handler(request)

    return guard


def sent(request: web.Request, text: str, kind: str, *, styles: str = OWN) -> web.Response:
    """A page or a part of it. `styles`: where its styles may come from."""
    headers = {
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY.format(host=request.host, styles=styles),
    }
    return web.Response(text=text, content_type=kind, headers=headers)
