"""Driver 2: performs what one `Node` asks for, on real sockets, a real disk and a real clock.

Decides nothing about the protocol. Inputs are handled one at a time and to the end; an input that
arises while another's effects are performed waits its turn. An exception in here is a bug: it is
told in one place and the process ends, because a machine that was stopped halfway through a
change cannot be trusted with the next input.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
import traceback
from collections import deque
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Final, Protocol

from cluster.config import Config
from cluster.model.facts import DropReason, Fact
from cluster.model.fault import FaultKind
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
    Abandoned,
    FaultSet,
    Input,
    LinkClosed,
    ListenCommand,
    Measured,
    Persisted,
    PersistRefused,
    Received,
    Rejected,
    Request,
    Requested,
    RequestId,
    RotKind,
    Rotted,
    SnapshotQuery,
    TimerFired,
    TimerKey,
)
from cluster.protocol.messages import Hello, Packet, Refusal
from cluster.runtime import clock
from cluster.runtime.disk.store import Store
from cluster.runtime.hub import Hub
from cluster.runtime.listeners import Listener, Listeners
from cluster.runtime.net.clients import Asker, Client
from cluster.runtime.net.datagrams import Datagrams
from cluster.runtime.net.faults import Direction, Fault, Faults
from cluster.runtime.net.links import Links, LossReason
from cluster.runtime.net.stream import Reader, Stream
from cluster.runtime.observer import Observer, StoppedError
from cluster.runtime.record import Record
from cluster.runtime.timers import Timers

PULSE: Final[TimerKey] = ("pulse",)
CLIENTS_MAX: Final = 512

_STOPPED: Final = Refusal(503, "stopped", "This node is ending; a write may still land.")


class Machine(Protocol):
    """What is driven: `cluster.protocol.node.Node`."""

    def handle(self, event: Input, now: int) -> list[Effect]:
        """What should happen after this."""
        ...


class _Question:
    """An `Asker` inside this process."""

    __slots__ = ("_hub", "done", "position")

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.done: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.position = 0
        """Where the log stood at the very moment of the answer."""

    def answer(self, _request_id: RequestId, response: Response) -> None:
        self.position = self._hub.end
        if not self.done.done():
            self.done.set_result(response)


class Driver:
    """Runs one node until it halts."""

    def __init__(self, name: NodeId, config: Config, store: Store, rng: Random) -> None:
        self.name = name
        self.epoch = store.epoch
        self.config = config
        self.hub = Hub(config.observe.log_facts_max)
        self._record = Record(config.observe.record_facts_max)
        self.halted: asyncio.Future[Halt] = asyncio.get_running_loop().create_future()
        self._store = store
        self._faults = Faults(rng)
        self._machine: Machine | None = None
        self._links: Links | None = None
        self._datagrams = Datagrams(self, self._faults)
        self._server: asyncio.Server | None = None
        self._timers = Timers(self._timer_fired)
        self._listeners = Listeners(config.spread, self._fewer_listen)
        self._inbox: deque[Input] = deque()
        self._busy = False
        self._askers: dict[RequestId, Asker] = {}
        self._ids = count(1)
        self._clients = 0
        self._lag_us = 0

    async def start(
        self, machine: Machine, udp: socket.socket, tcp: socket.socket, gossip: Address
    ) -> None:
        """Take the machine and its bound sockets. Inputs come from now on."""
        loop = asyncio.get_running_loop()
        self._machine = machine
        hello = Packet(
            self.config.cluster, self.name, self.epoch, 0, 0, traced=False, body=Hello(gossip)
        )
        links = self._links = Links(gossip, hello, self, self._faults)
        wake = loop.call_soon_threadsafe
        self._store.start(loop.call_soon, wake, self._persisted, self._refused, self._rotted)
        await loop.create_datagram_endpoint(lambda: self._datagrams, sock=udp)
        self._server = await loop.create_server(links.accept, sock=tcp)

    async def farewell(self, seconds: float) -> None:
        """Let observers, listeners and peers read the last words."""
        self.hub.close()
        self._listeners.end()
        await asyncio.sleep(seconds)

    async def stop(self) -> None:
        """Bring to disk what was queued, and let go of everything."""
        self._timers.clear()
        self.hub.close()
        self._listeners.end()
        if self._server is not None:
            self._server.close()
        if self._links is not None:
            await self._links.close()
        self._datagrams.close()
        self._store.close()

    # --- one input -----------------------------------------------------------------------------

    def feed(self, event: Input) -> None:
        """Handle an input now, or after the one whose effects are being performed."""
        if self._busy:
            self._inbox.append(event)
            return
        machine = self._machine
        if machine is None or self.halted.done():
            return
        self._busy = True
        try:
            for effect in machine.handle(event, clock.now()):
                self._perform(effect)
            while self._inbox and not self.halted.done():
                for effect in machine.handle(self._inbox.popleft(), clock.now()):
                    self._perform(effect)
        except Exception as error:
            self.defect(error)
        finally:
            self._busy = False

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(to, address, channel, packet):
                if channel == "stream":
                    if self._links is not None:
                        self._links.send(to, address, packet)
                else:
                    self._datagrams.send(to, address, packet)
            case Persist(token, writes):
                self._store.persist(token, writes)
            case SetTimer(timer, due):
                self._timers.set(timer, due)
            case CancelTimer(timer):
                self._timers.cancel(timer)
            case Emit(fact):
                self.hub.append(fact)
                self._record.append(fact)
            case Reply(request_id, response):
                asker = self._askers.pop(request_id, None)
                if asker is not None:
                    asker.answer(request_id, response)
            case HandOver(item, listener):
                self._listeners.hand(item, listener)
            case Halt():
                self._halt(effect)

    def _halt(self, halt: Halt) -> None:
        if self.halted.done():
            return
        self.halted.set_result(halt)
        self._timers.clear()
        askers, self._askers = self._askers, {}
        for request_id, asker in askers.items():
            asker.answer(request_id, _STOPPED)

    def defect(self, error: BaseException) -> None:
        """Tell of an exception nobody foresaw, and end: nothing here may be trusted any more."""
        print(f"masterless: node {self.name} stops because of a defect:", file=sys.stderr)  # noqa: T201
        traceback.print_exception(error)
        self._halt(Halt("a defect", failed=True))

    # --- inputs from the machinery around --------------------------------------------------------

    def _timer_fired(self, timer: TimerKey, due: int) -> None:
        self._lag_us = max(self._lag_us, clock.now() - due)
        if timer == PULSE:
            self._measure()
        self.feed(TimerFired(timer, due))

    def _measure(self) -> None:
        sent, self._datagrams.bytes_out = self._datagrams.bytes_out, 0
        weights = self._datagrams.scales.take()
        if self._links is not None:
            sent += self._links.bytes_out
            self._links.bytes_out = 0
            for kind, size in self._links.scales.take().items():
                weights[kind] = weights.get(kind, 0) + size
        written, self._store.bytes_written = self._store.bytes_written, 0
        missed = self._listeners.take_missed()
        self.feed(Measured(self._lag_us, resident_bytes(), sent, missed, weights, written))
        self._lag_us = 0

    def _persisted(self, token: int) -> None:
        self.feed(Persisted(token))

    def _refused(self, token: int, reason: str) -> None:
        self.feed(PersistRefused(token, reason))

    def _rotted(self, kind: RotKind, partition: int, count: int) -> None:
        self.feed(Rotted(kind, partition, count))

    def arrived(self, packet: Packet, source: Address, size: int) -> None:
        """A packet (`links.Switchboard`, `datagrams.Listener`)."""
        self.feed(Received(packet, source, size))

    def rejected(self, reason: DropReason, peer: str, detail: str) -> None:
        """Something that is not for the core (`links.Switchboard`, `datagrams.Listener`)."""
        self.feed(Rejected(reason, peer, detail))

    def link_lost(self, address: Address, reason: LossReason) -> None:
        """A peer has no stream left, or none could be made (`links.Switchboard`)."""
        self.feed(LinkClosed(address, reason))

    # --- requests --------------------------------------------------------------------------------

    def client(self, stream: Stream) -> Reader | None:
        """A client called (`links.Switchboard`)."""
        if self._clients >= CLIENTS_MAX:
            return None
        self._clients += 1
        return Client(stream, self, self.config.cluster, self.name, self.epoch)

    def client_gone(self) -> None:
        """A client's connection ended (`clients.Desk`)."""
        self._clients -= 1

    def next_request(self) -> RequestId:
        """An id for a request (`clients.Desk`)."""
        return RequestId(next(self._ids))

    def ask(self, request_id: RequestId, request: Request, asker: Asker) -> None:
        """Hand in a request; its answer may come before this returns (`clients.Desk`)."""
        if self.halted.done():
            asker.answer(request_id, _STOPPED)
            return
        self._askers[request_id] = asker
        self.feed(Requested(request_id, request))

    def abandon(self, request_id: RequestId) -> None:
        """Nobody waits for it any more (`clients.Desk`)."""
        if self._askers.pop(request_id, None) is not None:
            self.feed(Abandoned(request_id))

    async def request(self, request: Request, /) -> Response:
        """Ask the node something and wait for its answer."""
        return (await self._question(request)).done.result()

    async def snapshot(self) -> tuple[Fact, int]:
        """The node's whole state, and the position in the log that follows it."""
        question = await self._question(SnapshotQuery())
        response = question.done.result()
        if not isinstance(response, Fact):
            raise StoppedError
        return response, question.position

    async def _question(self, request: Request) -> _Question:
        question = _Question(self.hub)
        request_id = self.next_request()
        self.ask(request_id, request, question)
        try:
            await asyncio.wait((question.done,))
        except asyncio.CancelledError:
            self.abandon(request_id)
            raise
        return question

    def observe(self, since: tuple[int, int] | None, /) -> Observer:
        """Observe from now on, or after fact `since` (epoch, seq)."""
        return Observer(self, since)

    async def listen(self, topic: str, /) -> Listener | Refusal:
        """Be handed every message of a topic from now on, until the listener is closed."""
        listener, count = self._listeners.open(topic)
        try:
            response = await self.request(ListenCommand(topic, count))
        except asyncio.CancelledError:
            listener.close()
            raise
        if isinstance(response, Refusal):
            listener.close()
            return response
        return listener

    def _fewer_listen(self, topic: str, count: int) -> None:
        """One has closed (`listeners.Listeners`)."""
        if not self.halted.done():
            self.ask(self.next_request(), ListenCommand(topic, count), _Question(self.hub))

    def record(self) -> list[Fact]:
        """What it remembers for the incident record, oldest first."""
        return self._record.read()

    def fault(
        self,
        kind: FaultKind,
        peers: tuple[NodeId, ...],
        direction: Direction,
        fraction: float,
        delay_ms: int,
    ) -> tuple[str, ...]:
        """Hurt or heal the transport; says what is in force now."""
        changed = self._faults.apply(Fault(kind, peers, direction, fraction, delay_ms))
        in_force = self._faults.in_force()
        for each, whom in changed:
            self.feed(FaultSet(each, whom, "; ".join(in_force), kind == "heal", in_force))
        return in_force


def _resident_opener() -> Callable[[], int]:
    """How this system tells a process its resident size; Linux tells the present one, cheaply."""
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        # macOS only tells the largest so far, in bytes.
        return lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    page = os.sysconf("SC_PAGE_SIZE")
    return lambda: int(os.pread(statm, 128, 0).split()[1]) * page


resident_bytes: Final = _resident_opener()
