"""Clients on the peer port: many calls at once on one connection, answered in any order.

Decides how many calls a connection may have open. Ignores what is asked.
"""

from __future__ import annotations

from typing import Final, Protocol

from cluster.model.facts import DropReason
from cluster.model.member import NodeId
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request, RequestId
from cluster.protocol.messages import (
    ClientAnswer,
    ClientCall,
    Packet,
    ReadResponse,
    Refusal,
    RoomResponse,
    WriteResponse,
)
from cluster.protocol.wire import MalformedMessageError, decode, encode_frame
from cluster.runtime.net.stream import Stream

CALLS_OPEN_MAX: Final = 1_024

_OVERLOAD: Final = Refusal(
    503, "overload", f"More than {CALLS_OPEN_MAX} calls are open on this connection; not done."
)


class Asker(Protocol):
    """Who waits for the answer to a request."""

    def answer(self, request_id: RequestId, response: Response, /) -> None:
        """The answer; comes once."""
        ...


class Desk(Protocol):
    """Where requests are handed in: the driver."""

    def next_request(self) -> RequestId:
        """An id for a request."""
        ...

    def ask(self, request_id: RequestId, request: Request, asker: Asker) -> None:
        """Hand it in. The answer may come before this returns."""
        ...

    def abandon(self, request_id: RequestId) -> None:
        """Nobody waits for it any more."""
        ...

    def client_gone(self) -> None:
        """A client's connection ended."""
        ...

    def rejected(self, reason: DropReason, peer: str, detail: str) -> None:
        """Something that is not for the core."""
        ...


class Client:
    """One client's connection (`stream.Reader`, `Asker`)."""

    def __init__(self, stream: Stream, desk: Desk, cluster: str, name: NodeId, epoch: int) -> None:
        self._stream = stream
        self._desk = desk
        self._cluster = cluster
        self._name = name
        self._epoch = epoch
        self._open: dict[RequestId, int] = {}

    def frame(self, stream: Stream, data: memoryview) -> None:
        """One call."""
        try:
            packet = decode(data)
        except MalformedMessageError as error:
            self._desk.rejected("malformed", stream.source, str(error))
            return
        call = packet.body
        if not isinstance(call, ClientCall):
            self._desk.rejected("unknown", stream.source, "not a client's call")
        elif len(self._open) >= CALLS_OPEN_MAX:
            self._send(call.number, _OVERLOAD)
        else:
            request_id = self._desk.next_request()
            self._open[request_id] = call.number
            self._desk.ask(request_id, call.request, self)

    def answer(self, request_id: RequestId, response: Response) -> None:
        """Pass the answer on under the caller's own number."""
        number = self._open.pop(request_id)
        if isinstance(response, WriteResponse | ReadResponse | RoomResponse | Refusal):
            self._send(number, response)

    def nonsense(self, stream: Stream, detail: str) -> None:
        """Lengths that cannot be."""
        self._desk.rejected("oversized", stream.source, detail)

    def ended(self, _stream: Stream) -> None:
        """The caller is gone."""
        gone, self._open = self._open, {}
        for request_id in gone:
            self._desk.abandon(request_id)
        self._desk.client_gone()

    def _send(
        self, number: int, response: WriteResponse | ReadResponse | RoomResponse | Refusal
    ) -> None:
        body = ClientAnswer(number, response)
        packet = Packet(self._cluster, self._name, self._epoch, 0, 0, False, body)
        self._stream.write(encode_frame(packet))
