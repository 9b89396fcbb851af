"""The streams between nodes: dialled on the first send, shared by both directions.

Decides when to dial, which of two connections to use, and what the end of one is evidence of:
"refused" (the peer's kernel says that nothing listens), "timeout", or "closed". A connection that
ends by surprise is dialled once more at once, because after a kill -9 the refusal of that dial is
the quickest sure sign there is. Ignores what packets mean; what they are worth, the node decides.
"""

from __future__ import annotations

import asyncio
from typing import Final, Literal, Protocol

from cluster.config import SECOND, STRANGER_FRAME_BYTES_MAX
from cluster.model.facts import DropReason
from cluster.model.member import Address, NodeId
from cluster.protocol.messages import ClientCall, Hello, Packet
from cluster.protocol.wire import MalformedMessageError, decode, encode_frame
from cluster.runtime import clock
from cluster.runtime.net import addresses
from cluster.runtime.net.faults import Faults
from cluster.runtime.net.peer import Peer
from cluster.runtime.net.scales import Scales
from cluster.runtime.net.stream import Reader, Stream

DIAL_TIMEOUT_S: Final = 1.0
DIAL_AGAIN_US: Final = 100_000
"""Sends to a peer that just refused wait this long for the next dial, instead of a dial each."""
IDLE_S: Final = 5.0
STRANGER_S: Final = 10.0
"""An accepted connection says who it is within this time."""
STREAMS_MAX: Final = 1_024
PEERS_MAX: Final = 4_096
PROVEN_US: Final = SECOND
"""A connection that was of use, or lasted this long, is worth dialling again."""

LossReason = Literal["closed", "refused", "timeout"]


class Switchboard(Protocol):
    """Who is told of what happens on links: the driver."""

    def arrived(self, packet: Packet, source: Address, size: int) -> None:
        """A well-formed packet."""
        ...

    def rejected(self, reason: DropReason, peer: str, detail: str) -> None:
        """Something that is not for the core."""
        ...

    def link_lost(self, address: Address, reason: LossReason) -> None:
        """No stream to this peer is left, or none could be made."""
        ...

    def client(self, stream: Stream) -> Reader | None:
        """A client called on an accepted stream. Who reads it from now on; None: too many."""
        ...


