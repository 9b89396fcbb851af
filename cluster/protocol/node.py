"""One node of the cluster: every machine, and which of them an input is for.

`Node.handle(input, now)` is the whole interface: pure, deterministic in its inputs, its `Random`
and its `Records`. This file only routes and wires; each rule lives in the machine it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from cluster.config import Config
from cluster.model.facts import (
    FaultHealed,
    FaultInjected,
    NodeStarted,
    PersistFailed,
    RecordRotted,
    StallNoticed,
)
from cluster.model.member import Address, NodeId
from cluster.model.ring import Ring
from cluster.model.versions import Record
from cluster.protocol.effects import DropAll, Effect, PutMeta, Records
from cluster.protocol.farewell import Farewell
from cluster.protocol.flow.flows import Flows
from cluster.protocol.inbox import Inbox
from cluster.protocol.inputs import (
    Abandoned,
    Booted,
    DrainCommand,
    FaultSet,
    FlowCommand,
    FlowQuery,
    FlowStop,
    Input,
    JoinCommand,
    LeaveCommand,
    LinkClosed,
    Measured,
    Persisted,
    PersistRefused,
    Received,
    Rejected,
    Requested,
    RoomsQuery,
    Rotted,
    SnapshotQuery,
    TimerFired,
    TimerKey,
    TransferCommand,
)
from cluster.protocol.memory import NAME, Memory, recall
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    PutRequest,
    Refusal,
    RoomRequest,
    UpdateRequest,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.kinds import policy_of, shaped
from cluster.protocol.quorum.coordinator import Coordinator
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.operation import Asker
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.repair.exchange import Exchange
from cluster.protocol.repair.leaf import Leaves
from cluster.protocol.repair.reaper import Reaper
from cluster.protocol.repair.seals import Seals
from cluster.protocol.repair.shelf import Shelf
from cluster.protocol.repair.strays import Strays
from cluster.protocol.repair.tree import Trees
from cluster.protocol.report import Report, Sources
from cluster.protocol.rooms.rooms import Rooms
from cluster.protocol.spread.topics import Topics
from cluster.protocol.swim.introduction import Introduction
from cluster.protocol.swim.membership import Membership
from cluster.protocol.swim.prober import Prober
from cluster.protocol.transfer.drain import Drain
from cluster.protocol.transfer.transfers import Transfers


class Node:
    """A member of the cluster, without a clock, a socket or a disk of its own."""

    def __init__(
        self,
        name: NodeId,
        epoch: int,
        gossip: Address,
        window: Address,
        config: Config,
        records: Records,
        rng: Random,
    ) -> None:
        self.name = name
        self.epoch = epoch
        config = self.config = shaped(config)
        out = self._out = Outbox(name, epoch, config)
        shelf = self._shelf = records = Shelf(records)
        out.on_writes = shelf.wrote
        members = self.members = Membership(out, config.membership, gossip, window)
        out.piggyback = lambda room: members.rumours.take(room, len(members.claims))
        placement = self.placement = Placement(out, config, members)
        hints = self.hints = Hints(out, config.data, members, placement, records)
        self.seals = Seals(out, config.reap, records)
        replica = self.replica = Replica(out, records, placement, hints, self.seals)
        self.coordinator = Coordinator(out, config.data, config.ring, members, placement, replica)
        self.policy = self.coordinator.policy = policy_of(
            out, members, self.coordinator, records, rng
        )
        self.transfers = Transfers(out, config.data, members, placement, records, replica)
        self.coordinator.reads.filling = self.transfers.filling
        self.trees = Trees(out, config.repair, shelf, config.ring.partitions)
        shelf.on_change = self._record_changed
        self.strays = Strays(out, config.repair, placement, shelf, hints, self.trees)
        self.strays.on_drop = self.transfers.holdings.dropping
        self.exchange = Exchange(
            out,
            config.repair,
            members,
            placement,
            self.trees,
            Leaves(config.repair, shelf),
            replica,
            self.coordinator.book,
            self.strays,
        )
        self.exchange.filling = self.transfers.filling
        self.drain = Drain(out, config, members, placement, records, self.transfers, hints)
        self.drain.homes = self.strays.homes
        book = self.coordinator.book
        self.reaper = Reaper(out, config.reap, members, placement, records, hints, book, self.seals)
        self.prober = Prober(out, config.membership, members, rng)
        self.farewell = Farewell(out, members, self.drain, self.prober.tell)
        self.drain.on_leave = self.farewell.ready
        self.introduction = Introduction(out, config.membership, members, rng)
        self.topics = Topics(out, config.spread, config.observe, members, rng)
        self.rooms = Rooms(out, config, members, placement, self.coordinator, shelf, self.topics)
        self.drain.rooms = self.rooms.left
        self.flows = Flows(out, config.flow, members, rng)
        members.on_ring_changed = placement.members_changed
        members.on_alive = self._member_alive
        members.on_removed = self._doubt_all
        placement.on_changed = self._ring_changed
        sources = Sources(
            members,
            placement,
            hints,
            self.coordinator,
            self.transfers,
            self.drain,
            shelf,
            self.exchange,
            self.rooms,
            self.topics,
        )
        self._report = Report(out, config, sources)
        self._inbox = Inbox(
            out,
            config,
            self._report,
            members,
            self.prober,
            self.introduction,
            replica,
            hints,
            self.coordinator,
            self.transfers,
            self.drain,
            self.topics,
            self.exchange,
            self.reaper,
            self.rooms,
            self.flows,
        )
        # Tables, because a pattern that does not match costs as much as what the busiest inputs do.
        self._hears = self._hearers()
        self._wakes = self._wakers()

    def handle(self, event: Input, now: int) -> list[Effect]:
        """Tell the node what happened at `now` (microseconds); returns what it wants done."""
        self._out.begin(now)
        self._shelf.begin()
        self._hears[type(event)](event)
        if self.rooms.homes.changed():
            self.rooms.look()
        return self._out.drain()

    def _hearers(self) -> Mapping[type, Callable[..., None]]:
        """What each sort of input is for: all of `Input`."""
        return {
            Received: self._inbox.received,
            TimerFired: self._timer,
            Persisted: self._persisted,
            Requested: self._requested,
            LinkClosed: self._link_closed,
            Measured: self._measured,
            Booted: self._boot,
            Rejected: self._report.reject,
            PersistRefused: self._persist_refused,
            Rotted: self._rotted,
            Abandoned: self._abandoned,
            FaultSet: self._fault_set,
        }

    def _persisted(self, event: Persisted) -> None:
        self._report.trouble = ""
        self._out.persisted(event.token)

    def _persist_refused(self, event: PersistRefused) -> None:
        self._report.trouble = event.reason
        self._out.emit(PersistFailed(event.reason))
        self.replica.distrust_actors()
        self._out.persist_refused(event.token, event.reason)
        self.trees.doubt_all()
        self.reaper.doubt_all()

    def _measured(self, event: Measured) -> None:
        self._report.measured = event
        self.members.health.measured(event.lag_us)

    def _rotted(self, event: Rotted) -> None:
        self._report.rotted += event.count
        self._out.emit(RecordRotted(event.kind, event.partition, event.count))
        if event.kind == "record":
            self.trees.doubt((event.partition,))
            self.policy.damaged()

    def _abandoned(self, event: Abandoned) -> None:
        self.coordinator.book.abandon(event.id)

    def _fault_set(self, event: FaultSet) -> None:
        self._report.faults = event.in_force
        if event.healed:
            self._out.emit(FaultHealed(event.kind, self.name, event.peers))
        else:
            self._out.emit(FaultInjected(event.kind, self.name, event.peers, event.detail))

    # --- beginning and end --------------------------------------------------------------------

    def _boot(self, event: Booted) -> None:
        out = self._out
        self._report.boot(event.pid)
        self.members.since[self.name] = out.now
        drained = bool(self._shelf.meta("left"))
        keys = 0
        if drained:
            # All it held is elsewhere, and may have been deleted there since.
            out.persist((DropAll(), PutMeta("left", b"")))
        else:
            self.hints.load()
            self.seals.load()
            keys = sum(self._shelf.keys(p) for p in range(self.config.ring.partitions))
        out.emit(NodeStarted(self.config.profile, event.pid, keys))
        if self.policy.merges:
            self.trees.boot()
            self.exchange.boot()
            out.set_timer(("reap",), out.now + self.config.reap.period_us)
        memory = self._recall()
        if memory is not None:
            self.members.restore(memory.claims)
            self.placement.restore(memory.ring)
            # Who was remembered after a farewell of its own is no member of that ring, and is now.
            self.placement.members_changed()
            self.introduction.greet_all()
            self.transfers.restore(memory.complete)
            if memory.drained:
                self.drain.begin(leaving=False)
        if drained or (memory is None and (event.seeds or self._report.rotted)):
            self._doubt_all()
        self.introduction.join(event.seeds)
        config = self.config.membership
        out.set_timer(("probe",), out.now + config.probe_period_us)
        out.set_timer(("gossip",), out.now + config.gossip_period_us)
        out.set_timer(("push-pull",), out.now + config.push_pull_period_us)
        out.set_timer(("reconnect",), out.now + config.reconnect_period_us)
        out.set_timer(("pulse",), out.now + self.config.observe.pulse_period_us)
        self.policy.boot()
        self.rooms.boot()

    def _doubt_all(self) -> None:
        """What this node holds may lack something: it merges with others before it answers."""
        if self.policy.merges:
            self.transfers.doubt_all()

    def _recall(self) -> Memory | None:
        """What an earlier life stored. A damaged memory is none, and everything is in doubt."""
        blob = self._shelf.meta(NAME)
        memory = recall(blob) if blob is not None else None
        if blob is not None and memory is None:
            self._rotted(Rotted("memory", -1, 1))
        return memory

    def _remember(self) -> None:
        claims = tuple(c for n, c in sorted(self.members.claims.items()) if n != self.name)
        complete = tuple(sorted(self.transfers.holdings.complete))
        stays = self.drain.row()
        drained = stays is not None and not stays.leaving
        memory = Memory(claims, self.placement.ring.members, complete, drained)
        self._out.persist((PutMeta(NAME, memory.blob()),))

    # --- reactions that concern several machines ----------------------------------------------

    def _record_changed(
        self, partition: int, key: bytes, old: Record | None, new: Record | None
    ) -> None:
        self.rooms.record_changed(partition, key, new)
        if self.policy.merges:
            self.trees.changed(partition, key, old, new)
            self.reaper.changed(partition, new)

    def _member_alive(self, name: NodeId) -> None:
        self.introduction.met(name)
        self.prober.newcomer(name)
        self.flows.met(name)
        if self.policy.merges:
            self.hints.deliver(name)
            self.transfers.pump()
            self.exchange.peer_alive(name)

    def _ring_changed(self, old: Ring, new: Ring) -> None:
        if self.policy.merges:
            self.transfers.ring_changed(old, new)
            self.hints.ring_changed(new)
            self.exchange.ring_changed()
            self.drain.ring_changed()
        self._remember()

    def _link_closed(self, event: LinkClosed) -> None:
        name = self.members.name_at(event.address)
        if name is None or name == self.name:
            return
        if event.reason == "refused":
            self.members.suspicions.refused(name)
            self.prober.refused(name)
        if self.members.alive(name):
            self.prober.probe(name)
        self.coordinator.peer_lost(name)
        self.hints.peer_lost(name)
        self.transfers.peer_lost(name)
        self.exchange.peer_lost(name)
        self.flows.link_closed(name)

    # --- requests -----------------------------------------------------------------------------

    def _requested(self, event: Requested) -> None:
        match event.request:
            case PutRequest() | DeleteRequest() | GetRequest() | UpdateRequest() as request:
                self.coordinator.request(Asker(event.id), request)
            case JoinCommand(address):
                if len(self.placement.ring.members) == 1:
                    self._doubt_all()
                self.introduction.join((address,))
                self._out.reply(event.id, None)
            case LeaveCommand():
                self.farewell.leave(event.id, drain=self.policy.merges)
            case DrainCommand() if not self.policy.merges:
                why = "no node of this cluster has places that others could take"
                self._out.reply(event.id, Refusal(409, "nothing to drain", why))
            case DrainCommand(on):
                if on:
                    self.drain.begin(leaving=False)
                else:
                    self.drain.undo()
                self.farewell.tell_all()
                self._remember()
                self._out.reply(event.id, None)
            case TransferCommand() as order:
                self.transfers.command(event.id, order)
            case SnapshotQuery():
                self._out.reply(event.id, self._out.as_of_now(self._report.snapshot()))
            case RoomRequest() | RoomsQuery() as request:
                self.rooms.request(event.id, request)
            case FlowCommand() | FlowStop() | FlowQuery() as request:
                self._out.reply(event.id, self.flows.request(request))
            case request:
                self.topics.request(event.id, request)
                self.rooms.listened()

    # --- timers -------------------------------------------------------------------------------

    def _timer(self, event: TimerFired) -> None:
        self._wakes[event.timer[0]](event.timer, self._out.now - event.due)

    def _probe(self, _timer: TimerKey, late: int) -> None:
        if late > self.config.membership.stall_us:
            self._out.emit(StallNoticed(late))
        if late > self.config.rooms.doubt_us:
            self.rooms.stalled()
        self.prober.tick()

    def _pulse(self, _timer: TimerKey, _late: int) -> None:
        self._report.pulse()
        self.flows.pulse()

    def _wakers(self) -> Mapping[str, Callable[[TimerKey, int], None]]:
        """Who set a timer, by its first word; each is told the timer and how late it is."""
        return {
            "probe": self._probe,
            "ping": lambda timer, late: self.prober.ping_timed_out(int(timer[1]), late),
            "probed": lambda timer, late: self.prober.probe_ended(int(timer[1]), late),
            "gossip": lambda _timer, _late: self.prober.gossip(),
            "suspect": lambda timer, late: self.members.suspicion_expired(NodeId(timer[1]), late),
            "evict": lambda timer, _late: self.members.evict(NodeId(timer[1])),
            "pulse": self._pulse,
            "flow": lambda timer, _late: self.flows.wake(timer[1]),
            "ops": lambda _timer, _late: self.coordinator.sweep(),
            "ring": lambda _timer, _late: self.placement.settle(),
            "nack": lambda timer, _late: self.prober.errand_failed(int(timer[1])),
            "reap": lambda _timer, _late: self.reaper.tick(),
            "push-pull": lambda _timer, _late: self.introduction.push_pull(),
            "reconnect": lambda _timer, _late: self.introduction.reconnect(),
            "remember": lambda _timer, _late: self._remember(),
            "left": lambda _timer, _late: self.farewell.left(),
            "hints": lambda timer, _late: self.hints.retry(NodeId(timer[1])),
            "transfers": lambda _timer, _late: self.transfers.pump(),
            "drain": lambda _timer, _late: self.drain.tick(),
            "spread": lambda timer, _late: self.topics.wake(timer[1]),
            "trees": lambda _timer, _late: self.trees.tick(),
            "exchange": lambda _timer, _late: self.exchange.tick(),
            "strays": lambda _timer, _late: self.strays.tick(),
            "rooms": lambda timer, _late: self.rooms.timer(timer[1:]),
            "room": lambda timer, _late: self.rooms.hall.timer(timer[1], timer[2]),
            "policy": lambda timer, _late: self.policy.timer(timer[1:]),
        }
