"""Writes: where they go, when enough disks have them, and who stands in for the silent.

A write is minted by a node that holds the key (an owner, or a fallback standing in for one); any
other node forwards it. The full merged state of the key goes to the other places at once; the
client is answered when W of them have it on disk. A place that stays silent is covered by a
fallback with a hint, also after the client has its answer (Dynamo 4.5, 4.6).

"Not written" is said only if nothing was sent or stored anywhere; everything else that misses its
quorum is "maybe written".
"""

from __future__ import annotations

from collections import deque

from cluster.config import DataConfig
from cluster.model.facts import Outcome
from cluster.model.member import NOBODY, NodeId
from cluster.model.rooms.naming import FENCED
from cluster.protocol.messages import (
    Forward,
    Refusal,
    ReplicaWrite,
    UpdateRequest,
    WriteResponse,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Operation, WriteRequest
from cluster.protocol.quorum.placement import Placement, Target
from cluster.protocol.quorum.replica import Replica
from cluster.protocol.swim.membership import Membership


class Writes:
    """The write half of a coordinator."""

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

    def begin(self, op: Operation, request: WriteRequest) -> None:
        """Mint here and send to the other places, or forward to a node that may mint."""
        targets = self._placement.targets(op.partition)
        own = next((t for t in targets if t.node == self._out.name), None)
        if own is None and (op.asker.relayed or not op.asker.node):
            # Owners that are alive first; those only suspected last.
            nearest = sorted(targets, key=lambda t: not self._members.alive(t.node))
            op.candidates = deque(t.node for t in nearest)
            self._forward(op, request)
            return
        if own is None:
            own = Target(self._out.name)
        op.w = request.w or self._config.write_quorum
        op.pw = request.pw
        places = {own.node, *(t.node for t in targets)}
        needed = max(op.w, op.pw)
        if len(places) < needed:
            why = f"not written: {len(places)} of {needed} replicas can be reached"
            self._book.finish(op, Refusal(503, "no quorum", why), "not written")
            return
        refusal = self._mint(op, request, own)
        if refusal is not None:
            self._book.finish(op, refusal, "not written")
            return
        for target in targets:
            if target.node != own.node:
                self._send(op, target)

    def _mint(self, op: Operation, request: WriteRequest, own: Target) -> Refusal | None:
        op.pending[own.node] = own.hint_for
        op.asked.add(own.node)
        versions = self._replica.mint(
            op.partition,
            request,
            own.hint_for,
            lambda refused: self.written(op.number, self._out.name, refused),
        )
        if isinstance(versions, Refusal):
            return versions
        op.versions = versions
        return None

    def _send(self, op: Operation, target: Target) -> None:
        op.pending[target.node] = target.hint_for
        op.asked.add(target.node)
        key = op.request.key
        write = ReplicaWrite(op.number, op.partition, key, op.versions, target.hint_for)
        address = self._members.address(target.node)
        self._out.send(target.node, address, "stream", write, traced=op.traced, key=key)

    def _forward(self, op: Operation, request: WriteRequest) -> None:
        if not op.candidates:
            return  # the deadline answers: somebody may have written it
        node = op.candidates.popleft()
        op.asked.add(node)
        op.forwarded_to = True
        op.pending = {node: NOBODY}
        address = self._members.address(node)
        forward = Forward(op.number, request)
        self._out.send(node, address, "stream", forward, traced=op.traced, key=request.key)

    # --- what comes back ----------------------------------------------------------------------

    def written(self, number: int, node: NodeId, refused: str) -> None:
        """A place answered a write of this coordinator."""
        op = self._book.open.get(number)
        if op is None or node not in op.pending:
            return
        hint_for = op.pending.pop(node)
        if refused.startswith(FENCED):
            # No fallback may keep it either. Whoever took it before holds it: the outcome is unknown.
            if not op.answered:
                self._book.finish(op, Refusal(409, FENCED, refused), "failed")
            elif not op.pending:
                self._book.close(op)
            return
        if refused:
            op.trouble = refused
            self._cover(op, node, hint_for or node)
        else:
            op.done.append(node)
            if not hint_for and node in self._placement.ring.owners[op.partition]:
                op.primaries += 1
        if not op.answered and len(op.done) >= op.w and op.primaries >= op.pw:
            live = sum(1 for s in op.versions.siblings if s.value is not None)
            context = op.versions.context
            response = WriteResponse("ok", tuple(op.done), op.primaries, context, live)
            self._book.respond(op, response, "ok")
        if op.answered and not op.pending:
            self._book.close(op)

    def forwarded(self, number: int, response: WriteResponse | Refusal) -> None:
        """The node that minted a forwarded write has its outcome."""
        op = self._book.open.get(number)
        if op is None or op.answered or not op.forwarded_to:
            return
        if isinstance(response, Refusal):
            op.refusals += 1
            if op.refusals == len(op.asked):
                self._book.finish(op, response, "failed")
            return  # another was asked before and may have written it: it, or the deadline, answers
        op.done = list(response.replicas)
        op.primaries = response.primaries
        outcome: Outcome = "ok" if response.outcome == "ok" else "maybe written"
        self._book.finish(op, response, outcome)

    def replace(self, op: Operation, request: WriteRequest, silent: NodeId) -> None:
        """Go on without a silent node (its late answer still counts).

        A put that is minted twice leaves one value twice. An update would count twice: it goes
        to one node only, and if that stays silent nobody knows whether it was written.
        """
        if op.forwarded_to:
            if not isinstance(request, UpdateRequest):
                self._forward(op, request)
        elif silent in op.pending:
            self._cover(op, silent, op.pending[silent] or silent)

    def _cover(self, op: Operation, silent: NodeId, owed_to: NodeId) -> None:
        """Ask a fallback to keep a hint for a silent place, once."""
        if silent in op.covered:
            return
        op.covered.add(silent)
        for node in self._placement.fallbacks(op.partition):
            if node not in op.asked and node != self._out.name:
                self._send(op, Target(node, owed_to))
                return
        # Nobody is left: keep the hint here, beside our own copy.
        if owed_to != self._out.name:
            self._replica.write(op.partition, op.request.key, op.versions, owed_to, _ignore)

    def expire(self, op: Operation) -> None:
        """The deadline: say what is known, if nothing was said yet."""
        if op.answered:
            self._book.close(op)
            return
        why = op.trouble or f"{len(op.done)} of {max(op.w, 1)} replicas confirmed in time"
        context = op.versions.context
        maybe = WriteResponse("maybe written", tuple(op.done), op.primaries, context, 0, why)
        self._book.finish(op, maybe, "maybe written")


def _ignore(_refused: str) -> None:
    """For writes on which nobody waits."""
