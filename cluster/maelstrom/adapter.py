"""Maelstrom's requests, answered by one node: what each asks of it, and what its answer says.

`init` makes the node and is answered when it has met the others (or soon after, if some are
missing: they may be cut off). Echoes and unique numbers need no other node. Broadcasts go through
`protocol.spread`; sets and counters are typed values in the replicated store. Between nodes our
own packets travel in bodies of their own type.

Pure but for what it is given: lines and the time come in, lines go out.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, Literal, cast

import msgspec
from msgspec import Raw, UnsetType

from cluster.config import MS, SECOND
from cluster.maelstrom.host import Host
from cluster.maelstrom.lines import (
    PEER,
    Body,
    Code,
    Line,
    MalformedLineError,
    decode,
    encode,
)
from cluster.maelstrom.profile import config_for
from cluster.model.facts import Fact
from cluster.model.member import NodeId
from cluster.model.values.typed import typed
from cluster.model.values.update import CounterAdd, SetAdd
from cluster.model.versions import Versions
from cluster.protocol.effects import Response, TopicHistory
from cluster.protocol.inputs import LinksCommand, PublishCommand, Request, TopicQuery
from cluster.protocol.messages import (
    GetRequest,
    Item,
    Packet,
    ReadResponse,
    Refusal,
    UpdateRequest,
    WriteResponse,
)
from cluster.protocol.wire import MalformedMessageError
from cluster.protocol.wire import decode as decode_packet
from cluster.protocol.wire import encode as encode_packet

Workload = Literal["echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter"]
Answer = dict[str, object]

STORED: Final = frozenset({"g-set", "g-counter", "pn-counter"})
"""Workloads that use the replicated store."""
SEEDS: Final = 3
"""Nodes that a new one introduces itself to; more make the start noisier."""

AMOUNT_MAX: Final = 2**53
"""JSON's whole numbers are exact up to here."""
DIGITS_MAX: Final = 17
ELEMENT_CHARACTERS_MAX: Final = 65_536
INIT_WAIT_US: Final = 3 * SECOND
"""`init` is answered by then, whether or not everybody was met."""
EPOCH_US: Final = MS
"""The unit of boot epochs (`cluster.runtime.disk.directory`)."""
TOPIC: Final = "broadcast"
KEY: Final = b"maelstrom"
"""The one key of the set and of the counters."""


