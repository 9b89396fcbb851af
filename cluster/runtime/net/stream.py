"""One TCP connection that carries frames: bytes in, frames out, one write per turn of the loop.

Decides how bytes are bundled and when a connection has fallen too far behind to keep. Ignores
what frames mean and who is at the other end (see `links` and `clients`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, cast

from cluster.config import STRANGER_FRAME_BYTES_MAX
from cluster.protocol.wire import Deframer, MalformedMessageError
from cluster.runtime import clock
from cluster.runtime.net import addresses

BACKLOG_BYTES_MAX: Final = 32 * 1_048_576
"""What may wait to be sent on one connection. A peer further behind loses the connection."""


class Reader(Protocol):
    """Who handles a connection's frames. It may hand the connection to another reader."""

    def frame(self, stream: Stream, data: memoryview, /) -> None:
        """One whole frame arrived."""
        ...

    def nonsense(self, stream: Stream, detail: str, /) -> None:
        """The bytes cannot be frames; the connection is closed next."""
        ...

    def ended(self, stream: Stream, /) -> None:
        """The connection is gone, from either side. Called once."""
        ...


class Stream(asyncio.Protocol):
    """One connection, dialled or accepted."""

    def __init__(self, reader: Reader, made: Callable[[Stream], None] | None = None) -> None:
        self.reader = reader
        self.source = ""
        """The other end's address, as the kernel tells it."""
        self.opened = 0
        """When it was made."""
        self.used = False
        """Whether something went over it since whoever wonders set this to False."""
        self.heard = False
        self.closed = False
        """Not to be used any more; `Reader.ended` follows."""
        self._made = made
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        # Whom we dialled we know; who calls us may be anybody.
        stranger = STRANGER_FRAME_BYTES_MAX if made is not None else None
        self._deframer = Deframer(first_frame_bytes_max=stranger)
        self._out: list[bytes] = []
        self._waiting_bytes = 0
        self._late: deque[tuple[int, bytes]] = deque()

    @property
    def to_itself(self) -> bool:
        """Whether the kernel connected a dial to its own socket.

        On loopback that happens when nothing listens at a port of the ephemeral range and the
        dial is given just that port to start from.
        """
        transport = self._transport
        if transport is None:
            return False
        return transport.get_extra_info("sockname") == transport.get_extra_info("peername")

    def restrict(self, frame_bytes_max: int) -> None:
        """Take no longer frames than this from now on."""
        self._deframer.restrict(frame_bytes_max)

    def write(self, framed: bytes) -> None:
        """Send one frame with whatever else is sent in this turn of the loop."""
        if self._late:
            self.write_late(framed, 0)
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(framed)

    def write_late(self, framed: bytes, late_us: int) -> None:
        """Send one frame after a delay; those after it wait behind it, as on a real stream."""
        self._late.append((clock.now() + late_us, framed))
        self._waiting_bytes += len(framed)
        if self._waiting_bytes > BACKLOG_BYTES_MAX:
            self.abort()
        elif len(self._late) == 1:
            self._loop.call_later(late_us / 1e6, self._release)

    def close(self) -> None:
        """Send what waits, then close."""
        if self._transport is not None and not self.closed:
            self._flush()
            self.closed = True
            self._transport.close()

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None and not self.closed:
            self.closed = True
            self._transport.abort()

    def _release(self) -> None:
        now = clock.now()
        while self._late:
            due, framed = self._late[0]
            if due > now:
                self._loop.call_later((due - now) / 1e6, self._release)
                return
            self._late.popleft()
            self._waiting_bytes -= len(framed)
            if not self._out:
                self._loop.call_soon(self._flush)
            self._out.append(framed)

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or self.closed or not self._out:
            self._out.clear()
            return
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self.used = True
        transport.write(data)
        if transport.get_write_buffer_size() + self._waiting_bytes > BACKLOG_BYTES_MAX:
            self.abort()

    # --- asyncio's side ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)
        self.opened = clock.now()
        place = transport.get_extra_info("peername")
        self.source = addresses.text(place[0], place[1]) if place else ""
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        """Bytes, cut wherever the network liked."""
        self.used = True
        try:
            frames = self._deframer.feed(data)
        except MalformedMessageError as error:
            self.reader.nonsense(self, str(error))
            self.abort()
            return
        for each in frames:
            if self.closed:
                return
            self.reader.frame(self, each)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Closed, by either side or by the network."""
        self.closed = True
        self._out.clear()
        self._late.clear()
        self.reader.ended(self)
