"""A world in which every message is overheard as a node takes it: to count what facts only sample.

Ignores messages that are lost, and those that still wait for a stopped process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cluster.config import Config
from cluster.protocol.effects import Send
from cluster.protocol.inputs import Input, Received
from cluster.protocol.messages import Body, Packet
from cluster.sim.host import Host
from cluster.sim.world import World

FIRST_SAID: Final = 1_000_000_000
"""Packets said in a node's name are numbered from here, far from its own."""
Ear = Callable[[Host, Packet], None]
"""Called with the receiver and what it takes."""


class Overheard(World):
    """The same world, told to whoever listens."""

    def __init__(self, seed: int, config: Config, ears: tuple[Ear, ...]) -> None:
        super().__init__(seed, config)
        self.ears = ears
        self._said = 0

    def say(self, name: str, to: str, body: Body) -> None:
        """A datagram in a running node's name, which the receiver takes for one of its own."""
        sender, target = self.host(name), self.host(to)
        if sender.node is None:
            return
        self._said += 1
        packet = Packet(
            self.config.cluster,
            sender.name,
            sender.disk.epoch,
            FIRST_SAID + self._said,
            0,
            False,
            body,
        )
        self._send(sender, Send(target.name, target.address, "datagram", packet))

    def _give(self, host: Host, event: Input) -> None:
        if isinstance(event, Received) and host.running:
            for ear in self.ears:
                ear(host, event.packet)
        super()._give(host, event)
