"""A world we own: real `Node`s on virtual machines, one heap of integer microseconds, one seed.

Decides in which order things happen, and nothing else: what nodes do is theirs, how late packets
are is `network`'s, what survives is `disk`'s. Equal seeds give equal worlds, byte for byte, which
`digest` shows. The nodes are the very objects that run on sockets; packets are handed over as the
frozen values they are, because `tests/runtime/test_wire.py` proves that they survive the wire.

A process that dies leaves a kernel behind: its peers hear their connections close, and new ones
are refused. A machine that dies (`silent`) leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Final

from cluster.config import MS, SECOND, Config
from cluster.model.facts import Fact, Payload
from cluster.model.member import NodeId
from cluster.protocol.effects import (
    CancelTimer,
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
    LeaveCommand,
    LinkClosed,
    Measured,
    Persisted,
    PersistRefused,
    Received,
    Request,
    Requested,
    RequestId,
    Rotted,
    TimerFired,
    TimerKey,
)
from cluster.protocol.node import Node
from cluster.sim.dice import Dice, below
from cluster.sim.digest import digest
from cluster.sim.disk import Disk
from cluster.sim.host import DATAGRAM, PACKET_BYTES, SOCKET_PACKETS, UNSENT_MAX, Clock, Host
from cluster.sim.network import CALM, Network, Weather

START: Final = 1_000_000 * SECOND
"""When worlds begin: late enough for epochs to look like real ones, early enough to be read."""
EPOCH_US: Final = MS
"""The unit of boot epochs (`cluster.runtime.disk.directory`)."""
RESET_US: Final = MS
"""How long the news of a closed or refused connection takes."""
LAB: Final = NodeId("lab")
"""Who tells of the faults: the god of this world, as the lab is of the real one."""
PULSE: Final = ("pulse",)

Action = Callable[[], None]
Watcher = Callable[[Fact], None]
Then = Callable[[Response | None], None]
Scribe = Callable[[Host, Persist], None]
Hearer = Callable[[Host, HandOver], None]
_Event = tuple[int, int, Action | None, Host | None, int, Received | None, TimerKey | None, int]
"""(due, order, action, host, the host's boot, packet, timer, due by the host's clock): something to
call, or, for a host, a packet (`DATAGRAM`, or 0), a timer, or neither at the end of a commit."""


class World:
    """Hosts, a network and virtual time."""

    def __init__(self, seed: int, config: Config, weather: Weather = CALM) -> None:
        self.seed = seed
        self.config = config
        self.dice = Dice(seed)
        self.network = Network(self.dice.stream("network"), weather)
        self.hosts: dict[NodeId, Host] = {}
        self.now = START
        self.delivered = 0
        """Messages that arrived so far."""
        self.handled = 0
        """Inputs that nodes took so far."""
        self.watchers: list[Watcher] = []
        """Each is told every fact, in the order of this world."""
        self.scribes: list[Scribe] = []
        """Each is told what a node asks its disk to store, before it is stored."""
        self.hearers: list[Hearer] = []
        """Each is told what the listeners of a node are handed (`ListenCommand`)."""
        self.marks: list[int] = []
        """The state of the digest after every thousand inputs: two runs are compared by these."""
        self.journal: list[str] | None = None
        """When a list, every input is written down in it, in words."""
        self._heap: list[_Event] = []
        self._order = 0
        self._by_address: dict[str, Host] = {}
        self._asks: dict[RequestId, tuple[Host, Then]] = {}
        self._requests = 0
        self._told = 0
        self._hash = 0
        self._disk_dice = self.dice.stream("disks")
        self._wake_dice = self.dice.stream("wakes")

    # --- hosts ---------------------------------------------------------------------------------

    def host(self, name: str) -> Host:
        """The machine of that name, made when it is first asked for."""
        node_id = NodeId(name)
        found = self.hosts.get(node_id)
        if found is None:
            found = self.hosts[node_id] = Host(node_id, len(self.hosts) + 1)
            self._by_address[found.address] = found
        return found

    def start(self, name: str, seeds: tuple[str, ...] = ()) -> None:
        """Start a node on its machine, with the disk as it is."""
        host = self.host(name)
        assert host.node is None, f"{name} runs already"
        host.boots += 1
        host.clock.boot(self.now)
        host.timers.clear()
        host.held.clear()
        host.unsent.clear()
        host.held_datagrams = host.lag_us = host.bytes_out = 0
        host.paused, host.clogged, host.silent, host.halted = False, False, False, None
        disk = host.disk
        disk.epoch = max(disk.epoch + 1, host.clock.local(self.now) // EPOCH_US)
        disk.open()
        rng = Random(f"{self.seed}/{name}/{host.boots}")
        addresses = (host.address, host.window)
        host.node = Node(host.name, disk.epoch, *addresses, self.config, disk, rng)
        self._give(host, Booted(tuple(self.host(s).address for s in seeds), pid=host.boots))

    def kill(self, name: str, *, silent: bool = False) -> None:
        """End a process without a word; `silent`: its machine too, so that nothing is refused."""
        host = self.host(name)
        if host.node is None:
            return
        host.disk.crash(committed=self._disk_dice.random() < 0.5)
        self._gone(host, silent=silent)

    def _gone(self, host: Host, *, silent: bool) -> None:
        host.node = None
        host.paused, host.silent = False, silent
        host.timers.clear()
        host.held.clear()
        for request in sorted(host.asked):
            _, then = self._asks.pop(request)
            self.after(RESET_US, lambda then=then: then(None))
        host.asked.clear()
        if not silent:
            for peer in self.hosts.values():
                if peer is not host and peer.node is not None:
                    self.after(RESET_US, lambda peer=peer: self._closed(peer, host))

    def _closed(self, peer: Host, gone: Host) -> None:
        """A peer's kernel says that the connection to a dead process ended; it dials again."""
        if self._reachable(peer, gone):
            self._give(peer, LinkClosed(gone.address, "closed"))
            if gone.node is None:
                self.after(RESET_US, lambda: self._refused(peer, gone, peer.boots))

    def _refused(self, peer: Host, gone: Host, boot: int) -> None:
        if peer.boots == boot and gone.node is None and self._reachable(peer, gone):
            self._give(peer, LinkClosed(gone.address, "refused"))

    def _reachable(self, a: Host, b: Host) -> bool:
        cut = self.network.is_cut
        return not cut(a.name, b.name) and not cut(b.name, a.name)

    def wipe(self, name: str) -> None:
        """The disk of a stopped node is lost."""
        host = self.host(name)
        assert host.node is None, f"{name} runs on that disk"
        host.disk = Disk()

    def pause(self, name: str) -> None:
        """Stop a process where it is (SIGSTOP)."""
        self.host(name).paused = True

    def resume(self, name: str) -> None:
        """Let it go on: what arrived and what came due are handled now, either of them first."""
        host = self.host(name)
        if not host.paused:
            return
        host.paused = False
        timers_first = self._wake_dice.random() < 0.5
        if timers_first:
            self._overdue(host)
        self._read(host)
        if not timers_first:
            self._overdue(host)

    def clog(self, name: str) -> None:
        """Let its messages wait, both ways, while its timers run: it accuses whom it cannot hear."""
        self.host(name).clogged = True

    def unclog(self, name: str) -> None:
        """What waited to leave leaves, what waited to be read is read."""
        host = self.host(name)
        host.clogged = False
        unsent, host.unsent = host.unsent, []
        for send in unsent:
            self._send(host, send)
        self._read(host)

    def _read(self, host: Host) -> None:
        """What waited in its sockets."""
        if host.paused:
            return
        held, host.held, host.held_datagrams = host.held, [], 0
        for boot, event in held:
            if host.boots == boot:
                self._give(host, event)

    def _overdue(self, host: Host) -> None:
        local = host.clock.local(self.now)
        late = sorted((due, timer) for timer, due in host.timers.items() if due <= local)
        for due, timer in late:
            if host.timers.get(timer) == due and host.running:
                self._fire(host, timer, due, local - due)

    def skew(self, name: str, offset_us: int, drift_ppm: int) -> None:
        """Set a machine's clock wrong (from its next boot) and let it run too fast or slow."""
        clock: Clock = self.host(name).clock
        clock.offset_us = offset_us
        clock.drift(self.now, drift_ppm)

    def leave(self, name: str) -> None:
        """Ask a node to leave; it halts after its farewell."""
        self.ask(name, LeaveCommand(), lambda _response: None)

    def tell(self, payload: Payload) -> None:
        """State a fact that only the god of this world knows (an injected fault)."""
        self._told += 1
        fact = Fact(LAB, 1, self._told, self.now, self.now, payload)
        for watcher in self.watchers:
            watcher(fact)

    # --- time ----------------------------------------------------------------------------------

    def at(self, due: int, action: Action) -> None:
        """Call something at a moment of virtual time (microseconds)."""
        self._order += 1
        heappush(self._heap, (due, self._order, action, None, 0, None, None, 0))

    def after(self, delay: int, action: Action) -> None:
        """Call it after so many microseconds."""
        self.at(self.now + delay, action)

    def run(self, until: int) -> None:
        """Let everything happen that is due by then."""
        self._play(until)
        self.now = max(self.now, until)

    def until(self, condition: Callable[[], bool], limit_us: int) -> bool:
        """Run until the condition holds; False when it still does not after `limit_us`."""
        end = self.now + limit_us
        if self._play(end, condition):
            return True
        self.now = end
        return condition()

    def _play(self, end: int, enough: Callable[[], bool] | None = None) -> bool:
        """Let happen what is due by then, or until it is `enough`, which is asked before each."""
        heap = self._heap
        while enough is None or not enough():
            if not heap or heap[0][0] > end:
                return False
            self.now, _, action, host, boot, packet, timer, due = heappop(heap)
            if action is not None:
                action()
            elif host is None or host.boots != boot or host.node is None:
                pass  # for a process that has ended
            elif packet is not None:
                self.delivered += 1
                if host.clogged or host.paused:
                    self._hold(host, packet, datagram=due == DATAGRAM)
                else:
                    self._give(host, packet)
            elif timer is not None:
                self._timer_due(host, timer, due)
            else:
                self._committed(host)
        return True

    def _timer_due(self, host: Host, timer: TimerKey, due: int) -> None:
        if host.timers.get(timer) != due or host.paused:
            return  # cancelled or set anew; `resume` looks after those of a paused host
        late = host.clock.local(self.now) - due
        if late < 0:
            self._set_timer(host, timer, due)  # the clock was slowed down meanwhile
            return
        self._fire(host, timer, due, late)

    def _fire(self, host: Host, timer: TimerKey, due: int, late: int) -> None:
        del host.timers[timer]
        if late > host.lag_us:
            host.lag_us = late
        if timer == PULSE:
            self._give(host, Measured(host.lag_us, 0, host.bytes_out))
            host.lag_us = host.bytes_out = 0
        self._give(host, TimerFired(timer, due))

    def _set_timer(self, host: Host, timer: TimerKey, due: int) -> None:
        host.timers[timer] = due
        self._order += 1
        moment = host.clock.world(due, self.now)
        heappush(self._heap, (moment, self._order, None, host, host.boots, None, timer, due))

    # --- one input -----------------------------------------------------------------------------

    def _give(self, host: Host, event: Input) -> None:
        node = host.node
        if node is None:
            return
        if host.paused:
            self._hold(host, event, datagram=False)
            return
        effects = node.handle(event, host.clock.local(self.now))
        self.handled += 1
        self._hash = hash((self._hash, self.now, host.index, len(effects)))
        if self.handled % 1_000 == 0:
            self.marks.append(self._hash)
        if self.journal is not None:
            self.journal.append(f"{self.now} {host.name} {event} -> {len(effects)} effects")
        for effect in effects:
            # The busiest first, and by type: `isinstance` of another's costs three times as much.
            if type(effect) is Emit:
                for watcher in self.watchers:
                    watcher(effect.fact)
            elif type(effect) is Send:
                self._send(host, effect)
            elif type(effect) is SetTimer:
                self._set_timer(host, effect.timer, effect.due)
            else:
                self._perform(host, effect)
        found = host.disk.found
        while found:
            self._give(host, Rotted("record", found.pop(), 1))

    def _hold(self, host: Host, event: Input, *, datagram: bool) -> None:
        if datagram:
            if host.held_datagrams >= SOCKET_PACKETS:
                return
            host.held_datagrams += 1
        host.held.append((host.boots, event))

    def _perform(self, host: Host, effect: Persist | Reply | CancelTimer | HandOver | Halt) -> None:
        match effect:
            case CancelTimer(timer):
                host.timers.pop(timer, None)
            case Persist():
                for scribe in self.scribes:
                    scribe(host, effect)
                if host.disk.persist(effect):
                    # One turn of the event loop: what else it writes shares the commit.
                    boot = host.boots
                    self.at(self.now, lambda: self._commit(host, boot))
            case Reply(request, response):
                self._reply(host, request, response)
            case HandOver():
                for hearer in self.hearers:
                    hearer(host, effect)
            case Halt():
                host.halted = effect
                host.disk.crash(committed=True)
                self._gone(host, silent=False)

    def _reply(self, host: Host, request: RequestId, response: Response) -> None:
        asked = self._asks.pop(request, None)
        if asked is not None:
            host.asked.discard(request)
            then = asked[1]
            # Not at once: a client that asks again must not come between this input's effects.
            self.at(self.now, lambda: then(response))

    # --- disks ---------------------------------------------------------------------------------

    def _commit(self, host: Host, boot: int) -> None:
        if host.boots == boot and host.node is not None and host.disk.begin():
            quick, slow = host.disk.sync_us
            due = self.now + quick + below(self._disk_dice, slow - quick + 1)
            self._order += 1
            heappush(self._heap, (due, self._order, None, host, boot, None, None, 0))

    def _committed(self, host: Host) -> None:
        token, refused = host.disk.end()
        if host.disk.waiting:
            self._commit(host, host.boots)
        if refused:
            for lost in refused:
                self._give(host, PersistRefused(lost, "no space left on device"))
        else:
            self._give(host, Persisted(token))

    # --- packets -------------------------------------------------------------------------------

    def _send(self, host: Host, send: Send) -> None:
        if host.clogged:
            if len(host.unsent) < UNSENT_MAX:
                host.unsent.append(send)
            return
        target = self._by_address.get(send.address)
        host.bytes_out += PACKET_BYTES
        if target is None:
            return
        if send.channel == "datagram":
            dues = self.network.datagram(host.name, target.name, self.now)
            for due in dues:
                event = Received(send.packet, host.address, PACKET_BYTES)
                self._arrive(target, event, due, DATAGRAM)
        elif target.node is not None:
            due = self.network.stream(host.name, target.name, self.now)
            if due:
                event = Received(send.packet, host.address, PACKET_BYTES)
                self._arrive(target, event, due)
        elif not target.silent and self._reachable(host, target):
            boot = host.boots
            self.after(RESET_US, lambda: self._refused(host, target, boot))

    def _arrive(self, target: Host, packet: Received, due: int, way: int = 0) -> None:
        self._order += 1
        heappush(self._heap, (due, self._order, None, target, target.boots, packet, None, way))

    # --- clients -------------------------------------------------------------------------------

    def ask(self, name: str, request: Request, then: Then) -> None:
        """Be a client of a node. `then` gets the answer, or None when the node dies before it."""
        host = self.host(name)
        if host.node is None:
            self.after(RESET_US, lambda: then(None))
            return
        self._requests += 1
        number = RequestId(self._requests)
        self._asks[number] = (host, then)
        host.asked.add(number)
        self._give(host, Requested(number, request))

    # --- proof ---------------------------------------------------------------------------------

    def digest(self) -> str:
        """Eight hex digits of everything that happened and of what is on every disk now."""
        return digest(self._hash, self.hosts.values())
