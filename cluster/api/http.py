"""HTTP/1.1 on one connection: requests in, answers out, one at a time, keep-alive.

Written here rather than taken from aiohttp, because a node's window needs a fraction of it: the
import alone cost 0.35 s and 12 MB of a node's 0.7 s and 40 MB. It refuses what it does
not need (chunked request bodies, folded headers, HTTP/1.0's guesses) instead of interpreting it,
so that nothing can be read in two ways. Every refusal is a JSON answer.

A client that closes its side has gone, as far as it matters here: what it asked for is abandoned,
so that nobody works for nobody. Ignores what is asked: a handler turns an `HttpRequest` into an `HttpResponse`.
"""

from __future__ import annotations

import asyncio
import re
import sys
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, Protocol, cast

from cluster.api.messages import HttpError, HttpRequest, HttpResponse

HEAD_BYTES_MAX: Final = 32_768
HEADERS_MAX: Final = 100
PIPELINE_BYTES_MAX: Final = 65_536
"""What may wait unread while a request is being answered."""
REQUEST_S: Final = 30.0
"""A request, once begun, is complete within this time."""
IDLE_S: Final = 300.0
"""A connection without a request is closed after this."""
LINGER_S: Final = 2.0
"""After an answer that ends the connection, so that the other side can read it."""

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_ONCE: Final = frozenset({"host", "content-length", "transfer-encoding", "origin"})
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


class Upgraded(Protocol):
    """Takes a connection over after its HTTP part (a WebSocket)."""

    def connected(self, transport: asyncio.Transport) -> None:
        """The connection is yours; the upgrade has been answered."""
        ...

    def received(self, data: bytes) -> None:
        """Bytes arrived."""
        ...

    def writable(self, yes: bool, /) -> None:
        """Whether the other side takes what is sent."""
        ...

    def lost(self) -> None:
        """The connection is gone."""
        ...


