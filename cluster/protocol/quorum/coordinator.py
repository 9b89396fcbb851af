"""Client operations: who is asked, when enough have answered, and what the answer proves.

Quorums over the preference list with sloppy fallbacks (Dynamo 4.5, 4.6). A write is minted by a
node that holds the key (an owner, or a fallback standing in for one); any other node forwards it.
The full merged state of the key goes to the other places at once; the client is answered when W of
them have it on disk. A place that stays silent is covered by a fallback with a hint, also after
the client has its answer. A read asks R, then one more for each that is late, lost or filling.

Outcomes are honest: "not written" is said only if nothing was sent or stored anywhere;
everything else that misses its quorum is "maybe written".
"""

from __future__ import annotations

from collections import deque

from cluster.config import DataConfig
from cluster.model.facts import OperationFinished, OperationStarted, Outcome, ReadRepaired
from cluster.model.member import NOBODY, NodeId
from cluster.model.ring import partition_of
from cluster.model.versions import Versions, includes, merge
from cluster.protocol.inputs import RequestId
from cluster.protocol.messages import (
    DeleteRequest,
    Forward,
    Forwarded,
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    ReplicaRead,
    ReplicaWrite,
    WriteResponse,
)
from cluster.protocol.outbox import Outbox, key_text
from cluster.protocol.quorum.operation import Asker, Latencies, Operation, WriteRequest
from cluster.protocol.quorum.placement import Placement, Target
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.swim.membership import Membership


