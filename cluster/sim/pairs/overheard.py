"""A world in which every message is overheard as a node takes it: to count what facts only sample.

Ignores messages that are lost, and those that still wait for a stopped process.
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.config import Config
from cluster.protocol.inputs import Input, Received
from cluster.protocol.messages import Packet
from cluster.sim.host import Host
from cluster.sim.world import World

Ear = Callable[[Host, Packet], None]
"""Called with the receiver and what it takes."""


class Overheard(World):
    """The same world, told to whoever listens."""

    def __init__(self, seed: int, config: Config, ears: tuple[Ear, ...]) -> None:
        super().__init__(seed, config)
        self.ears = ears

    def _give(self, host: Host, event: Input) -> None:
        if isinstance(event, Received) and host.running:
            for ear in self.ears:
                ear(host, event.packet)
        super()._give(host, event)