class Switch(Exception):  # noqa: N818 - not an error: how a handler hands its connection on
    """Raised by a handler: answer with `response` and give the connection to `upgraded`."""

    def __init__(self, response: HttpResponse, upgraded: Upgraded) -> None:
        super().__init__("switch")
        self.response = response
        self.upgraded = upgraded


Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class HttpConnection(asyncio.Protocol):
    """One connection of one client."""

    def __init__(
        self, handler: Handler, body_bytes_max: int, everyone: set[HttpConnection]
    ) -> None:
        self._handler = handler
        self._body_bytes_max = body_bytes_max
        self._everyone = everyone
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._head: HttpRequest | None = None
        self._body_bytes = 0
        self._serving: asyncio.Task[None] | None = None
        self._upgraded: Upgraded | None = None
        self._discarding = False
        self._deadline: asyncio.TimerHandle | None = None
        self._paused = False

    # --- asyncio's side ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._everyone.add(self)
        self._expire_in(IDLE_S)

    def data_received(self, data: bytes) -> None:
        """Bytes, cut wherever the network liked."""
        if self._upgraded is not None:
            self._upgraded.received(data)
        elif not self._discarding:
            self._buffer += data
            if self._serving is None:
                self._advance()
            elif len(self._buffer) > PIPELINE_BYTES_MAX:
                self._pause(True)

    def pause_writing(self) -> None:
        """The client is slow to read."""
        if self._upgraded is not None:
            self._upgraded.writable(False)

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._upgraded is not None:
            self._upgraded.writable(True)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Closed. What was being answered is abandoned."""
        self._everyone.discard(self)
        self._discarding = True
        if self._deadline is not None:
            self._deadline.cancel()
        if self._serving is not None:
            self._serving.cancel()
        if self._upgraded is not None:
            self._upgraded.lost()

    def close(self) -> None:
        """End it: the server stops."""
        if self._transport is not None:
            self._transport.close()

    # --- reading -------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Go on with what is buffered, until a request is complete or more is needed."""
        try:
            if self._head is None:
                self._read_head()
            if self._head is not None and len(self._buffer) >= self._body_bytes:
                self._complete(self._head)
        except HttpError as error:
            self._refuse(error)

    def _read_head(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > HEAD_BYTES_MAX:
            if len(self._buffer) > HEAD_BYTES_MAX:
                limit = f"at most {HEAD_BYTES_MAX} bytes"
                raise HttpError(431, "headers too long", limit)
            if self._buffer:
                self._expire_in(REQUEST_S)
            return
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        request = parse_head(head)
        length = body_length(request)
        if length > self._body_bytes_max:
            limit = f"a body has at most {self._body_bytes_max} bytes"
            raise HttpError(413, "body too long", limit)
        self._head = request
        self._body_bytes = length
        self._expire_in(REQUEST_S)
        if request.headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _complete(self, head: HttpRequest) -> None:
        body = bytes(self._buffer[: self._body_bytes])
        del self._buffer[: self._body_bytes]
        self._head, self._body_bytes = None, 0
        request = HttpRequest(head.method, head.path, head.query, head.headers, body)
        if self._deadline is not None:
            self._deadline.cancel()
        self._serving = self._loop.create_task(self._serve(request))

    # --- answering -----------------------------------------------------------------------------

    async def _serve(self, request: HttpRequest) -> None:
        closes = request.headers.get("connection", "").lower() == "close"
        try:
            response = await self._handler(request)
        except HttpError as error:
            response = error.response()
        except Switch as switch:
            self._hand_over(switch)
            return
        except Exception:
            # The one place where a defect of a handler is told: here, not to the client.
            traceback.print_exc(file=sys.stderr)
            response = HttpError(500, "defect", "the node has logged it").response()
        self._serving = None
        self._write(response, closes=closes)
        if closes:
            self._linger()
            return
        self._expire_in(IDLE_S)
        self._pause(False)
        if self._buffer:
            self._advance()

    def _hand_over(self, switch: Switch) -> None:
        transport = self._transport
        self._serving = None
        if transport is None or transport.is_closing():
            switch.upgraded.lost()
            return
        self._write(switch.response, closes=False)
        self._upgraded = switch.upgraded
        self._pause(False)
        switch.upgraded.connected(transport)
        if self._buffer:
            rest = bytes(self._buffer)
            self._buffer.clear()
            switch.upgraded.received(rest)

    def _refuse(self, error: HttpError) -> None:
        """Answer what could not even be read; what follows it cannot be read either."""
        self._write(error.response(), closes=True)
        self._linger()

    def _linger(self) -> None:
        """Close, but read on a little: closing on unread bytes would reset what we just wrote."""
        self._discarding = True
        self._buffer.clear()
        self._pause(False)
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()
        self._expire_in(LINGER_S)

    def _write(self, response: HttpResponse, *, closes: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        reason = _REASONS.get(response.status, "Unknown")
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            lines.append(f"Content-Type: {response.content_type}")
            lines.append(f"Content-Length: {len(response.body)}")
            if closes:
                lines.append("Connection: close")
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        head = "\r\n".join((*lines, "", "")).encode("latin-1", "replace")
        self._transport.write(head + response.body)

    def _pause(self, paused: bool) -> None:
        if self._transport is not None and paused != self._paused:
            self._paused = paused
            if not self._transport.is_closing():
                if paused:
                    self._transport.pause_reading()
                else:
                    self._transport.resume_reading()

    def _expire_in(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_later(seconds, self.close)


def parse_head(head: bytes) -> HttpRequest:
    """The request line and the headers, or an `HttpError`."""
    try:
        first, *lines = head.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        raise HttpError(400, "bad request", "headers are ASCII") from None
    words = first.split(" ")
    if len(words) != 3 or not _TOKEN.match(words[0]):
        raise HttpError(400, "bad request", "the first line is not METHOD /path HTTP/1.1")
    method, target, version = words
    if version != "HTTP/1.1":
        raise HttpError(505, "version not supported", "speak HTTP/1.1")
    if not target.startswith("/") or not target.isprintable():
        raise HttpError(400, "bad request", "the path begins with /")
    if len(lines) > HEADERS_MAX:
        raise HttpError(431, "too many headers", f"at most {HEADERS_MAX}")
    path, _, query = target.partition("#")[0].partition("?")
    return HttpRequest(method, path, query, _headers(lines))


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or not _TOKEN.match(name) or not value.replace("\t", " ").isprintable():
            raise HttpError(400, "bad header", f"{line[:40]!r} is not name: value")
        name = name.lower()
        if name in headers:
            if name in _ONCE:
                raise HttpError(400, "bad header", f"{name} is there twice")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    if "host" not in headers:
        raise HttpError(400, "bad request", "a Host header is needed")
    return headers


def body_length(request: HttpRequest) -> int:
    """How many bytes of body follow. Only a stated length will do."""
    if "transfer-encoding" in request.headers:
        raise HttpError(411, "length required", "send Content-Length, not chunks")
    stated = request.headers.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()) or len(stated) > 18:
        raise HttpError(400, "bad header", "Content-Length is not a number")
    return int(stated)
