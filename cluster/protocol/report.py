"""What a node says of itself as a whole: the snapshot an observer starts from, and the pulse.

Totals here are exact, whatever was traced. Ignores single events; machines state those themselves.
"""

from __future__ import annotations

from msgspec import Struct, field

from cluster.config import Config
from cluster.model.facts import MessageDropped, PulseReported, SnapshotTaken
from cluster.model.summary import Likeness
from cluster.protocol.effects import Records
from cluster.protocol.inputs import Measured, Rejected
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.coordinator import Coordinator
from cluster.protocol.quorum.hints import Hints
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.repair.exchange import Exchange
from cluster.protocol.rooms.rooms import Rooms
from cluster.protocol.spread.topics import Topics
from cluster.protocol.swim.membership import Membership
from cluster.protocol.transfer.drain import Drain
from cluster.protocol.transfer.transfers import Transfers

DROPS_TOLD_PER_PULSE = 5
"""Dropped packets reported one by one; the rest are only counted."""


class Sources(Struct, frozen=True):
    """Where the figures come from."""

    members: Membership
    placement: Placement
    hints: Hints
    coordinator: Coordinator
    transfers: Transfers
    drain: Drain
    records: Records
    exchange: Exchange
    rooms: Rooms
    topics: Topics


class Report(Struct):
    """The running totals of one node."""

    out: Outbox
    config: Config
    sources: Sources
    pid: int = 0
    started_at: int = 0
    measured: Measured = field(default_factory=lambda: Measured(0, 0))
    faults: tuple[str, ...] = ()
    trouble: str = ""
    rotted: int = 0
    bytes_in: int = 0
    pulsed_at: int = 0
    dropped: dict[str, int] = field(default_factory=dict[str, int])

    def boot(self, pid: int) -> None:
        """The node came up."""
        self.pid = pid
        self.started_at = self.pulsed_at = self.out.now

    def reject(self, event: Rejected) -> None:
        """Count something that was not taken; tell the first few of each pulse one by one."""
        count = self.dropped.get(event.reason, 0) + 1
        self.dropped[event.reason] = count
        if count <= DROPS_TOLD_PER_PULSE:
            self.out.emit(MessageDropped(event.reason, event.peer[:128], event.detail[:256]))

    def _keys(self) -> int:
        return sum(map(self.sources.records.keys, self.sources.placement.owned()))

    def _trees(self) -> tuple[Likeness, ...]:
        """Nothing is compared where copies follow a master."""
        merges = self.sources.coordinator.policy.merges
        return self.sources.exchange.table() if merges else ()

    def snapshot(self) -> SnapshotTaken:
        """The whole state, as an observer needs it."""
        sources = self.sources
        own = sources.members.own
        return SnapshotTaken(
            name=own.name,
            incarnation=own.incarnation,
            profile=self.config.profile,
            pid=self.pid,
            gossip=own.gossip,
            window=own.window,
            started_at=self.started_at,
            write_quorum=self.config.data.write_quorum,
            read_quorum=self.config.data.read_quorum,
            members=sources.members.fates(),
            ring=sources.placement.table(),
            keys=self._keys(),
            filling=sources.transfers.waiting(),
            hints=sources.hints.depths(),
            faults=self.faults,
            faults_allowed=self.config.faults_allowed,
            trouble=self.trouble,
            transfers=sources.transfers.rows(),
            trees=self._trees(),
            drain=sources.drain.row(),
            architecture=self.config.architecture.kind,
            rule=sources.coordinator.policy.rule(),
            rooms=tuple(sources.rooms.rows()),
            stock=tuple(map(sources.records.keys, range(self.config.ring.partitions))),
        )

    def pulse(self) -> None:
        """State the totals of the period that ends now, and begin the next."""
        out, sources, measured = self.out, self.sources, self.measured
        out.set_timer(("pulse",), out.now + self.config.observe.pulse_period_us)
        out.emit(
            PulseReported(
                interval_us=out.now - self.pulsed_at,
                incarnation=sources.members.own.incarnation,
                rates=sources.coordinator.book.latencies.take(),
                sent=out.sent,
                received=out.received,
                dropped=self.dropped,
                bytes_out=measured.bytes_out,
                bytes_in=self.bytes_in,
                untraced=out.untraced,
                keys=self._keys(),
                filling=len(sources.transfers.filling),
                hints=sources.hints.depths(),
                heard=dict(sources.members.last_heard),
                view=sources.members.digest(),
                ring=sources.placement.ring.digest,
                lag_us=measured.lag_us,
                resident_bytes=measured.resident_bytes,
                health=sources.members.health.score,
                trees=self._trees(),
                rotted=self.rotted,
                queue=sources.coordinator.policy.queued(),
                delivered=out.delivered,
                rooms=sources.rooms.tally(),
                topics=sources.topics.subscribers.tally(out.published, measured.missed),
                weights=measured.weights,
                round_trips=sources.members.take_round_trips(),
                disk_bytes=measured.disk_bytes,
            )
        )
        out.sent, out.received, self.dropped = {}, {}, {}
        out.untraced = out.delivered = out.published = self.bytes_in = 0
        self.pulsed_at = out.now