class Coordinator:
    """All operations open at one node, in the order in which they began."""

    def __init__(
        self,
        out: Outbox,
        config: DataConfig,
        members: Membership,
        placement: Placement,
        replica: Replica,
    ) -> None:
        self._out = out
        self._config = config
        self._members = members
        self._placement = placement
        self._replica = replica
        self._open: dict[int, Operation] = {}
        self._late: deque[int] = deque()
        self._number = 0
        self._sweeping = False
        self.latencies = Latencies()
        self.filling: set[int] = set()
        """Partitions this node owns but may not answer for yet (set by transfers)."""

    # --- beginning ----------------------------------------------------------------------------

    def request(self, asker: Asker, request: PutRequest | DeleteRequest | GetRequest) -> None:
        """A client asks, or another node on a client's behalf."""
        refusal = self._refuse(request)
        if refusal is not None:
            self._answer(asker, refusal)
            return
        partition = partition_of(request.key, self._placement.ring.partitions)
        self._number += 1
        op = Operation(
            number=self._number,
            asker=asker,
            request=request,
            partition=partition,
            started=self._out.now,
            traced=self._out.may_trace(6),
        )
        self._open[op.number] = op
        self._late.append(op.number)
        self._sweep_later()
        if op.traced:
            owners = self._placement.ring.owners[partition]
            shown = key_text(request.key)
            self._out.emit(OperationStarted(op.number, op.kind, shown, partition, owners))
        if isinstance(request, GetRequest):
            self._begin_read(op, request)
        else:
            self._begin_write(op, request)

    def _refuse(self, request: PutRequest | DeleteRequest | GetRequest) -> Refusal | None:
        config = self._config
        n = self._placement.ring.replicas
        if not request.key:
            return Refusal(400, "empty key", "a key has at least one byte")
        if len(request.key) > config.key_bytes_max:
            limit = f"a key has at most {config.key_bytes_max} bytes"
            return Refusal(413, "key too long", limit)
        if isinstance(request, PutRequest) and len(request.value) > config.value_bytes_max:
            limit = f"a value has at most {config.value_bytes_max} bytes"
            return Refusal(413, "value too long", limit)
        if isinstance(request, GetRequest):
            asked = max(request.r, request.pr)
        else:
            asked = max(request.w, request.pw)
        if asked > max(n, config.read_quorum, config.write_quorum):
            return Refusal(400, "quorum too large", f"there are {n} copies of each key")
        if self._members.leaving:
            return Refusal(503, "leaving", "not written: this node is leaving, ask another")
        if len(self._open) >= config.operations_max:
            return Refusal(503, "overload", "not written: too many operations here, try again")
        return None

    def _sweep_later(self) -> None:
        if self._sweeping or not self._open:
            return
        self._sweeping = True
        oldest = next(iter(self._open.values()))
        due = oldest.started + self._config.operation_timeout_us
        while self._late and self._late[0] not in self._open:
            self._late.popleft()
        if self._late:
            late = self._open[self._late[0]]
            due = min(due, late.started + self._config.replica_timeout_us)
        self._out.set_timer(("ops",), max(due, self._out.now + 1_000))

    def sweep(self) -> None:
        """Look after operations whose replicas, or whose clients, have waited long enough."""
        self._sweeping = False
        now = self._out.now
        while self._late:
            op = self._open.get(self._late[0])
            if op is not None and now - op.started < self._config.replica_timeout_us:
                break
            self._late.popleft()
            if op is not None:
                self._nudge(op)
        while self._open:
            op = next(iter(self._open.values()))
            if now - op.started < self._config.operation_timeout_us:
                break
            self._end(op)
        self._sweep_later()

    def _nudge(self, op: Operation) -> None:
        for node in list(op.pending):
            self._replace(op, node)

    def _replace(self, op: Operation, silent: NodeId) -> None:
        """Go on without a silent node (its late answer still counts)."""
        if isinstance(op.request, GetRequest):
            if len(op.done) >= op.w and op.primaries >= op.pw and not op.answered:
                self._finish_read(op)
            else:
                self._read_next(op)
        elif op.forwarded_to:
            self._forward(op, op.request)
        else:
            self._cover(op, silent)

    def peer_lost(self, name: NodeId) -> None:
        """The link to a node broke: what it has not answered it may never answer."""
        for op in list(self._open.values()):
            if name in op.pending:
                self._replace(op, name)

    # --- writing ------------------------------------------------------------------------------

    def _begin_write(self, op: Operation, request: WriteRequest) -> None:
        targets = self._placement.targets(op.partition)
        own = next((t for t in targets if t.node == self._out.name), None)
        if own is None and not op.asker.node:
            op.candidates = deque(t.node for t in self._nearest(targets))
            self._forward(op, request)
            return
        if own is None:
            own = Target(self._out.name)
        op.w = request.w or self._config.write_quorum
        op.pw = request.pw
        places = {own.node, *(t.node for t in targets)}
        if len(places) < max(op.w, op.pw):
            have = f"{len(places)} of {max(op.w, op.pw)} replicas can be reached"
            self._finish(op, Refusal(503, "no quorum", f"not written: {have}"), "not written")
            return
        is_put = isinstance(request, PutRequest)
        op.versions = self._replica.mint(
            op.partition,
            request.key,
            request.value if is_put else None,
            request.content_type if is_put else "",
            request.context,
            own.hint_for,
            lambda refused: self.written(op.number, self._out.name, refused),
        )
        op.pending[own.node] = own.hint_for
        op.asked.add(own.node)
        for target in targets:
            if target.node != own.node:
                self._send_write(op, target)

    def _nearest(self, targets: list[Target]) -> list[Target]:
        """Owners that are alive first; those only suspected last."""
        return sorted(targets, key=lambda t: not self._members.alive(t.node))

    def _forward(self, op: Operation, request: WriteRequest) -> None:
        if not op.candidates:
            return  # the deadline answers: somebody may have written it
        node = op.candidates.popleft()
        op.forwarded_to = True
        op.pending = {node: NOBODY}
        self._out.send(
            node,
            self._members.address(node),
            "stream",
            Forward(op.number, request),
            traced=op.traced,
            key=request.key,
        )

    def _send_write(self, op: Operation, target: Target) -> None:
        op.pending[target.node] = target.hint_for
        op.asked.add(target.node)
        key = op.request.key
        write = ReplicaWrite(op.number, op.partition, key, op.versions, target.hint_for)
        address = self._members.address(target.node)
        self._out.send(target.node, address, "stream", write, traced=op.traced, key=key)

    def _cover(self, op: Operation, silent: NodeId) -> None:
        """Ask a fallback to keep a hint for a silent place, once."""
        if silent == self._out.name or silent in op.covered:
            return
        op.covered.add(silent)
        owed_to = op.pending.get(silent) or silent
        for node in self._placement.fallbacks(op.partition):
            if node not in op.asked and node != self._out.name:
                self._send_write(op, Target(node, owed_to))
                return
        # Nobody is left: keep the hint here, beside our own copy.
        if owed_to != self._out.name:
            op.pending[silent] = owed_to
            self._replica.write(op.partition, op.request.key, op.versions, owed_to, _ignore)

    def written(self, number: int, node: NodeId, refused: str) -> None:
        """A place answered a write of this coordinator."""
        op = self._open.get(number)
        if op is None or node not in op.pending:
            return
        hint_for = op.pending.pop(node)
        if refused:
            op.trouble = refused
            self._cover(op, node)
        else:
            op.done.append(node)
            owners = self._placement.ring.owners[op.partition]
            if not hint_for and node in owners:
                op.primaries += 1
        if not op.answered and len(op.done) >= op.w and op.primaries >= op.pw:
            live = [s for s in op.versions.siblings if s.value is not None]
            response = WriteResponse(
                "ok", tuple(op.done), op.primaries, op.versions.context, len(live)
            )
            self._respond(op, response, "ok")
        if op.answered and not op.pending:
            self._close(op)

    def forwarded(self, number: int, response: WriteResponse | Refusal) -> None:
        """The node that minted a forwarded write has its outcome."""
        op = self._open.get(number)
        if op is None or op.answered:
            return
        if isinstance(response, Refusal):
            self._finish(op, response, "failed")
            return
        op.done = list(response.replicas)
        op.primaries = response.primaries
        outcome: Outcome = "ok" if response.outcome == "ok" else "maybe written"
        self._finish(op, response, outcome)

    # --- reading ------------------------------------------------------------------------------

    def _begin_read(self, op: Operation, request: GetRequest) -> None:
        op.w = request.r or self._config.read_quorum
        op.pw = request.pr
        op.candidates = deque(self._placement.readers(op.partition))
        if len(op.candidates) < max(op.w, op.pw):
            have = f"{len(op.candidates)} of {max(op.w, op.pw)} replicas can be reached"
            self._finish(op, Refusal(503, "no quorum", have), "failed")
            return
        for _ in range(max(op.w, op.pw)):
            self._read_next(op)

    def _read_next(self, op: Operation) -> None:
        while op.candidates and not op.answered:
            node = op.candidates.popleft()
            if node in op.asked:
                continue
            op.asked.add(node)
            op.pending[node] = NOBODY
            key = op.request.key
            if node == self._out.name:
                held = self._replica.read(op.partition, key)
                self.value(op.number, node, held, filling=op.partition in self.filling)
                return
            address = self._members.address(node)
            read = ReplicaRead(op.number, op.partition, key)
            self._out.send(node, address, "stream", read, traced=op.traced, key=key)
            return

    def value(self, number: int, node: NodeId, versions: Versions, *, filling: bool) -> None:
        """A replica answered a read. A filling one adds what it knows but proves nothing."""
        op = self._open.get(number)
        if op is None or node not in op.pending:
            return
        del op.pending[node]
        op.values[node] = versions
        op.versions = merge(op.versions, versions)
        if filling:
            op.met_filling = True
            self._read_next(op)
        else:
            op.done.append(node)
            if node in self._placement.ring.owners[op.partition]:
                op.primaries += 1
        self._judge_read(op)

    def _judge_read(self, op: Operation) -> None:
        if op.answered:
            return
        enough = len(op.done) >= op.w and op.primaries >= op.pw
        if enough and not (op.met_filling and op.pending):
            self._finish_read(op)
        elif not op.pending:
            self._read_next(op)
            if not op.pending and not op.answered:
                self._fail_read(op)

    def _fail_read(self, op: Operation) -> None:
        got = f"{len(op.done)} of {max(op.w, op.pw)} replicas could answer"
        if op.met_filling:
            got += "; others are still being filled"
        self._finish(op, Refusal(503, "no quorum", got), "failed")

    def _finish_read(self, op: Operation) -> None:
        live = any(s.value is not None for s in op.versions.siblings)
        response = ReadResponse(op.versions, tuple(op.done), op.primaries)
        self._finish(op, response, "ok" if live else "absent")
        self._repair(op)

    def _repair(self, op: Operation) -> None:
        """Send the merged state to replicas that were behind (read repair, Dynamo 5)."""
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

    # --- ending -------------------------------------------------------------------------------

    def _end(self, op: Operation) -> None:
        """The deadline: answer what is known, if nobody did yet."""
        if op.answered:
            self._close(op)
            return
        if isinstance(op.request, GetRequest):
            if len(op.done) >= op.w and op.primaries >= op.pw:
                self._finish_read(op)
            else:
                self._fail_read(op)
            return
        why = op.trouble or f"{len(op.done)} of {max(op.w, 1)} replicas confirmed in time"
        response = WriteResponse(
            "maybe written", tuple(op.done), op.primaries, op.versions.context, 0, why
        )
        self._finish(op, response, "maybe written")

    def _finish(
        self, op: Operation, response: WriteResponse | ReadResponse | Refusal, outcome: Outcome
    ) -> None:
        self._respond(op, response, outcome)
        self._close(op)

    def _close(self, op: Operation) -> None:
        self._open.pop(op.number, None)

    def _respond(
        self, op: Operation, response: WriteResponse | ReadResponse | Refusal, outcome: Outcome
    ) -> None:
        op.answered = True
        took = self._out.now - op.started
        if not op.asker.node:
            self.latencies.add(op.kind, took, good=outcome in ("ok", "absent"))
        if op.traced:
            live = sum(1 for s in op.versions.siblings if s.value is not None)
            self._out.emit(
                OperationFinished(
                    op.number,
                    op.kind,
                    key_text(op.request.key),
                    outcome,
                    tuple(op.done),
                    op.primaries,
                    live,
                    took,
                )
            )
        self._answer(op.asker, response, traced=op.traced)

    def _answer(
        self,
        asker: Asker,
        response: WriteResponse | ReadResponse | Refusal,
        *,
        traced: bool = False,
    ) -> None:
        if not asker.node:
            self._out.reply(asker.request, response)
        elif not isinstance(response, ReadResponse) and asker.node in self._members.claims:
            self._out.send(
                asker.node,
                self._members.address(asker.node),
                "stream",
                Forwarded(asker.number, response),
                traced=traced,
            )

    def abandon(self, request: RequestId) -> None:
        """The client is gone. Its operation goes on (replicas are owed what was begun)."""
        for op in self._open.values():
            if op.asker.request == request and not op.asker.node:
                op.answered = True
                return


def _ignore(_refused: str) -> None:
    """For writes on which nobody waits."""
