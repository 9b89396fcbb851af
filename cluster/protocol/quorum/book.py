"""The operations open at one coordinator, and how each gets its one answer.

Decides what is said to the client, to the observers and to the latency figures when an operation
ends. Ignores what has to happen before it may (`writes`, `reads`).
"""

from __future__ import annotations

from collections.abc import Callable

from cluster.model.facts import OperationFinished, OperationStarted, Outcome
from cluster.model.member import NodeId
from cluster.protocol.inputs import RequestId
from cluster.protocol.messages import (
    Forwarded,
    ReadResponse,
    Refusal,
    Relayed,
    WriteResponse,
)
from cluster.protocol.outbox import Outbox, key_text
from cluster.protocol.quorum.operation import Asker, DataRequest, Latencies, Operation
from cluster.protocol.swim.membership import Membership

ClientResponse = WriteResponse | ReadResponse | Refusal
MESSAGES_PER_OPERATION = 6
"""What tracing an operation costs of the budget: its messages are traced all or none."""


class Book:
    """Open operations, oldest first."""

    def __init__(self, out: Outbox, members: Membership) -> None:
        self._out = out
        self._members = members
        self._number = out.numbers
        self.open: dict[int, Operation] = {}
        self.latencies = Latencies()
        self.on_errand: Callable[[Operation, ClientResponse, Outcome], None] = _nothing
        """Called with what came of an errand."""
        self.on_inner: Callable[[int, ClientResponse], None] = lambda _number, _response: None
        """Called with the answer to what a machine of this node asked."""

    def begin(
        self,
        asker: Asker,
        request: DataRequest,
        partition: int,
        owners: tuple[NodeId, ...],
    ) -> Operation:
        """Enter a new operation."""
        self._number += 1
        op = Operation(
            number=self._number,
            asker=asker,
            request=request,
            partition=partition,
            started=self._out.now,
            traced=self._out.may_trace(MESSAGES_PER_OPERATION),
        )
        self.open[op.number] = op
        if op.traced:
            shown = key_text(request.key)
            began = self._out.emit(OperationStarted(op.number, op.kind, shown, partition, owners))
            op.told = (began.id,)
        return op

    def errand(self, op: Operation) -> Operation:
        """Enter an operation once more, to be carried out on behalf of the first, whose asker need
        not wait for it: it has the whole time of an operation from now on."""
        self._number += 1
        errand = Operation(
            number=self._number,
            asker=Asker(),
            request=op.request,
            partition=op.partition,
            started=self._out.now,
            traced=False,
            errand=True,
        )
        self.open[errand.number] = errand
        return errand

    def finish(self, op: Operation, response: ClientResponse, outcome: Outcome) -> None:
        """Answer, and forget."""
        self.respond(op, response, outcome)
        self.close(op)

    def close(self, op: Operation) -> None:
        """Forget an operation that was answered."""
        self.open.pop(op.number, None)

    def respond(self, op: Operation, response: ClientResponse, outcome: Outcome) -> None:
        """Answer; the operation may stay open for the replicas it still owes something."""
        op.answered = True
        if op.errand:
            self.on_errand(op, response, outcome)
            return
        took = self._out.now - op.started
        if not op.asker.node and not op.asker.inner:
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
        if not op.abandoned:
            self.answer(op.asker, response, traced=op.traced)

    def answer(self, asker: Asker, response: ClientResponse, *, traced: bool = False) -> None:
        """Give a response to a client here, or to the node that forwarded for one."""
        if asker.inner:
            self.on_inner(asker.inner, response)
        elif not asker.node:
            self._out.reply(asker.request, response)
        elif asker.node not in self._members.claims:
            return
        elif asker.relayed:
            address = self._members.address(asker.node)
            told = Relayed(asker.number, response)
            self._out.send(asker.node, address, "stream", told, traced=traced)
        elif not isinstance(response, ReadResponse):
            address = self._members.address(asker.node)
            body = Forwarded(asker.number, response)
            self._out.send(asker.node, address, "stream", body, traced=traced)

    def abandon(self, request: RequestId) -> None:
        """The client is gone. Its operation goes on: replicas are owed what was begun."""
        for op in self.open.values():
            if op.asker.request == request and not op.asker.node and not op.asker.inner:
                op.abandoned = True
                return


def _nothing(_op: Operation, _response: ClientResponse, _outcome: Outcome) -> None:
    """Where nobody runs errands."""
