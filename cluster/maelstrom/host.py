"""Performs what one `Node` asks for, without any input or output of its own.

Packets go out as values; timers are told to whoever keeps the time (`due`, `tick`); the disk is
memory. So the same host runs in a process on standard input and output, and in the tests on
virtual time. Decides nothing about the protocol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Final

from cluster.config import Config
from cluster.maelstrom.memory import Memory
from cluster.model.facts import Fact
from cluster.model.member import Address, NodeId
from cluster.protocol.effects import (
    CancelTimer,
    Effect,
    Emit,
    Halt,
    HandOver,
    Persist,
    Reply,
    Response,
    Send,
    SetTimer,
)
from cluster.protocol.inputs import (
    Booted,
    Input,
    Persisted,
    Received,
    Request,
    Requested,
    RequestId,
    TimerFired,
    TimerKey,
)
from cluster.protocol.messages import Packet
from cluster.protocol.node import Node

PORT: Final = ":1"
"""Addresses need one; a node of Maelstrom's is addressed by its name alone."""

Then = Callable[[Response], None]


def address_of(name: str) -> Address:
    """Where a node of that name is found."""
    return Address(name + PORT)


class Host:
    """One node, its timers and its memory."""

    def __init__(
        self,
        name: str,
        epoch: int,
        config: Config,
        rng: Random,
        send: Callable[[str, Packet], None],
        tell: Callable[[Fact], None],
    ) -> None:
        self._send = send
        self._tell = tell
        self._memory = Memory()
        address = address_of(name)
        self.node = Node(NodeId(name), epoch, address, address, config, self._memory, rng)
        self.halted = ""
        """Why the node ended; empty while it runs."""
        self._now = 0
        self._inbox: deque[Input] = deque()
        self._timers: dict[TimerKey, int] = {}
        self._heap: list[tuple[int, TimerKey]] = []
        self._asked: dict[RequestId, Then] = {}
        self._last_request = 0
        self._busy = False

    # --- what happens to the node ---------------------------------------------------------------

    def boot(self, seeds: tuple[str, ...], pid: int, now: int) -> None:
        """The node begins."""
        self._give(Booted(tuple(map(address_of, seeds)), pid), now)

    def arrived(self, packet: Packet, source: str, size: int, now: int) -> None:
        """A packet of another node."""
        self._give(Received(packet, address_of(source), size), now)

    def ask(self, request: Request, then: Then, now: int) -> None:
        """Ask the node; `then` is called with its one answer, perhaps before this returns."""
        self._last_request += 1
        request_id = RequestId(self._last_request)
        self._asked[request_id] = then
        self._give(Requested(request_id, request), now)

    def due(self) -> int | None:
        """When the next timer comes due, in microseconds of the caller's clock."""
        while self._heap and self._timers.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def tick(self, now: int) -> None:
        """Fire every timer that is due by `now`."""
        while (due := self.due()) is not None and due <= now and not self.halted:
            _, timer = heappop(self._heap)
            del self._timers[timer]
            self._give(TimerFired(timer, due), now)

    # --- what the node asks for -----------------------------------------------------------------

    def _give(self, event: Input, now: int) -> None:
        self._now = now
        self._inbox.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox and not self.halted:
                for effect in self.node.handle(self._inbox.popleft(), self._now):
                    self._perform(effect)
        finally:
            self._busy = False

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(_, address, _, packet):
                self._send(address.removesuffix(PORT), packet)
            case Emit(fact):
                self._tell(fact)
            case SetTimer(timer, due):
                self._timers[timer] = due
                heappush(self._heap, (due, timer))
            case CancelTimer(timer):
                self._timers.pop(timer, None)
            case Persist(token, writes):
                self._memory.apply(writes)
                self._inbox.append(Persisted(token))
            case Reply(request, response):
                self._asked.pop(request)(response)
            case HandOver():
                pass  # nobody listens here: Maelstrom's clients ask what came (`TopicQuery`)
            case Halt(reason):
                self.halted = reason
