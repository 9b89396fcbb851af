"""Our own small Maelstrom: clients, a network between the nodes, partitions, a history.

Written from the published protocol and the guide's description of a test: `init` to everybody, a
topology for broadcasts, operations at a rate, partitions that come and go, healing, ten seconds of
recovery, a final read at every node. It knows nodes only by the lines that they take and write,
and time only by a clock that it is given, so it runs real processes and virtual time alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Literal, Protocol, cast

import msgspec
from msgspec import Struct

from cluster.config import MS, SECOND
from cluster.model.export.history import Kind, Op
from tests.maelstrom.topologies import topology

CLIENT_TIMEOUT_US = 5 * SECOND
INIT_TIMEOUT_US = 10 * SECOND
DEFINITE = frozenset((1, 10, 11, 12, 14, 20, 21, 22, 30))


class Options(Struct, frozen=True):
    """One test."""

    workload: str = "broadcast"
    nodes: int = 5
    rate: float = 10.0
    """Operations per second, over all clients."""
    latency_ms: int = 0
    distribution: Literal["constant", "exponential"] = "constant"
    seconds: float = 10.0
    partition: bool = False
    interval_s: float = 10.0
    """How long a partition lasts, and the peace after it, on average."""
    recovery_s: float = 10.0
    """Peace before the final reads."""
    topology: str = "grid"
    seed: int = 1


class Clock(Protocol):
    """Whoever keeps the time."""

    def now(self) -> int: ...
    def later(self, delay_us: int, action: Callable[[], None]) -> None: ...


class Envelope(Struct):
    src: str
    dest: str
    body: msgspec.Raw


class Answer(Struct):
    type: str
    in_reply_to: int | None = None
    code: int = 0
    text: str = ""
    echo: object = None
    id: object = None
    messages: list[object] | None = None
    value: object = None


class Client:
    """One client, bound to one node; one operation at a time."""

    def __init__(self, number: int, node: str, process: int) -> None:
        self.name = f"c{number}"
        self.node = node
        self.process = process
        self.msg_id = 0
        self.open: Op | None = None


class Runner:
    """One test, from `init` to the final reads."""

    def __init__(self, options: Options, clock: Clock, deliver: Callable[[str, bytes], None]):
        self.options = options
        self.names = [f"n{i}" for i in range(options.nodes)]
        self.history: list[Op] = []
        self.server_messages = 0
        self.client_messages = 0
        self.dropped = 0
        self.partitions = 0
        self.kinds: Counter[str] = Counter()
        self.finished = False
        self.on_finished: Callable[[], None] = lambda: None
        self._clock = clock
        self._deliver = deliver
        self._net = Random(f"net {options.seed}")
        self._dice = Random(f"clients {options.seed}")
        self._nemesis = Random(f"nemesis {options.seed}")
        self._side: dict[str, int] = {}
        self._clients = [Client(i, name, i) for i, name in enumerate(self.names)]
        self._processes = len(self._clients)
        self._inited: set[str] = set()
        self._started = False
        self._end = 0
        self._numbers = 0
        self._left_to_read = 0

    # --- the network ----------------------------------------------------------------------------

    def wrote(self, data: bytes) -> None:
        """A node wrote a line."""
        line = msgspec.json.decode(data, type=Envelope)
        if not line.dest.startswith("n"):
            self.client_messages += 1
            answer = msgspec.json.decode(line.body, type=Answer)
            self._clock.later(0, lambda: self._answered(line.src, line.dest, answer))
            return
        self.server_messages += 1
        if line.dest not in self.names:
            return
        delay = self.options.latency_ms * MS
        if self.options.distribution == "exponential" and delay:
            delay = int(self._net.expovariate(1 / delay))
        self._clock.later(delay, lambda: self._arrive(line, data))

    def _arrive(self, line: Envelope, data: bytes) -> None:
        if self._side.get(line.src) != self._side.get(line.dest):
            self.dropped += 1
        else:
            self._deliver(line.dest, data)

    def _say(self, client: str, node: str, body: Mapping[str, object]) -> None:
        self.client_messages += 1
        self._deliver(
            node, msgspec.json.encode({"src": client, "dest": node, "body": body}) + b"\n"
        )

    # --- the phases -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Everything else follows."""
        for i, name in enumerate(self.names):
            asked = {"type": "init", "msg_id": 0, "node_id": name, "node_ids": self.names}
            self._say(f"c{i}", name, asked)
        self._clock.later(INIT_TIMEOUT_US, self._check_inits)

    def _check_inits(self) -> None:
        assert self._started, f"init_ok only from {sorted(self._inited)}"

    def _start(self) -> None:
        self._started = True
        if self.options.workload == "broadcast":
            near = topology(self.options.topology, self.names)
            for client in self._clients:
                asked = {"type": "topology", "msg_id": 0, "topology": near}
                self._say(client.name, client.node, asked)
        self._end = self._clock.now() + int(self.options.seconds * SECOND)
        self._clock.later(0, self._operate)
        if self.options.partition:
            self._clock.later(int(self.options.interval_s * SECOND / 4), self._split)

    def _operate(self) -> None:
        if self._clock.now() >= self._end:
            self._heal()
            self._clock.later(int(self.options.recovery_s * SECOND), self._read_finally)
            return
        free = [client for client in self._clients if client.open is None]
        if free:
            self._invoke(self._dice.choice(free), *self._next_operation())
        gap = self._dice.uniform(0, 2 / self.options.rate)
        self._clock.later(int(gap * SECOND), self._operate)

    def _read_finally(self) -> None:
        if self.options.workload in ("echo", "unique-ids"):
            self._finish()
            return
        if any(client.open for client in self._clients):
            self._clock.later(SECOND, self._read_finally)
            return
        self._left_to_read = len(self._clients)
        for client in self._clients:
            self._invoke(client, "read", None, final=True)

    def _finish(self) -> None:
        self.finished = True
        self.on_finished()

    # --- partitions -----------------------------------------------------------------------------

    def _split(self) -> None:
        if self._clock.now() >= self._end:
            return
        names = list(self.names)
        self._nemesis.shuffle(names)
        cut = self._nemesis.choice((1, len(names) // 2))
        self._side = {name: int(i < cut) for i, name in enumerate(names)}
        self.partitions += 1
        self._clock.later(self._spell(), self._mend)

    def _mend(self) -> None:
        self._heal()
        self._clock.later(self._spell(), self._split)

    def _spell(self) -> int:
        return int(self._nemesis.uniform(0.5, 1.5) * self.options.interval_s * SECOND)

    def _heal(self) -> None:
        self._side = {}

    # --- clients --------------------------------------------------------------------------------

    def _next_operation(self) -> tuple[str, object]:
        number = self._numbers
        self._numbers += 1
        workload, dice = self.options.workload, self._dice
        if workload == "echo":
            return "echo", f"Please echo {dice.randrange(1_000)}"
        if workload == "unique-ids":
            return "generate", None
        if dice.random() < 0.5:
            return "read", None
        match workload:
            case "broadcast":
                return "broadcast", number
            case "g-set":
                return "add", number
            case "g-counter":
                return "add", dice.randrange(5)
            case _:
                return "add", dice.randrange(10) - 5

    def _body(self, f: str, value: object) -> dict[str, object]:
        match f:
            case "echo":
                return {"type": "echo", "echo": value}
            case "broadcast":
                return {"type": "broadcast", "message": value}
            case "add":
                name = "element" if self.options.workload == "g-set" else "delta"
                return {"type": "add", name: value}
            case _:
                return {"type": f}

    def _invoke(self, client: Client, f: str, value: object, *, final: bool = False) -> None:
        client.msg_id += 1
        msg_id = client.msg_id
        client.open = self._record(client.process, "invoke", f, value, final=final)
        self._clock.later(CLIENT_TIMEOUT_US, lambda: self._timed_out(client, msg_id))
        self._say(client.name, client.node, {**self._body(f, value), "msg_id": msg_id})

    def _record(self, process: int, kind: Kind, f: str, value: object, *, final: bool) -> Op:
        op = Op(len(self.history), process, kind, f, value, self._clock.now(), final=final)
        self.history.append(op)
        return op

    def _end_of(self, client: Client, kind: Kind, value: object) -> None:
        op = client.open
        assert op is not None
        client.open = None
        self._record(client.process, kind, op.f, value, final=op.final)
        if kind == "info":
            client.process, self._processes = self._processes, self._processes + 1
        if op.final:
            self._left_to_read -= 1
            if not self._left_to_read:
                self._finish()

    def _timed_out(self, client: Client, msg_id: int) -> None:
        if client.open is not None and client.msg_id == msg_id:
            self._end_of(client, "info", "client timeout")

    def _answered(self, node: str, name: str, answer: Answer) -> None:
        if answer.type == "init_ok":
            self._inited.add(node)
            if len(self._inited) == len(self.names) and not self._started:
                self._start()
            return
        client = self._clients[int(name[1:])]
        if client.open is None or answer.in_reply_to != client.msg_id:
            return
        if answer.type == "error":
            kind: Kind = "fail" if answer.code in DEFINITE else "info"
            self._end_of(client, kind, f"{answer.code}: {answer.text}")
            return
        self._end_of(client, "ok", self._seen(client.open, answer))

    def _seen(self, op: Op, answer: Answer) -> object:
        match op.f:
            case "echo":
                return answer.echo
            case "generate":
                return answer.id
            case "read":
                found = answer.messages if self.options.workload == "broadcast" else answer.value
                return cast("object", found)
            case _:
                return op.value
