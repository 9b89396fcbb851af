"""Bytes on the wire: one MessagePack array per datagram, the same in 4-byte-length frames on a stream.

Decides what is well formed, and nothing else: what cannot be a `Packet` raises one error,
`MalformedMessageError`. Ignores sockets, and who sent it. Nodes and clients share it.
"""

from __future__ import annotations

from struct import Struct as Layout
from typing import Final

import msgspec

from cluster.config import FRAME_BYTES_MAX
from cluster.protocol.messages import Packet

LENGTH_BYTES: Final = 4
_LENGTH: Final = Layout(">I")


class MalformedMessageError(ValueError):
    """What arrived is not a message. Its text says why, for people."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Packet)


def encode(packet: Packet) -> bytes:
    """A packet as one datagram's bytes."""
    return _encoder.encode(packet)


def encode_frame(packet: Packet) -> bytes:
    """A packet as a frame: its length, then its bytes."""
    body = _encoder.encode(packet)
    return _LENGTH.pack(len(body)) + body


def frame(body: bytes) -> bytes:
    """Bytes that are already encoded, as a frame."""
    return _LENGTH.pack(len(body)) + body


def decode(data: bytes | memoryview) -> Packet:
    """The packet in `data`, each field checked, or `MalformedMessageError`."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise MalformedMessageError(str(error)) from None


class Deframer:
    """Cuts a byte stream into frames, however the bytes arrive.

    Whole frames are views into what arrived. Only an unfinished one is copied, into a buffer that
    grows in place, so a long frame in many pieces costs one more copy and not one per piece.
    """

    __slots__ = ("_bytes_max", "_held", "_later_bytes_max", "_needed")

    def __init__(
        self, frame_bytes_max: int = FRAME_BYTES_MAX, first_frame_bytes_max: int | None = None
    ) -> None:
        self._later_bytes_max = frame_bytes_max
        self._bytes_max = first_frame_bytes_max or frame_bytes_max
        self._held = bytearray()
        self._needed = LENGTH_BYTES

    def restrict(self, frame_bytes_max: int) -> None:
        """Take no longer frames than this from now on."""
        self._bytes_max = self._later_bytes_max = frame_bytes_max

    def feed(self, data: bytes) -> list[memoryview]:
        """The frames completed by `data`; a length over the limit is a `MalformedMessageError`."""
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return []
            data = bytes(self._held)
            self._held = bytearray()
        frames: list[memoryview] = []
        view = memoryview(data)
        at, end = 0, len(data)
        self._needed = LENGTH_BYTES
        while end - at >= LENGTH_BYTES:
            (length,) = _LENGTH.unpack_from(data, at)
            if length > self._bytes_max:
                raise MalformedMessageError(f"a frame of {length} bytes")
            stop = at + LENGTH_BYTES + length
            if stop > end:
                self._needed = stop - at
                break
            frames.append(view[at + LENGTH_BYTES : stop])
            self._bytes_max = self._later_bytes_max
            at = stop
        if at < end:
            self._held += view[at:]
        return frames
