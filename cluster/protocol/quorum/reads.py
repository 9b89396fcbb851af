"""Reads: whom to ask, when enough have answered, and who was found behind.

Asks R replicas, this node first, then one more for each that is late, lost or still being filled;
and one more beside them, once, when they take longer than reads usually do.
A filling owner's versions join the merge (it may hold the newest write) but prove nothing; once
one was met, whoever was asked is waited for, so that reads and writes still meet.
"""

from __future__ import annotations

from collections import deque

from cluster.config import DataConfig
from cluster.model.facts import ReadRepaired
from cluster.model.member import NOBODY, MemberState, NodeId
from cluster.model.versions import Versions, includes, merge
from cluster.protocol.messages import (
    GetRequest,
    ReadResponse,
    Refusal,
    ReplicaRead,
    ReplicaWrite,
)
from cluster.protocol.outbox import Outbox, key_text
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Operation
from cluster.protocol.quorum.placement import Placement
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.swim.membership import Membership


class Reads:
    """The read half of a coordinator."""

    def __init__(
        self,
        out: Outbox,
        config: DataConfig,
        members: Membership,
        placement: Placement,
        replica: Replica,
        book: Book,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._replica = replica
        self._book = book
        self.filling: set[int] = set()
        """Partitions this node owns but may not answer for yet (kept by transfers)."""

    def begin(self, op: Operation, request: GetRequest) -> None:
        """Ask the first R."""
        op.w = request.r or self._config.read_quorum
        op.pw = request.pr
        op.candidates = deque(self._placement.readers(op.partition))
        needed = max(op.w, op.pw)
        if len(op.candidates) < needed:
            have = f"{len(op.candidates)} of {needed} replicas can be reached"
            self._book.finish(op, Refusal(503, "no quorum", have), "failed")
            return
        first = [op.candidates.popleft() for _ in range(needed)]
        # All are pending before any answers: this node's own answer comes at once, and must not
        # look like that of the last one asked.
        op.pending.update(dict.fromkeys(first, NOBODY))
        for node in first:
            self._ask(op, node)

    def _ask_next(self, op: Operation) -> None:
        if not op.candidates or op.answered:
            return
        node = op.candidates.popleft()
        op.pending[node] = NOBODY
        self._ask(op, node)

    def _ask(self, op: Operation, node: NodeId) -> None:
        key = op.request.key
        if node == self._out.name:
            held = self._replica.read(op.partition, key)
            self.value(op.number, node, held, filling=op.partition in self.filling)
            return
        address = self._members.address(node)
        read = ReplicaRead(op.number, op.partition, key)
        self._out.send(node, address, "stream", read, traced=op.traced, key=key)

    def value(self, number: int, node: NodeId, versions: Versions, *, filling: bool) -> None:
        """A replica answered a read."""
        op = self._book.open.get(number)
        if op is None or node not in op.pending:
            return
        del op.pending[node]
        op.values[node] = versions
        op.versions = merge(op.versions, versions) if len(op.values) > 1 else versions
        if filling:
            op.met_filling = True
            self._ask_next(op)
        else:
            op.done.append(node)
            if node in self._placement.ring.owners[op.partition]:
                op.primaries += 1
        self._judge(op)

    def _enough(self, op: Operation) -> bool:
        return self._proved(op) >= op.w and op.primaries >= op.pw

    def _proved(self, op: Operation) -> int:
        """How many answers count. A stand-in answers for an owner that is believed gone, or at
        least suspected; while all owners are only slow it proves nothing: two stand-ins that knew
        nothing once made a key absent that every owner held. Nor does it while no owner has
        answered, if any may still.
        """
        if len(op.done) == op.primaries:
            return op.primaries
        states = [self._members.state(o) for o in self._placement.ring.owners[op.partition]]
        alive = states.count(MemberState.ALIVE)
        if not op.primaries and alive + states.count(MemberState.SUSPECT):
            return 0
        return op.primaries + min(len(op.done) - op.primaries, max(0, op.w - alive))

    def _judge(self, op: Operation) -> None:
        if op.answered:
            return
        if self._enough(op) and not (op.met_filling and op.pending):
            self._finish(op)
        elif not op.pending:
            self._ask_next(op)
            if not op.pending and not op.answered:
                self._fail(op)

    def patience(self) -> int:
        """How long a read waits for those it asked before it asks one more."""
        config = self._config
        usual = self._book.latencies.get_p99_us
        return min(max(config.speculate_after_us, usual), config.replica_timeout_us)

    def speculate(self, op: Operation) -> None:
        """One of those asked is slow: ask one more, beside it (Dean and Barroso 2013)."""
        if op.pending and op.candidates and not op.answered:
            self._book.latencies.speculated += 1
            self._ask_next(op)

    def replace(self, op: Operation) -> None:
        """Go on without a silent node (its late answer still counts)."""
        if self._enough(op) and not op.answered:
            self._finish(op)
        else:
            self._ask_next(op)

    def expire(self, op: Operation) -> None:
        """The deadline: say what is known."""
        if self._enough(op):
            self._finish(op)
        else:
            self._fail(op)

    def _fail(self, op: Operation) -> None:
        got = f"{self._proved(op)} of {max(op.w, op.pw)} replicas answered"
        if op.met_filling:
            got += "; others are still being filled"
        self._book.finish(op, Refusal(503, "no quorum", got), "failed")

    def _finish(self, op: Operation) -> None:
        live = any(s.value is not None for s in op.versions.siblings)
        response = ReadResponse(op.versions, tuple(op.done), op.primaries)
        self._book.finish(op, response, "ok" if live else "absent")
        self._repair(op)

    def _repair(self, op: Operation) -> None:
        """Send the merged state to owners that were behind (read repair, Dynamo 5)."""
        owners = self._placement.ring.owners[op.partition]
        behind = tuple(
            node
            for node, held in op.values.items()
            if node in owners and not includes(held, op.versions)
        )
        if not behind:
            return
        key = op.request.key
        self._out.emit(ReadRepaired(key_text(key), behind))
        for node in behind:
            if node == self._out.name:
                self._replica.write(op.partition, key, op.versions, NOBODY, _ignore)
            else:
                write = ReplicaWrite(0, op.partition, key, op.versions)
                address = self._members.address(node)
                self._out.send(node, address, "stream", write, traced=op.traced, key=key)


def _ignore(_refused: str) -> None:
    """For writes on which nobody waits."""
