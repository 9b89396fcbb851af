"""The window of one node: every path, who may ask, and the server behind it.

Decides which request is for whom and keeps strangers out: a window listens on loopback, where
every web page the user visits could reach it, so requests from other sites' pages are refused,
and so are names that merely resolve to this computer (DNS rebinding).
"""

from __future__ import annotations

import socket
from typing import Any, Final

import msgspec
from msgspec import Struct

from cluster.api import kv, topics
from cluster.api.backend import Backend
from cluster.api.facts import Observers
from cluster.api.messages import HttpError, HttpRequest, HttpResponse, json_response
from cluster.api.orders import command, fault
from cluster.api.routes import flows, rooms
from cluster.api.server import HttpServer
from cluster.model.facts import Fact
from cluster.protocol.inputs import SnapshotQuery
from cluster.protocol.messages import Refusal

CONNECTIONS_MAX: Final = 512
MESSAGE_PACK: Final = "application/msgpack"
PATHS: Final = (
    "/kv/KEY, /rooms, /rooms/NAME, /rooms/NAME/feed, /topics/TOPIC, /flows, /flows/NAME, /snapshot, "
    "/record, /facts, /command, /fault or /healthz"
)


class Window:
    """Serves one node over HTTP."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._observers = Observers(backend)
        self._audience = topics.Audience(backend)
        self._server = HttpServer(self.handle, backend.config.data.value_bytes_max)
        self._public = False

    async def open(self, listener: socket.socket) -> None:
        """Serve on a bound socket. One that others can reach trusts whoever reaches it."""
        self._public = not _is_loopback(str(listener.getsockname()[0]))
        await self._server.open(listener)

    async def close(self) -> None:
        """Stop serving and hang up."""
        await self._server.close()

    # --- routing -------------------------------------------------------------------------------

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if self._server.connections > CONNECTIONS_MAX:
            raise HttpError(503, "overload", f"more than {CONNECTIONS_MAX} connections")
        self._refuse_strangers(request)
        if request.path.startswith(kv.PREFIX):
            return await kv.handle(self._backend, request)
        if request.path.startswith(topics.PREFIX):
            return await self._audience.handle(request)
        if request.path == rooms.ROOT or request.path.startswith(rooms.PREFIX):
            return await rooms.handle(self._backend, self._audience, request)
        if request.path == flows.ROOT or request.path.startswith(flows.PREFIX):
            return await flows.handle(self._backend, request)
        match request.path:
            case "/facts":
                _only("GET", request)
                raise self._observers.connect(request)
            case "/snapshot":
                _only("GET", request)
                request.parameters()
                return await self._snapshot(request)
            case "/record":
                _only("GET", request)
                request.parameters()
                return _told(request, self._backend.record())
            case "/healthz":
                _only("GET", request)
                request.parameters()
                return json_response(
                    {"ok": True, "name": self._backend.name, "epoch": self._backend.epoch}
                )
            case "/command":
                _only("POST", request)
                request.parameters()
                return await command(self._backend, request.body)
            case "/fault":
                _only("POST", request)
                request.parameters()
                return fault(self._backend, request.body)
            case _:
                raise HttpError(404, "no such path", f"ask for {PATHS}")

    async def _snapshot(self, request: HttpRequest) -> HttpResponse:
        response = await self._backend.request(SnapshotQuery())
        match response:
            case Fact():
                return _told(request, response)
            case Refusal(status, error, detail):
                raise HttpError(status, error, detail)
            case _:
                raise AssertionError("not an answer to SnapshotQuery")

    # --- who may ask ---------------------------------------------------------------------------

    def _refuse_strangers(self, request: HttpRequest) -> None:
        host = request.headers.get("host", "")
        if not self._public and not _is_loopback(_host_name(host)):
            raise HttpError(403, "wrong host", "ask for 127.0.0.1, [::1] or localhost")
        origin = request.headers.get("origin")
        if origin is None:
            return
        scheme, found, site = origin.partition("://")
        ours = site == host if self._public else _is_loopback(_host_name(site))
        if not found or scheme not in ("http", "https") or not ours:
            raise HttpError(403, "wrong origin", "pages of other sites may not ask")


def _told(request: HttpRequest, what: Fact | list[Fact]) -> HttpResponse:
    """Facts as programs read them, or with names, for people."""
    if MESSAGE_PACK in request.headers.get("accept", ""):
        return HttpResponse(200, msgspec.msgpack.encode(what), MESSAGE_PACK)
    return json_response(named(what))


def _only(method: str, request: HttpRequest) -> None:
    if request.method != method:
        allow = {"Allow": method}
        raise HttpError(405, "method not allowed", f"{method} {request.path}", allow)


def _host_name(host: str) -> str:
    """The name in `name:port`, `[::1]:port` or just `name`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    if host.lower() in ("localhost", "::1"):
        return True
    try:
        return socket.inet_pton(socket.AF_INET, host)[0] == 127
    except (OSError, UnicodeError, ValueError):
        return False


def named(value: Any) -> Any:
    """A value with the names of its fields, for people; on the wire they are arrays."""
    if isinstance(value, Struct):
        fields = {name: named(getattr(value, name)) for name in value.__struct_fields__}
        tag = value.__struct_config__.tag
        return {"type": tag, **fields} if tag is not None else fields
    if isinstance(value, tuple | list):
        return [named(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value
