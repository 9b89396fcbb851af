"""A small world for the core's tests: real `Node`s, one heap, virtual time, seeded chance.

Not the simulator (that is a later chapter): just enough network and disk to see whole nodes talk.
Packets go through the real codec, so that a test also proves that what is said can be said.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from random import Random
from typing import TypeVar

import msgspec

from cluster.config import DEMO, MS, Config
from cluster.model.facts import Fact
from cluster.model.fingerprint import leaf_of
from cluster.model.fingerprint import position as _position
from cluster.model.member import Address, MemberState, NodeId
from cluster.model.versions import Record
from cluster.protocol.effects import (
    CancelTimer,
    DropAll,
    DropHint,
    DropRecord,
    Effect,
    Emit,
    Halt,
    HandOver,
    Persist,
    PutHint,
    PutMeta,
    PutRecord,
    Reply,
    Response,
    Send,
    SetTimer,
)
from cluster.protocol.inputs import (
    Booted,
    Input,
    LinkClosed,
    Persisted,
    PersistRefused,
    Received,
    Request,
    Requested,
    RequestId,
    TimerFired,
    TimerKey,
)
from cluster.protocol.messages import Packet
from cluster.protocol.node import Node

T = TypeVar("T")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Packet).decode
position = cache(_position)
START = 1_000_000_000_000


class MemoryRecords:
    """`Records` in dictionaries. What was not synced is lost by `crash`."""

    def __init__(self) -> None:
        self.records: dict[int, dict[bytes, Record]] = {}
        self.notes: dict[tuple[NodeId, int, bytes], int] = {}
        self.metas: dict[str, bytes] = {}

    def load(self, partition: int, key: bytes) -> Record | None:
        return self.records.get(partition, {}).get(key)

    def scan(self, partition: int, after: bytes, bytes_max: int) -> list[tuple[bytes, Record]]:
        return self._page(
            sorted(self.records.get(partition, ()), key=position), partition, after, bytes_max
        )

    def leaf(
        self, partition: int, leaf: int, leaves: int, after: bytes, bytes_max: int
    ) -> list[tuple[bytes, Record]]:
        held = (k for k in self.records.get(partition, ()) if leaf_of(position(k), leaves) == leaf)
        return self._page(sorted(held, key=position), partition, after, bytes_max)

    def _page(
        self, keys: list[bytes], partition: int, after: bytes, bytes_max: int
    ) -> list[tuple[bytes, Record]]:
        found: list[tuple[bytes, Record]] = []
        size = 0
        for key in keys:
            if size >= bytes_max:
                break
            if not after or position(key) > position(after):
                record = self.records[partition][key]
                found.append((key, record))
                size += len(key) + sum(len(s.value or b"") for s in record.versions.siblings)
        return found

    def keys(self, partition: int) -> int:
        return len(self.records.get(partition, ()))

    def hints(self) -> Iterator[tuple[NodeId, int, bytes, int]]:
        for (target, partition, key), at in list(self.notes.items()):
            yield target, partition, key, at

    def meta(self, name: str) -> bytes | None:
        return self.metas.get(name)

    def copy(self) -> MemoryRecords:
        twin = MemoryRecords()
        twin.become(self)
        return twin

    def become(self, other: MemoryRecords) -> None:
        self.records = {p: dict(held) for p, held in other.records.items()}
        self.notes = dict(other.notes)
        self.metas = dict(other.metas)

    def apply(self, persist: Persist) -> None:
        for write in persist.writes:
            match write:
                case PutRecord(partition, key, record):
                    self.records.setdefault(partition, {})[key] = record
                case DropRecord(partition, key):
                    self.records.get(partition, {}).pop(key, None)
                case PutHint(target, partition, key, at):
                    self.notes[target, partition, key] = at
                case DropHint(target, partition, key):
                    self.notes.pop((target, partition, key), None)
                case PutMeta(name, blob):
                    self.metas[name] = blob
                case DropAll():
                    self.records.clear()
                    self.notes.clear()


class Host:
    """One machine of the world: a node, its timers, its disk."""

    def __init__(self, name: NodeId) -> None:
        self.name = name
        self.address = Address(f"10.0.0.{name[1:]}:7000")
        self.node: Node | None = None
        self.records = MemoryRecords()
        self.disk = MemoryRecords()
        self.boots = 0
        self.timers: dict[TimerKey, int] = {}
        self.paused = False
        self.held: list[Callable[[], None]] = []
        self.halted: Halt | None = None
        self.disk_full = False
        self.queued: list[Persist] = []
        """Writes that reads see and the disk does not have yet."""


class World:
    """Hosts, a network, virtual time."""

    def __init__(self, size: int = 0, seed: int = 1, config: Config = DEMO) -> None:
        self.config = config
        self.rng = Random(seed)
        self.now = START
        self.hosts: dict[NodeId, Host] = {}
        self.facts: list[Fact] = []
        self.replies: dict[RequestId, Response] = {}
        self.cuts: set[tuple[NodeId, NodeId]] = set()
        self.loss = 0.0
        self.sent: list[tuple[NodeId, NodeId, Packet]] = []
        self.handed: list[tuple[NodeId, HandOver]] = []
        self._order = count()
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._request = count(1)
        for i in range(1, size + 1):
            self.start(NodeId(f"n{i}"), seeds=("n1",) if i > 1 else ())

    # --- hosts ----------------------------------------------------------------------------------

    def start(self, name: str, seeds: tuple[str, ...] = (), *, wipe: bool = False) -> None:
        node_id = NodeId(name)
        host = self.hosts.setdefault(node_id, Host(node_id))
        host.boots += 1
        if wipe:
            host.disk = MemoryRecords()
        host.records = host.disk.copy()
        host.queued = []
        host.timers = {}
        host.paused = False
        host.halted = None
        epoch = max(host.boots, self.now // MS)
        host.node = Node(
            node_id,
            epoch + host.boots,
            host.address,
            Address(f"10.0.0.{name[1:]}:8000"),
            self.config,
            host.records,
            Random(self.rng.random()),
        )
        addresses = tuple(self.hosts[NodeId(s)].address for s in seeds)
        self.give(host, Booted(addresses, pid=1))

    def kill(self, name: str) -> None:
        host = self.hosts[NodeId(name)]
        host.node = None
        host.timers = {}
        for peer in self.hosts.values():
            if peer is not host and (peer.name, host.name) not in self.cuts:
                self._later(1 * MS, lambda p=peer: self._link_closed(p, host, "closed"))

    def pause(self, name: str) -> None:
        self.hosts[NodeId(name)].paused = True

    def resume(self, name: str) -> None:
        host = self.hosts[NodeId(name)]
        host.paused = False
        held, host.held = host.held, []
        for action in held:
            action()

    def partition(self, *groups: tuple[str, ...]) -> None:
        self.cuts.clear()
        side = {NodeId(n): i for i, group in enumerate(groups) for n in group}
        for a in side:
            for b in side:
                if side[a] != side[b]:
                    self.cuts.add((a, b))

    def heal(self) -> None:
        self.cuts.clear()

    def _link_closed(self, host: Host, gone: Host, reason: str) -> None:
        self.give(host, LinkClosed(gone.address, "closed" if reason == "closed" else "refused"))
        if reason == "closed" and gone.node is None:
            self._later(1 * MS, lambda: self._link_closed(host, gone, "refused"))

    # --- time -----------------------------------------------------------------------------------

    def _later(self, delay: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now + delay, next(self._order), action))

    def run(self, seconds: float) -> None:
        end = self.now + int(seconds * 1_000_000)
        while self._heap and self._heap[0][0] <= end:
            self.now, _, action = heapq.heappop(self._heap)
            action()
        self.now = end

    def until(self, condition: Callable[[], bool], seconds: float, what: str = "") -> float:
        """Run until the condition holds; returns the virtual seconds it took."""
        start = self.now
        end = start + int(seconds * 1_000_000)
        while not condition():
            due = self._heap[0][0] if self._heap else end + 1
            assert due <= end, f"not within {seconds} s: {what}"
            self.now, _, action = heapq.heappop(self._heap)
            action()
        return (self.now - start) / 1_000_000

    # --- effects --------------------------------------------------------------------------------

    def give(self, host: Host, event: Input) -> None:
        if host.node is None:
            return
        if host.paused:
            host.held.append(lambda: self.give(host, event))
            return
        for effect in host.node.handle(event, self.now):
            self._perform(host, effect)

    def _perform(self, host: Host, effect: Effect) -> None:
        match effect:
            case Send():
                self._send(host, effect)
            case SetTimer(timer, due):
                host.timers[timer] = due
                node = host.node
                self._later(max(0, due - self.now), lambda: self._fire(host, node, timer, due))
            case CancelTimer(timer):
                host.timers.pop(timer, None)
            case Persist():
                host.records.apply(effect)
                host.queued.append(effect)
                node = host.node
                self._later(1 * MS, lambda: self._synced(host, node, effect))
            case Reply(request, response):
                self.replies[request] = response
            case Emit(fact):
                self.facts.append(fact)
            case HandOver():
                self.handed.append((host.name, effect))
            case Halt():
                host.halted = effect
                host.node = None

    def _fire(self, host: Host, node: Node | None, timer: TimerKey, due: int) -> None:
        if host.node is node and host.timers.get(timer) == due:
            if host.paused:
                host.held.append(lambda: self._fire(host, node, timer, due))
                return
            del host.timers[timer]
            self.give(host, TimerFired(timer, due))

    def _synced(self, host: Host, node: Node | None, persist: Persist) -> None:
        if host.node is not node or persist not in host.queued:
            return
        if host.disk_full:
            # As the real store has it: all that was queued is undone, then each is refused.
            refused, host.queued = host.queued, []
            host.records.become(host.disk)
            for each in refused:
                self.give(host, PersistRefused(each.token, "no space left on device"))
        else:
            host.queued.remove(persist)
            host.disk.apply(persist)
            self.give(host, Persisted(persist.token))

    def _send(self, host: Host, send: Send) -> None:
        target = next((h for h in self.hosts.values() if h.address == send.address), None)
        if target is None:
            return
        data = _encode(send.packet)
        if send.channel == "datagram":
            assert len(data) <= 1400, f"{len(data)} bytes: {send.packet}"
        if (host.name, target.name) in self.cuts:
            return
        if send.channel == "datagram" and self.rng.random() < self.loss:
            return
        if target.node is None and send.channel == "stream":
            self._later(1 * MS, lambda: self._link_closed(host, target, "refused"))
            return
        self.sent.append((host.name, target.name, send.packet))
        event = Received(_decode(data), host.address, len(data))
        self._later(self.rng.randint(200, 2_000), lambda: self.give(target, event))

    # --- questions ------------------------------------------------------------------------------

    def ask(self, name: str, request: Request) -> RequestId:
        request_id = RequestId(next(self._request))
        self.give(self.hosts[NodeId(name)], Requested(request_id, request))
        return request_id

    def call(self, name: str, request: Request, seconds: float = 5) -> Response:
        request_id = self.ask(name, request)
        self.until(lambda: request_id in self.replies, seconds, f"an answer to {request}")
        return self.replies[request_id]

    def node(self, name: str) -> Node:
        node = self.hosts[NodeId(name)].node
        assert node is not None
        return node

    def live(self) -> list[Node]:
        return [h.node for h in self.hosts.values() if h.node is not None and not h.paused]

    def sees(self, observer: str, subject: str) -> MemberState | None:
        return self.node(observer).members.state(NodeId(subject))

    def all_see(self, subject: str, state: MemberState) -> bool:
        return all(
            node.members.state(NodeId(subject)) is state
            for node in self.live()
            if node.name != subject
        )

    def agreed(self) -> bool:
        """One view, one ring, everything filled."""
        nodes = self.live()
        return (
            len({n.members.digest() for n in nodes}) == 1
            and len({n.placement.ring.digest for n in nodes}) == 1
            and all(n.placement.ring.members == n.members.ring_members() for n in nodes)
            and not any(n.transfers.filling for n in nodes)
        )

    def told(self, kind: type[T], by: str = "") -> list[T]:
        """Payloads of the facts of one kind so far."""
        return [f.payload for f in self.facts if isinstance(f.payload, kind) and by in ("", f.node)]
