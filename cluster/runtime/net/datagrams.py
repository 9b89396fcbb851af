"""The node's UDP socket: one packet per datagram.

Decides what is not even a packet (too long, malformed) and asks the faults whether the rest may
pass. Ignores what packets mean.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from cluster.config import PACKET_BYTES_MAX
from cluster.model.facts import DropReason
from cluster.model.member import Address, NodeId
from cluster.protocol.messages import Packet
from cluster.protocol.wire import MalformedMessageError, decode, encode
from cluster.runtime.net import addresses
from cluster.runtime.net.faults import Faults
from cluster.runtime.net.scales import Scales


class Listener(Protocol):
    """Who is told of what arrives, by datagram or by stream."""

    def arrived(self, packet: Packet, source: Address, size: int) -> None:
        """A well-formed packet."""
        ...

    def rejected(self, reason: DropReason, peer: str, detail: str) -> None:
        """Something that is not for the core."""
        ...


class Datagrams(asyncio.DatagramProtocol):
    """The UDP endpoint."""

    def __init__(self, listener: Listener, faults: Faults) -> None:
        self._listener = listener
        self._faults = faults
        self.bytes_out = 0
        """Since whoever counts last set it to 0."""
        self.scales = Scales()
        self._transport: asyncio.DatagramTransport | None = None

    def send(self, to: NodeId, address: Address, packet: Packet) -> None:
        """Send one packet. It may be lost, as datagrams may."""
        place = addresses.parse(address)
        if place is None:
            self._listener.rejected("unknown", address, "not an address that can be sent to")
            return
        data = encode(packet)
        self.scales.weigh(packet, len(data))
        faults = self._faults
        if faults.active:
            if faults.is_cut(to, address, "out"):
                self._listener.rejected("cut", to or address, "sent into a cut")
                return
            if faults.loses(to, address):
                self._listener.rejected("loss", to or address, "lost on the way out")
                return
            late = faults.hold_up_us(to, address, stream=False)
            if late:
                asyncio.get_running_loop().call_later(late / 1e6, self._put, data, place)
                return
        self._put(data, place)

    def _put(self, data: bytes, place: tuple[str, int]) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing():
            self.bytes_out += len(data)
            transport.sendto(data, place)

    def close(self) -> None:
        """Stop hearing and speaking."""
        if self._transport is not None:
            self._transport.close()

    # --- asyncio's side ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One datagram."""
        source = addresses.text(addr[0], addr[1])
        listener = self._listener
        if len(data) > PACKET_BYTES_MAX:
            listener.rejected("oversized", source, f"a datagram of {len(data)} bytes")
            return
        try:
            packet = decode(data)
        except MalformedMessageError as error:
            listener.rejected("malformed", source, str(error))
            return
        faults = self._faults
        if faults.active:
            if faults.is_cut(packet.sender, source, "in"):
                listener.rejected("cut", packet.sender or source, "arrived through a cut")
                return
            if faults.loses(packet.sender, source):
                listener.rejected("loss", packet.sender or source, "lost on the way in")
                return
        listener.arrived(packet, source, len(data))

    def error_received(self, exc: Exception) -> None:
        """An earlier datagram did not arrive; the protocol finds that out by itself."""
