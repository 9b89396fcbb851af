"""One machine of a simulated world: a clock, a disk, and the node that runs on it, if one does."""

from __future__ import annotations

from typing import Final

from cluster.model.member import Address, NodeId
from cluster.protocol.effects import Halt, Send
from cluster.protocol.inputs import Input, RequestId, TimerKey
from cluster.protocol.node import Node
from cluster.sim.disk import Disk

PPM: Final = 1_000_000
SOCKET_PACKETS: Final = 256
"""Datagrams the kernel keeps for a paused process; what comes after them is lost."""
UNSENT_MAX: Final = 4_096
"""Messages that wait to leave a clogged process; what it says after them is lost."""

DATAGRAM: Final = 1
"""Marks a packet that a full socket loses."""

PACKET_BYTES: Final = 120
"""What a packet without values is taken to weigh, for the byte counts of pulses."""


class Clock:
    """A clock that may be wrong: `local` is what the node takes for the time.

    A change of `offset_us` shows at the next boot (a running node counts monotonic time from the
    moment it started, as `cluster.runtime.clock` does); drift shows at once, without a jump.
    """

    def __init__(self) -> None:
        self.offset_us = 0
        self.drift_ppm = 0
        self._real = 0
        self._local = 0

    def boot(self, now: int) -> None:
        """A process starts and reads the machine's clock."""
        self._real, self._local = now, now + self.offset_us

    def drift(self, now: int, ppm: int) -> None:
        """Run faster (or slower, below 0) by this many millionths."""
        self._local, self._real = self.local(now), now
        self.drift_ppm = ppm

    def local(self, now: int) -> int:
        """What this clock shows at a moment of the world."""
        passed = now - self._real
        if self.drift_ppm:
            return self._local + passed + passed * self.drift_ppm // PPM
        return self._local + passed

    def world(self, local: int, now: int) -> int:
        """The moment of the world, not before now, when this clock will show `local`."""
        left = local - self.local(now)
        if left <= 0:
            return now
        if not self.drift_ppm:
            return now + left
        # Rounded up: a timer may be late by a microsecond, never early.
        return now - (-left * PPM // (PPM + self.drift_ppm))


class Host:
    """One machine."""

    def __init__(self, name: NodeId, index: int) -> None:
        self.name = name
        self.index = index
        self.address = Address(f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}:7000")
        self.window = Address(f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}:8000")
        self.clock = Clock()
        self.disk = Disk()
        self.node: Node | None = None
        self.boots = 0
        self.paused = False
        self.silent = False
        """The machine itself is gone: there is no kernel to refuse a connection."""
        self.halted: Halt | None = None
        self.timers: dict[TimerKey, int] = {}
        """What is set, and when it is due by the local clock."""
        self.held: list[tuple[int, Input]] = []
        """What arrived while it was paused, with the boot it was for."""
        self.held_datagrams = 0
        self.clogged = False
        """Its messages wait, both ways, while its timers run."""
        self.unsent: list[Send] = []
        self.asked: set[RequestId] = set()
        self.lag_us = 0
        """The worst lateness of a timer since the last pulse."""
        self.bytes_out = 0

    @property
    def running(self) -> bool:
        """A process is there and not stopped."""
        return self.node is not None and not self.paused
