"""Requests passed on to the master, and what is said when it does not answer.

A request goes to one master, once: whoever is asked again might do it again. A master that is gone
before it answered leaves a write in doubt; a request that never left is refused, and that is
certain. Ignores who the master is.
"""

from __future__ import annotations

from cluster.model.facts import Outcome
from cluster.model.member import MemberState, NodeId
from cluster.protocol.messages import (
    GetRequest,
    ReadResponse,
    Refusal,
    Relay,
    Relayed,
    WriteResponse,
)
from cluster.protocol.outbox import Outbox
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Operation
from cluster.protocol.swim.membership import Membership


class Relays:
    """The requests that one node has passed on."""

    def __init__(self, out: Outbox, members: Membership, book: Book) -> None:
        self._out = out
        self._members = members
        self._book = book

    def pass_on(self, op: Operation, master: NodeId) -> None:
        """Let the master see to it. Nobody, or one that is believed gone: refused."""
        if op.asker.relayed:
            why = f"{self._out.name} is not the master"
            self.refuse(op, "not the master", why)
            return
        state = self._members.state(master)
        if state is None or state > MemberState.SUSPECT:
            gone = f"the master, {master}, is believed {state.word}" if state else ""
            self.refuse(op, "no master", gone or "no master is known")
            return
        op.relayed_to = master
        body = Relay(op.number, op.request)
        address = self._members.address(master)
        key = op.request.key
        self._out.send(master, address, "stream", body, traced=op.traced, key=key)

    def refuse(self, op: Operation, error: str, why: str) -> None:
        """It was certainly not done."""
        done = "not read" if isinstance(op.request, GetRequest) else "not written"
        outcome: Outcome = "failed" if done == "not read" else "not written"
        self._book.finish(op, Refusal(503, error, f"{done}: {why}"), outcome)

    def doubt(self, op: Operation, why: str) -> None:
        """It may have been done, and nobody here will ever know."""
        if isinstance(op.request, GetRequest):
            self._book.finish(op, Refusal(503, "no answer", f"not read: {why}"), "failed")
            return
        context = op.versions.context
        maybe = WriteResponse("maybe written", tuple(op.done), op.primaries, context, 0, why)
        self._book.finish(op, maybe, "maybe written")

    def answered(self, body: Relayed, sender: NodeId) -> None:
        """The master has said how it went."""
        op = self._book.open.get(body.number)
        if op is None or op.relayed_to != sender:
            return
        match body.response:
            case ReadResponse(versions) as response:
                op.versions, op.done = versions, list(response.replicas)
                live = any(s.value is not None for s in versions.siblings)
                self._book.finish(op, response, "ok" if live else "absent")
            case WriteResponse() as response:
                op.done, op.primaries = list(response.replicas), response.primaries
                outcome: Outcome = "ok" if response.outcome == "ok" else "maybe written"
                self._book.finish(op, response, outcome)
            case Refusal() as response:
                read = isinstance(op.request, GetRequest)
                self._book.finish(op, response, "failed" if read else "not written")

    def lost(self, name: NodeId) -> None:
        """The link to a node broke: what was passed on to it is in doubt."""
        for op in list(self._book.open.values()):
            if op.relayed_to == name:
                self.doubt(op, f"the master, {name}, was lost before it answered")

    def expired(self, op: Operation, here: str = "") -> None:
        """The master said nothing in time; `here`: what to say if this node is the master."""
        if here and not op.relayed_to:
            self.doubt(op, op.trouble or here)
            return
        self.doubt(op, f"the master, {op.relayed_to}, has not answered in time")
