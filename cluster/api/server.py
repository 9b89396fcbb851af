"""A window's HTTP and WebSocket, by aiohttp: its requests become ours, our answers its.

The only server-side place that knows aiohttp. Limits what a client can take (memory, time), and
sees to it that every refusal, aiohttp's own included, is our JSON. Ignores what is asked: a
handler turns an `HttpRequest` into an `HttpResponse`, or raises `Upgrade` for a WebSocket.

A client that closes its side has gone, as far as it matters here: what it asked for is abandoned,
so that nobody works for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import HttpVersion11, WSCloseCode, web
from aiohttp.http_exceptions import LineTooLong

from cluster.api.messages import Feed, HttpError, HttpRequest, HttpResponse, Upgrade

HEAD_BYTES_MAX: Final = 32_768
HEADERS_MAX: Final = 100
CLIENT_MESSAGE_BYTES_MAX: Final = 65_536
REQUEST_S: Final = 30.0
"""A body, once begun, is complete within this time."""
IDLE_S: Final = 300.0
"""A connection without a complete request is closed after this."""
LINGER_S: Final = 2.0
"""What is left of a refused body is read for this long, so that the refusal can be read."""
GOODBYE_S: Final = 0.5
"""An observer may take this long to say goodbye."""
CLOSE_S: Final = 0.1
"""Requests get this long to end when the node does, once before they are told and once after."""

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]

# aiohttp logs what clients do wrong; without a handler Python would print that on standard error.
logging.getLogger("aiohttp").addHandler(logging.NullHandler())


class HttpServer:
    """Serves HTTP on one socket."""

    def __init__(self, handler: Handler, body_bytes_max: int) -> None:
        self._handler = handler
        self._body_bytes_max = body_bytes_max
        self._server = _Server(
            self._answer,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=IDLE_S,
            lingering_time=LINGER_S,
            max_line_size=HEAD_BYTES_MAX,
            max_field_size=HEAD_BYTES_MAX,
            max_headers=HEADERS_MAX,
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(self._server, shutdown_timeout=CLOSE_S)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.connections)

    async def open(self, listener: socket.socket) -> None:
        """Serve on a bound socket."""
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def close(self) -> None:
        """Stop serving and hang up."""
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            asked = _checked(request)
            return _response(await self._handler(await self._with_body(request, asked)))
        except HttpError as error:
            return _response(error.response())
        except Upgrade as upgrade:
            return await _upgraded(request, upgrade.feed)
        except Exception:
            # The one place where a defect of a handler is told: here, not to the client.
            traceback.print_exc(file=sys.stderr)
            return _response(HttpError(500, "defect", "the node has logged it").response())

    async def _with_body(self, request: web.BaseRequest, asked: HttpRequest) -> HttpRequest:
        limit = f"a body has at most {self._body_bytes_max} bytes"
        if (request.content_length or 0) > self._body_bytes_max:
            raise HttpError(413, "body too long", limit)
        body = bytearray()
        try:
            if asked.headers.get("expect", "").lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.writer.output_size = 0
            async with asyncio.timeout(REQUEST_S):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > self._body_bytes_max:
                        raise HttpError(413, "body too long", limit)
        except TimeoutError:
            raise HttpError(408, "too slow", f"send a body within {REQUEST_S:.0f} s") from None
        except ConnectionError:
            raise HttpError(400, "hung up", "nobody reads this") from None
        except web.RequestPayloadError:
            raise HttpError(400, "bad request", "the body is not framed as HTTP has it") from None
        return HttpRequest(asked.method, asked.path, asked.query, asked.headers, bytes(body))


class _Server(web.Server):
    """Makes connections that refuse in our words."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    """A connection. What aiohttp cannot read is refused here."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what never became a request; what follows it cannot be read either."""
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer is out")
        said = (message or "").strip().partition("\n")[0][:200]
        detail = said.encode("ascii", "backslashreplace").decode() or "this is not HTTP/1.1"
        if isinstance(exc, LineTooLong):
            status, detail = 431, f"at most {HEAD_BYTES_MAX} bytes"
        response = _response(HttpError(status, "bad request", detail).response())
        response.force_close()
        return response


def _checked(request: web.BaseRequest) -> HttpRequest:
    """A request without its body, or what is wrong with its head."""
    if request.version != HttpVersion11:
        raise HttpError(505, "version not supported", "speak HTTP/1.1")
    headers: dict[str, str] = {}
    size = 0
    for name, value in request.headers.items():
        name = name.lower()
        size += len(name) + len(value)
        if not value.isascii() or not value.replace("\t", " ").isprintable():
            raise HttpError(400, "bad header", f"{name[:40]} is not plain ASCII")
        if name == "origin" and name in headers:
            raise HttpError(400, "bad header", "origin is there twice")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if size > HEAD_BYTES_MAX:
        raise HttpError(431, "headers too long", f"at most {HEAD_BYTES_MAX} bytes")
    path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
    if not path.isascii() or not query.isascii():
        raise HttpError(400, "bad request", "a path is ASCII, with % for other bytes")
    return HttpRequest(request.method, path, query, headers)


def _response(answer: HttpResponse) -> web.Response:
    headers = {"Server": "masterless", "Content-Type": answer.content_type, **answer.headers}
    return web.Response(status=answer.status, body=answer.body, headers=headers)


async def _upgraded(request: web.BaseRequest, feed: Feed) -> web.StreamResponse:
    """Speak WebSocket until the feed ends or the client goes."""
    ws = web.WebSocketResponse(compress=False, max_msg_size=CLIENT_MESSAGE_BYTES_MAX)
    if not ws.can_prepare(request):
        wanted = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        detail = "connect with a WebSocket client, version 13"
        return _response(HttpError(426, "upgrade required", detail, wanted).response())
    await ws.prepare(request)
    feeding = asyncio.create_task(_send(ws, feed))
    listening = asyncio.create_task(_ignore(ws))
    try:
        await asyncio.wait((feeding, listening), return_when=asyncio.FIRST_COMPLETED)
        if feeding.done():
            async with asyncio.timeout(GOODBYE_S):
                await ws.close(code=WSCloseCode.GOING_AWAY)
            feeding.result()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    except Exception:
        # A defect while feeding one observer is told here; it must not end the node's window.
        traceback.print_exc(file=sys.stderr)
    finally:
        feeding.cancel()
        listening.cancel()
    return ws


async def _send(ws: web.WebSocketResponse, feed: Feed) -> None:
    with suppress(ConnectionError):
        await feed(lambda message: _say(ws, message))


async def _say(ws: web.WebSocketResponse, message: bytes | str) -> None:
    if isinstance(message, str):
        await ws.send_str(message)
    else:
        await ws.send_bytes(message)


async def _ignore(ws: web.WebSocketResponse) -> None:
    """Read what the client says, for the pings and the goodbye in it."""
    with suppress(ConnectionError):
        async for _ in ws:
            pass
