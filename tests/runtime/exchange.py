"""Two or more sets of links on real sockets, with somebody who notes what they report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random

from cluster.model.facts import DropReason
from cluster.model.member import Address, NodeId
from cluster.protocol.messages import Hello, Packet, Ping
from cluster.runtime.net import addresses
from cluster.runtime.net.datagrams import Datagrams
from cluster.runtime.net.faults import Faults
from cluster.runtime.net.links import Links, LossReason
from cluster.runtime.net.stream import Reader, Stream


def ping(sender: NodeId, number: int, *, cluster: str = "test") -> Packet:
    return Packet(cluster, sender, 1, number, 0, traced=False, body=Ping(number, NodeId("x")))


class Exchange:
    """One node's sockets; it notes everything that a driver would be told."""

    def __init__(self, name: str, address: Address) -> None:
        self.name = NodeId(name)
        self.address = address
        self.packets: list[tuple[int, Address]] = []
        self.rejections: list[tuple[DropReason, str]] = []
        self.lost: list[tuple[Address, LossReason]] = []
        self.chunks: list[Stream] = []
        self.faults = Faults(Random(1))
        hello = Packet("test", self.name, 1, 0, 0, traced=False, body=Hello(address))
        self.links = Links(address, hello, self, self.faults)
        self.datagrams = Datagrams(self, self.faults)
        self.server: asyncio.Server | None = None

    # --- what a driver does --------------------------------------------------------------------

    def arrived(self, packet: Packet, source: Address, size: int) -> None:
        assert size > 0
        self.packets.append((packet.number, source))

    def rejected(self, reason: DropReason, peer: str, detail: str) -> None:
        assert detail
        self.rejections.append((reason, peer))

    def link_lost(self, address: Address, reason: LossReason) -> None:
        self.lost.append((address, reason))

    def client(self, stream: Stream) -> Reader | None:
        self.chunks.append(stream)
        return None

    # --- what tests do -------------------------------------------------------------------------

    def send(self, other: Exchange, number: int) -> None:
        self.links.send(other.name, other.address, ping(self.name, number))

    def send_datagram(self, other: Exchange, number: int) -> None:
        self.datagrams.send(other.name, other.address, ping(self.name, number))

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.packets]

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
        await self.links.close()
        self.datagrams.close()


@asynccontextmanager
async def exchanges(*names: str) -> AsyncGenerator[list[Exchange]]:
    """Started exchanges, in the order of their addresses."""
    loop = asyncio.get_running_loop()
    pairs = sorted(
        (addresses.bind_pair("127.0.0.1:0") for _ in names),
        key=lambda pair: addresses.bound_address(pair[0]),
    )
    made: list[Exchange] = []
    for name, (udp, tcp) in zip(names, pairs, strict=True):
        each = Exchange(name, addresses.bound_address(udp))
        await loop.create_datagram_endpoint(lambda each=each: each.datagrams, sock=udp)
        each.server = await loop.create_server(each.links.accept, sock=tcp)
        made.append(each)
    try:
        yield made
    finally:
        for each in made:
            await each.close()
        await asyncio.sleep(0.01)  # the transports say goodbye in the loop's next turns