class AdapterError(Exception):
    """A request that cannot be done, with Maelstrom's code."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


class Adapter:
    """One Maelstrom node."""

    def __init__(
        self,
        workload: Workload,
        rng: Random,
        *,
        pid: int = 0,
        flush_ms: int = 20,
        follow_topology: bool = False,
        tell: Callable[[Fact], None] = lambda _fact: None,
        complain: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._workload: Workload = workload
        self._rng = rng
        self._pid = pid
        self._flush_ms = flush_ms
        self._follow_topology = follow_topology
        self._tell = tell
        self._complain = complain
        self._out: list[bytes] = []
        self._host: Host | None = None
        self._name = ""
        self._epoch = 0
        self._ids = 0
        self._now = 0
        self._everybody: tuple[NodeId, ...] = ()
        self._init: Line | None = None
        """The `init` that still waits for its answer."""
        self._init_due = 0

    @property
    def halted(self) -> str:
        """Why the node ended; empty while it runs."""
        return self._host.halted if self._host else ""

    def take(self, data: bytes, now: int) -> list[bytes]:
        """A line arrived at `now` (microseconds); returns the lines to send."""
        self._now = now
        try:
            line = decode(data)
        except MalformedLineError as error:
            self._complain(f"not a message: {error}: {data[:120]!r}")
            if error.asker and error.msg_id is not None:
                self._refuse(error.asker, error.msg_id, Code.MALFORMED_REQUEST, str(error))
            return self._drain()
        try:
            self._took(line)
        except AdapterError as error:
            self._refuse(line.src, line.body.msg_id, error.code, str(error))
        return self._drain()

    def due(self) -> int | None:
        """When `tick` is wanted, at the latest."""
        due = self._host.due() if self._host else None
        if self._init is not None:
            return self._init_due if due is None else min(due, self._init_due)
        return due

    def tick(self, now: int) -> list[bytes]:
        """The time is `now`; returns the lines to send."""
        self._now = now
        if self._host is not None:
            self._host.tick(now)
        return self._drain()

    def _drain(self) -> list[bytes]:
        self._answer_init()
        lines, self._out = self._out, []
        return lines

    # --- lines ----------------------------------------------------------------------------------

    def _took(self, line: Line) -> None:
        body = line.body
        if body.type == "init":
            self._begin(line)
            return
        if self._host is None:
            raise AdapterError(Code.TEMPORARILY_UNAVAILABLE, "there was no init yet")
        if body.type == PEER:
            self._packet(self._host, line)
        elif body.in_reply_to is None:
            self._request(self._host, line)

    def _packet(self, host: Host, line: Line) -> None:
        try:
            packet = decode_packet(line.body.packet)
        except MalformedMessageError as error:
            self._complain(f"not a packet, from {line.src}: {error}")
            return
        host.arrived(packet, line.src, len(line.body.packet), self._now)

    def _send(self, to: str, packet: Packet) -> None:
        self._out.append(encode(self._name, to, {"type": PEER, "packet": encode_packet(packet)}))

    def _reply(self, line: Line, body: Answer) -> None:
        answer = {"type": f"{line.body.type}_ok", "in_reply_to": line.body.msg_id, **body}
        self._out.append(encode(self._name, line.src, answer))

    def _refuse(self, to: str, msg_id: int | None, code: Code, text: str) -> None:
        body: Answer = {"type": "error", "in_reply_to": msg_id, "code": int(code), "text": text}
        self._out.append(encode(self._name, to, body))

    # --- init -----------------------------------------------------------------------------------

    def _begin(self, line: Line) -> None:
        body = line.body
        if self._host is not None:
            raise AdapterError(Code.PRECONDITION_FAILED, f"this node is {self._name} already")
        if body.node_id not in body.node_ids:
            raise AdapterError(Code.MALFORMED_REQUEST, "node_id is not among node_ids")
        self._name = body.node_id
        self._epoch = self._now // EPOCH_US
        self._everybody = tuple(sorted(map(NodeId, body.node_ids)))
        copies = len(body.node_ids) if self._workload in STORED else 1
        config = config_for(copies, self._flush_ms)
        self._host = Host(
            self._name, self._epoch, config, self._rng, self._send, lambda fact: self._tell(fact)
        )
        # The first of the list starts the cluster, the others join it through one of the first.
        seeds = tuple(name for name in body.node_ids[:SEEDS] if name != self._name)
        first = self._name == body.node_ids[0]
        self._init, self._init_due = line, self._now + INIT_WAIT_US
        self._host.boot(() if first else seeds, self._pid, self._now)

    def _answer_init(self) -> None:
        if self._init is None or self._host is None:
            return
        node = self._host.node
        met = node.placement.ring.members == self._everybody
        ready = met and (self._workload not in STORED or not node.transfers.filling)
        if ready or self._now >= self._init_due:
            line, self._init = self._init, None
            self._reply(line, {})

    # --- requests -------------------------------------------------------------------------------

    def _request(self, host: Host, line: Line) -> None:
        body = line.body
        match body.type:
            case "echo":
                self._reply(line, {"echo": given(body.echo, "echo")})
            case "generate":
                self._ids += 1
                self._reply(line, {"id": f"{self._name}-{self._epoch}-{self._ids}"})
            case "topology":
                if self._follow_topology:
                    links = (body.topology or {}).get(self._name, ())
                    host.ask(LinksCommand(tuple(map(NodeId, links))), _ignore, self._now)
                self._reply(line, {})
            case "broadcast" | "read" | "add":
                request = self._meant(body)
                host.ask(request, lambda response: self._respond(line, response), self._now)
            case _:
                raise AdapterError(Code.NOT_SUPPORTED, f"no {body.type!r} here")

    def _meant(self, body: Body) -> Request:
        match body.type, self._workload:
            case "broadcast", "broadcast":
                return PublishCommand(TOPIC, bytes(given(body.message, "message")))
            case "read", "broadcast":
                return TopicQuery(TOPIC)
            case "read", "g-set" | "g-counter" | "pn-counter":
                return GetRequest(KEY)
            case "add", "g-set":
                return UpdateRequest(KEY, SetAdd((stored(given(body.element, "element")),)))
            case "add", "g-counter" | "pn-counter":
                return UpdateRequest(KEY, CounterAdd(self._amount(body)))
            case _:
                text = f"no {body.type!r} in the workload {self._workload}"
                raise AdapterError(Code.NOT_SUPPORTED, text)

    def _amount(self, body: Body) -> int:
        delta = body.delta
        if isinstance(delta, UnsetType):
            raise AdapterError(Code.MALFORMED_REQUEST, "'delta' is missing")
        if abs(delta) > AMOUNT_MAX or (delta < 0 and self._workload == "g-counter"):
            raise AdapterError(Code.MALFORMED_REQUEST, f"{delta} cannot be added here")
        return delta

    def _respond(self, line: Line, response: Response) -> None:
        try:
            self._reply(line, said(response, self._workload))
        except AdapterError as error:
            self._refuse(line.src, line.body.msg_id, error.code, str(error))


def given(field: Raw | UnsetType, name: str) -> Raw:
    """A field that must be there."""
    if isinstance(field, UnsetType):
        raise AdapterError(Code.MALFORMED_REQUEST, f"{name!r} is missing")
    return field


def stored(element: Raw) -> int | str:
    """An element of any JSON type as one of ours: whole numbers are themselves, the rest is text.

    Distinct elements stay distinct: text that was an element has its quotation marks.
    """
    text = bytes(element).decode()
    if len(text) > ELEMENT_CHARACTERS_MAX:
        limit = f"an element has at most {ELEMENT_CHARACTERS_MAX} characters"
        raise AdapterError(Code.MALFORMED_REQUEST, limit)
    whole = len(text) <= DIGITS_MAX and text.lstrip("-").isdigit()
    return int(text) if whole and abs(int(text)) <= AMOUNT_MAX else text


def shown(element: object) -> object:
    """The JSON that `stored` took."""
    return Raw(element.encode()) if isinstance(element, str) else element


def said(response: Response, workload: Workload) -> Answer:
    """What the node's answer is in Maelstrom's words; raises what it could not do."""
    match response:
        case ReadResponse(versions):
            return {"value": _value(versions, workload)}
        case WriteResponse(outcome, detail=detail):
            if outcome != "ok":
                raise AdapterError(Code.TIMEOUT, f"{outcome}: {detail}")
            return {}
        case TopicHistory(items):
            return {"messages": [msgspec.Raw(item.payload) for item in items]}
        case Item():
            return {}
        case Refusal(status, error, detail):
            code = Code.TEMPORARILY_UNAVAILABLE if status == 503 else Code.MALFORMED_REQUEST
            raise AdapterError(code, f"{error}: {detail}")
        case _:
            raise AssertionError(f"no request of ours is answered so: {response}")


def _value(versions: Versions, workload: Workload) -> object:
    found = typed(versions)
    if workload == "g-set":
        elements = cast("list[object]", found[1]) if found else []
        return [shown(element) for element in elements]
    return found[1] if found else 0


def _ignore(_response: Response) -> None:
    """For requests that only do something."""
