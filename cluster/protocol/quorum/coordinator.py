"""Client operations: which are taken, and when the silent are gone on without.

Any node coordinates any key. Refuses what is too large, too much or impossible before anything is
done; looks after open operations with one timer for all of them (their deadlines come in the order
in which they began). How writes and reads reach their quorums is in `writes` and `reads`.
"""

from __future__ import annotations

from collections import deque

from cluster.config import DataConfig, RingConfig
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.rooms.naming import room_of
from cluster.model.values.typed import reserved
from cluster.protocol.messages import GetRequest, PutRequest, ReadResponse, Refusal
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.masterless import Masterless
from cluster.protocol.policy.policy import Policy
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Asker, DataRequest, Operation
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.quorum.reads import Reads
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.quorum.writes import Writes
from cluster.protocol.swim.membership import Membership


class Coordinator:
    """All operations open at one node."""

    def __init__(
        self,
        out: Outbox,
        config: DataConfig,
        ring: RingConfig,
        members: Membership,
        placement: Placement,
        replica: Replica,
    ) -> None:
        self._out = out
        self._config = config
        self._ring = ring
        self._members = members
        self._placement = placement
        self._replica = replica
        self.book = Book(out, members)
        self.writes = Writes(out, config, members, placement, replica, self.book)
        self.reads = Reads(out, config, members, placement, replica, self.book)
        self.policy: Policy = Masterless()
        """Asked of every operation whether this node may carry it out (set by `Node`)."""
        self._fresh: deque[int] = deque()
        """Operations whose replicas have not been reminded yet, oldest first."""
        self._reading: deque[int] = deque()
        """Reads that have asked nobody beyond the first R yet, oldest first."""
        self._timer_due = 0
        """When the timer of all operations fires; 0 when it is not set."""

    def request(self, asker: Asker, request: DataRequest) -> None:
        """A client asks, or another node on a client's behalf."""
        refusal = self._refuse(request)
        if refusal is None and not (asker.inner or asker.node):
            refusal = _not_for_clients(request)
        if refusal is not None:
            self.book.answer(asker, refusal)
            return
        if isinstance(request, GetRequest) and request.here:
            self.book.answer(asker, self._here(request.key))
            return
        ring = self._placement.ring
        partition = partition_of(request.key, ring.partitions)
        op = self.book.begin(asker, request, partition, ring.owners[partition])
        forwarded = asker.node and not asker.relayed
        was = self._out.because(op.told or self._out.cause)
        if forwarded or self.policy.takes(op):
            self.carry_out(op)
        self._out.because(was)
        self._arm()

    def carry_out(self, op: Operation) -> None:
        """Let the owners on the ring do it."""
        op.carried = True
        self._fresh.append(op.number)
        match op.request:
            case GetRequest() as request:
                self.reads.begin(op, request)
                self._reading.append(op.number)
                self._wake_by(op.started + self.reads.patience())
            case request:
                self.writes.begin(op, request)
        self._arm()

    def _here(self, key: bytes) -> ReadResponse:
        """What this node alone holds."""
        ring = self._placement.ring
        partition = partition_of(key, ring.partitions)
        owner = self._out.name in ring.owners[partition]
        held = self._replica.read(partition, key)
        return ReadResponse(held, (self._out.name,), 1 if owner else 0)

    def _refuse(self, request: DataRequest) -> Refusal | None:
        config = self._config
        if not request.key:
            return Refusal(400, "empty key", "a key has at least one byte")
        if len(request.key) > config.key_bytes_max:
            return Refusal(413, "key too long", f"a key has at most {config.key_bytes_max} bytes")
        if isinstance(request, PutRequest):
            if len(request.value) > config.value_bytes_max:
                limit = f"a value has at most {config.value_bytes_max} bytes"
                return Refusal(413, "value too long", limit)
            if reserved(request.content_type):
                return Refusal(400, "reserved type", f"only updates store {request.content_type}")
        if isinstance(request, GetRequest):
            asked, primaries = request.r, request.pr
        else:
            asked, primaries = request.w, request.pw
        asked = max(asked, primaries)
        if asked and self._out.config.architecture.kind != "masterless":
            why = f"a {self._out.config.architecture.kind} cluster decides how many copies it asks"
            return Refusal(400, "quorum fixed", f"{why}: leave r, w, pr and pw out")
        if asked > self._ring.replicas:
            limit = f"there are {self._ring.replicas} copies of each key, {asked} were asked for"
            return Refusal(400, "quorum too large", limit)
        if self._members.leaving:
            return Refusal(503, "leaving", "not written: this node is leaving, ask another")
        if len(self.book.open) >= config.operations_max:
            return Refusal(503, "overload", "not written: too many operations here, try again")
        return None

    # --- waiting ------------------------------------------------------------------------------

    def _arm(self) -> None:
        if self._timer_due or not self.book.open:
            return
        oldest = next(iter(self.book.open.values()))
        due = oldest.started + self._config.operation_timeout_us
        while self._fresh and self._fresh[0] not in self.book.open:
            self._fresh.popleft()
        if self._fresh:
            fresh = self.book.open[self._fresh[0]]
            due = min(due, fresh.started + self._config.replica_timeout_us)
        while self._reading and self._reading[0] not in self.book.open:
            self._reading.popleft()
        if self._reading:
            reading = self.book.open[self._reading[0]]
            due = min(due, reading.started + self.reads.patience())
        self._timer_due = due
        self._out.set_timer(("ops",), due)

    def _wake_by(self, due: int) -> None:
        """A read waits more briefly than what the timer was set for."""
        if self._timer_due > due:
            self._timer_due = due
            self._out.set_timer(("ops",), due)

    def sweep(self) -> None:
        """Remind the operations whose replicas are late; end those whose time is up."""
        self._timer_due = 0
        now = self._out.now
        self._speculate()
        while self._fresh:
            op = self.book.open.get(self._fresh[0])
            if op is not None and now - op.started < self._config.replica_timeout_us:
                break
            self._fresh.popleft()
            if op is not None:
                for node in list(op.pending):
                    self._replace(op, node)
        while self.book.open:
            op = next(iter(self.book.open.values()))
            if now - op.started < self._config.operation_timeout_us:
                break
            if not op.carried:
                self.policy.expired(op)
            elif isinstance(op.request, GetRequest):
                self.reads.expire(op)
            else:
                self.writes.expire(op)
        self._arm()

    def _speculate(self) -> None:
        patience = self.reads.patience()
        while self._reading:
            op = self.book.open.get(self._reading[0])
            if op is not None and self._out.now - op.started < patience:
                return
            self._reading.popleft()
            if op is not None:
                self.reads.speculate(op)

    def _replace(self, op: Operation, silent: NodeId) -> None:
        self._out.because(op.told)
        if isinstance(op.request, GetRequest):
            self.reads.replace(op)
        else:
            self.writes.replace(op, op.request, silent)

    def peer_lost(self, name: NodeId) -> None:
        """The link to a node broke: what it has not answered it may never answer."""
        self.policy.peer_lost(name)
        for op in list(self.book.open.values()):
            if op.carried and name in op.pending:
                self._replace(op, name)


def _not_for_clients(request: DataRequest) -> Refusal | None:
    if isinstance(request, GetRequest) or room_of(request.key) is None:
        return None
    return Refusal(400, "reserved key", "only rooms write under room/: speak to the room instead")