class Links:
    """All streams of one node."""

    def __init__(self, ours: Address, hello: Packet, board: Switchboard, faults: Faults) -> None:
        self._ours = ours
        self._cluster = hello.cluster
        self._hello = encode_frame(hello)
        self._board = board
        self._faults = faults
        self._peers: dict[Address, Peer] = {}
        self._owner: dict[Stream, Peer | None] = {}
        """Every open stream; None: accepted, and not introduced yet."""
        self._dials: set[asyncio.Task[None]] = set()
        self._closing = False
        self.bytes_out = 0
        """Since whoever counts last set it to 0."""
        self.scales = Scales()

    # --- sending -------------------------------------------------------------------------------

    def send(self, to: NodeId, address: Address, packet: Packet) -> None:
        """Send one packet on the stream to `address`, dialling it if there is none."""
        peer = self._peers.get(address) or self._new_peer(address)
        if peer is None:
            return
        if to:
            peer.name = to
        framed = encode_frame(packet)
        self.bytes_out += len(framed)
        self.scales.weigh(packet, len(framed))
        faults = self._faults
        stream = peer.stream
        if stream is None:
            if peer.enqueue(framed) and not peer.dialling:
                self._dial(peer)
        elif not faults.active:
            stream.write(framed)
        elif faults.is_cut(peer.name, address, "out"):
            self._board.rejected("cut", peer.name or address, "sent into a cut")
        elif late := faults.hold_up_us(peer.name, address, stream=True):
            stream.write_late(framed, late)
        else:
            stream.write(framed)

    def streams(self) -> list[Stream]:
        """Every open one."""
        return list(self._owner)

    @property
    def stream_count(self) -> int:
        """How many are open."""
        return len(self._owner)

    def accept(self) -> Stream:
        """The protocol of a connection that somebody made to us."""
        return Stream(self, self._accepted)

    async def close(self) -> None:
        """Send what waits, then close everything; nothing is reported any more."""
        self._closing = True
        for dial in self._dials:
            dial.cancel()
        if self._dials:
            await asyncio.gather(*self._dials, return_exceptions=True)
        for stream in list(self._owner):
            stream.close()

    # --- dialling ------------------------------------------------------------------------------

    def _new_peer(self, address: Address) -> Peer | None:
        if addresses.parse(address) is None:
            self._board.rejected("unknown", address, "not an address that can be dialled")
            return None
        if len(self._peers) >= PEERS_MAX:
            for idle in [a for a, p in self._peers.items() if p.stream is None and not p.dialling]:
                del self._peers[idle]
        if len(self._peers) >= PEERS_MAX:
            self._board.rejected("overload", address, "too many peers")
            return None
        peer = self._peers[address] = Peer(address, self._ours)
        return peer

    def _dial(self, peer: Peer) -> None:
        if self._closing:
            return
        peer.dialling = True
        task = asyncio.get_running_loop().create_task(self._dialled(peer))
        self._dials.add(task)
        task.add_done_callback(self._dials.discard)

    async def _dialled(self, peer: Peer) -> None:
        """One dial, from the wait before it to what came of it."""
        wait_us = peer.not_before - clock.now()
        if wait_us > 0:
            await asyncio.sleep(wait_us / 1e6)
        try:
            stream = await self._connect(peer)
        except ConnectionRefusedError:
            self._undialled(peer, "refused")
        except (OSError, TimeoutError):
            self._undialled(peer, "timeout")
        else:
            self._connected(peer, stream)

    async def _connect(self, peer: Peer) -> Stream:
        host, port = addresses.parse(peer.address) or ("", 0)
        if self._faults.active and self._faults.is_severed(peer.name, peer.address):
            await asyncio.sleep(DIAL_TIMEOUT_S)
            raise TimeoutError
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(DIAL_TIMEOUT_S):
            _, stream = await loop.create_connection(lambda: Stream(self), host, port)
        if stream.to_itself:
            stream.abort()
            raise ConnectionRefusedError
        return stream

    def _connected(self, peer: Peer, stream: Stream) -> None:
        peer.dialling = False
        if stream.closed:
            self._undialled(peer, "closed")
            return
        self._owner[stream] = peer
        peer.add(stream, dialled=True)
        stream.write(self._hello)
        cut = self._faults.active and self._faults.is_cut(peer.name, peer.address, "out")
        for framed in peer.take_queue():
            if not cut:
                stream.write(framed)
        self._watch_spare(peer)

    def _undialled(self, peer: Peer, reason: LossReason) -> None:
        peer.dialling = False
        peer.not_before = clock.now() + DIAL_AGAIN_US
        if peer.stream is not None:
            # The peer reached us meanwhile: what waited can go that way.
            for framed in peer.take_queue():
                peer.stream.write(framed)
            return
        peer.take_queue()
        self._board.link_lost(peer.address, reason)

    # --- what arrives (`stream.Reader`) --------------------------------------------------------

    def frame(self, stream: Stream, data: memoryview) -> None:
        """A frame on a peer's stream, or the first on a stranger's."""
        try:
            packet = decode(data)
        except MalformedMessageError as error:
            self._board.rejected("malformed", stream.source, str(error))
            return
        peer = self._owner.get(stream)
        if peer is None:
            self._introduced(stream, packet, data)
            return
        stream.heard = True
        if packet.sender:
            peer.name = packet.sender
        if self._faults.active and self._faults.is_cut(packet.sender, peer.address, "in"):
            self._board.rejected("cut", packet.sender or peer.address, "arrived through a cut")
            return
        self._board.arrived(packet, peer.address, len(data))

    def nonsense(self, stream: Stream, detail: str) -> None:
        """Lengths that cannot be: another protocol, or junk."""
        self._board.rejected("oversized", stream.source, detail)

    def ended(self, stream: Stream) -> None:
        """A stream is gone: tell the node if it was the last one to its peer, and look why."""
        peer = self._owner.pop(stream, None)
        if peer is None or not peer.remove(stream) or self._closing:
            return
        if self._faults.active and self._faults.is_severed(peer.name, peer.address):
            return  # Through a cut nobody hears a connection end.
        self._board.link_lost(peer.address, "closed")
        if not peer.dialling and (stream.heard or clock.now() - stream.opened > PROVEN_US):
            self._dial(peer)

    # --- who is it? ----------------------------------------------------------------------------

    def _accepted(self, stream: Stream) -> None:
        if len(self._owner) >= STREAMS_MAX or self._closing:
            stream.abort()
            return
        self._owner[stream] = None
        asyncio.get_running_loop().call_later(STRANGER_S, self._expire, stream)

    def _expire(self, stream: Stream) -> None:
        if self._owner.get(stream, stream) is None:
            stream.abort()

    def _introduced(self, stream: Stream, packet: Packet, data: memoryview) -> None:
        """The first packet of an accepted stream says whether a node or a client calls."""
        if packet.cluster not in ("", self._cluster):
            self._board.rejected("foreign", stream.source, f"of cluster {packet.cluster[:64]}")
            stream.abort()
            return
        match packet.body:
            case Hello(address):
                self._welcome(stream, packet, address)
            case ClientCall():
                del self._owner[stream]
                reader = self._board.client(stream)
                if reader is None:
                    stream.abort()
                    return
                stream.reader = reader
                stream.restrict(STRANGER_FRAME_BYTES_MAX)
                reader.frame(stream, data)
            case _:
                self._board.rejected("unknown", stream.source, "did not say who it is")
                stream.abort()

    def _welcome(self, stream: Stream, packet: Packet, address: Address) -> None:
        peer = None if address == self._ours else self._peers.get(address)
        if peer is None and address != self._ours:
            peer = self._new_peer(address)
        if peer is None:
            stream.abort()
            return
        peer.name = packet.sender
        self._owner[stream] = peer
        replaced = peer.add(stream, dialled=False)
        if replaced is not None:
            self._owner.pop(replaced, None)
            replaced.abort()
        self._watch_spare(peer)

    # --- one of two is enough ------------------------------------------------------------------

    def _watch_spare(self, peer: Peer) -> None:
        spare = peer.spare()
        if spare is not None:
            asyncio.get_running_loop().call_later(IDLE_S, self._close_spare, peer, spare)

    def _close_spare(self, peer: Peer, stream: Stream) -> None:
        if stream.closed or peer.spare() is not stream:
            return
        if stream.used:
            stream.used = False
            self._watch_spare(peer)
        else:
            stream.close()
