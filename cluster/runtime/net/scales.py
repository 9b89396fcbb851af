"""What a node's messages weigh on the wire, by kind.

Counts what was given to a socket, encoded and framed; what a cut or a loss takes afterwards has
been sent all the same. Ignores greetings, and what is said to clients.
"""

from __future__ import annotations

from cluster.protocol.messages import Packet


class Scales:
    """One for each channel. Kinds are named as facts name them: class names, lower case."""

    def __init__(self) -> None:
        self._bytes: dict[type, int] = {}

    def weigh(self, packet: Packet, size: int) -> None:
        """One packet of `size` bytes."""
        kind = type(packet.body)
        self._bytes[kind] = self._bytes.get(kind, 0) + size

    def take(self) -> dict[str, int]:
        """Bytes by kind since the last call."""
        taken, self._bytes = self._bytes, {}
        return {kind.__name__.lower(): size for kind, size in taken.items()}
