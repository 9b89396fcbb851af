"""A WebSocket from the server's side (RFC 6455), as much of it as a stream of facts needs.

Sends binary messages; answers pings and the closing handshake. What the client says otherwise is
read and dropped. Decides nothing about facts (see `facts`).
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Awaitable, Callable
from typing import Final

from cluster.api.http import Switch
from cluster.api.messages import HttpError, HttpRequest, HttpResponse

CLIENT_FRAME_BYTES_MAX: Final = 65_536

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BINARY: Final = 0x2
_CLOSE: Final = 0x8
_PING: Final = 0x9
_PONG: Final = 0xA

GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
TOO_BIG: Final = 1009


class ClosedError(Exception):
    """The other side is gone."""


def accept(request: HttpRequest, run: Callable[[WebSocket], Awaitable[None]]) -> Switch:
    """Answer the opening handshake (section 4.2); `run` speaks from then on."""
    headers = request.headers
    if request.method != "GET" or headers.get("upgrade", "").lower() != "websocket":
        detail = "connect with a WebSocket client"
        raise HttpError(426, "upgrade required", detail, {"Upgrade": "websocket"})
    if headers.get("sec-websocket-version") != "13":
        version = {"Sec-WebSocket-Version": "13"}
        raise HttpError(426, "upgrade required", "WebSocket version 13", version)
    key = headers.get("sec-websocket-key", "")
    try:
        nonce = b64decode(key, validate=True)
    except (Base64Error, ValueError):
        nonce = b""
    if len(nonce) != 16:
        raise HttpError(400, "bad header", "Sec-WebSocket-Key is 16 bytes in base64")
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    answer = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": b64encode(digest).decode(),
    }
    return Switch(HttpResponse(101, headers=answer), WebSocket(run))


class WebSocket:
    """One open socket (`http.Upgraded`)."""

    def __init__(self, run: Callable[[WebSocket], Awaitable[None]]) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._buffer = bytearray()
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = False

    async def send(self, message: bytes) -> None:
        """Send one binary message, once the other side has room for it."""
        await self._writable.wait()
        if self._closed or self._transport is None:
            raise ClosedError
        self._transport.writelines((_header(_BINARY, len(message)), message))

    def close(self, code: int) -> None:
        """Say goodbye and hang up."""
        if not self._closed and self._transport is not None:
            self._closed = True
            self._transport.write(_header(_CLOSE, 2) + code.to_bytes(2, "big"))
            self._transport.close()

    # --- the connection's side (`http.Upgraded`) -----------------------------------------------

    def connected(self, transport: asyncio.Transport) -> None:
        """Begin."""
        self._transport = transport
        self._task = asyncio.get_running_loop().create_task(self._speak())

    def received(self, data: bytes) -> None:
        """Whatever the client says."""
        self._buffer += data
        while not self._closed and self._next_frame():
            pass

    def writable(self, yes: bool, /) -> None:
        """Flow control."""
        if yes:
            self._writable.set()
        else:
            self._writable.clear()

    def lost(self) -> None:
        """The connection is gone."""
        self._closed = True
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    async def _speak(self) -> None:
        try:
            await self._run(self)
        except ClosedError:
            return
        self.close(GOING_AWAY)

    def _next_frame(self) -> bool:
        """Handle one frame of the client's (section 5.2); False when it is not complete yet."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        opcode, length, at = buffer[0] & 0x0F, buffer[1] & 0x7F, 2
        if length >= 126:
            at += 2 if length == 126 else 8
            if len(buffer) < at:
                return False
            length = int.from_bytes(buffer[2:at], "big")
        if not buffer[1] & 0x80 or (opcode >= _CLOSE and length > 125):
            self.close(PROTOCOL_ERROR)
            return False
        if length > CLIENT_FRAME_BYTES_MAX:
            self.close(TOO_BIG)
            return False
        stop = at + 4 + length
        if len(buffer) < stop:
            return False
        mask, payload = buffer[at : at + 4], buffer[at + 4 : stop]
        del buffer[:stop]
        if opcode == _CLOSE:
            self.close(1000)
        elif opcode == _PING and self._transport is not None:
            content = bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
            self._transport.write(_header(_PONG, length) + content)
        return True


def _header(opcode: int, length: int) -> bytes:
    first = 0x80 | opcode
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
