"""The connections to one peer, and what waits for the first of them.

Both sides may dial at once; then there are two connections. Both ends prefer the one dialled by
the smaller address, so each direction keeps its order; the other is closed once it is idle.
"""

from __future__ import annotations

from typing import Final

from cluster.model.member import Address, NodeId
from cluster.runtime.net.stream import Stream

QUEUE_BYTES_MAX: Final = 24 * 1_048_576
"""What may wait for a dial. More is dropped: the stream could not be made in time."""


class Peer:
    """One peer's address and up to two streams to it."""

    __slots__ = (
        "_dials_first",
        "_queued_bytes",
        "accepted",
        "address",
        "dialled",
        "dialling",
        "name",
        "not_before",
        "queue",
        "stream",
    )

    def __init__(self, address: Address, ours: Address) -> None:
        self.address = address
        self.name = NodeId("")
        """Once it is known."""
        self.dialled: Stream | None = None
        self.accepted: Stream | None = None
        self.stream: Stream | None = None
        """The one to send on."""
        self.dialling = False
        self.not_before = 0
        """After a dial that failed, the next one begins no sooner."""
        self.queue: list[bytes] = []
        self._queued_bytes = 0
        self._dials_first = ours < address

    def add(self, stream: Stream, *, dialled: bool) -> Stream | None:
        """Take a connection; returns the one of the same kind that it replaces."""
        if dialled:
            old, self.dialled = self.dialled, stream
        else:
            old, self.accepted = self.accepted, stream
        self._choose()
        return old

    def remove(self, stream: Stream) -> bool:
        """Forget a connection. True if it was one of ours and none is left."""
        if self.dialled is stream:
            self.dialled = None
        elif self.accepted is stream:
            self.accepted = None
        else:
            return False
        self._choose()
        return self.stream is None

    def spare(self) -> Stream | None:
        """The connection that we dialled and that neither end prefers."""
        return self.dialled if self.accepted is not None and not self._dials_first else None

    def enqueue(self, framed: bytes) -> bool:
        """Keep a frame for the dial to come; False when too much waits already."""
        if self._queued_bytes + len(framed) > QUEUE_BYTES_MAX:
            return False
        self.queue.append(framed)
        self._queued_bytes += len(framed)
        return True

    def take_queue(self) -> list[bytes]:
        """What waited, to be sent or dropped."""
        queue, self.queue = self.queue, []
        self._queued_bytes = 0
        return queue

    def _choose(self) -> None:
        first, second = self.dialled, self.accepted
        if not self._dials_first:
            first, second = second, first
        self.stream = first or second
