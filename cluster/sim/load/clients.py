"""The clients of a simulated world: each does one thing at a time, against any node, and retries.

Puts carry unique values. Most writers read first and write with what they read as context; some
write blind, so that siblings arise. Counters are added to; sets get elements that are unique, and
lose some that a client has read (an update takes no context: it replaces what its minter has seen).
Every other counter and set only grows, for those checkers that know nothing else. A client that gets no answer goes to another node with the
same wish, except where trying twice would count twice. Ignores whether answers are right: they go
into the history, and to those who listen.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from cluster.config import SECOND
from cluster.model.member import NodeId
from cluster.model.values.typed import typed
from cluster.model.values.update import CounterAdd, SetAdd, SetRemove
from cluster.model.versions import EMPTY
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request
from cluster.protocol.messages import (
    DeleteRequest,
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    UpdateRequest,
    WriteResponse,
)
from cluster.sim.faults.options import Options
from cluster.sim.load.history import UPDATES, History, Op
from cluster.sim.world import World

PATIENCE_US: Final = 3 * SECOND
"""A client waits this long for one node before it asks another: longer than the node's deadline."""
TRIES_MAX: Final = 4
BLIND: Final = 0.12
"""Of the writes, those that did not read first."""
DELETES: Final = 0.12
READS: Final = 0.35
CHANGES: Final = 0.25
"""Of all wishes, those for counters and sets."""
REMOVALS: Final = 0.25
"""Of the wishes for sets that may shrink, those that take something out."""
AMOUNT_MAX: Final = 9


class Listener(Protocol):
    """Who wants to know of every answer as it is given."""

    def wrote(self, op: Op, response: WriteResponse) -> None:
        """A write was acknowledged."""
        ...

    def was_told(self, op: Op, response: ReadResponse) -> None:
        """A read was answered."""
        ...


Done = Callable[[Op], None]


class Clients:
    """All clients of one world."""

    def __init__(
        self, world: World, options: Options, nodes: list[str], listeners: list[Listener]
    ) -> None:
        self._world = world
        self._options = options
        self._nodes = nodes
        """Shared with who adds nodes: clients learn of newcomers."""
        self.listeners = listeners
        self.history = History()
        self.unanswered = 0
        """Tries that no node has answered yet, also those whose client has given up."""
        self._stopped = False

    def start(self) -> None:
        """Let all of them begin."""
        for number in range(1, self._options.clients + 1):
            rng = self._world.dice.stream(f"client/{number}")
            self._world.after(rng.randrange(SECOND), lambda n=number, r=rng: self._next(n, r))

    def stop(self) -> None:
        """No new wishes. What is under way ends as it may."""
        self._stopped = True

    def _later(self, client: int, rng: Random) -> None:
        think = int(rng.expovariate(1) * self._options.think_us)
        self._world.after(think, lambda: self._next(client, rng))

    # --- one wish ------------------------------------------------------------------------------

    def _next(self, client: int, rng: Random) -> None:
        if self._stopped:
            return
        if rng.random() < CHANGES:
            self._change(client, rng)
            return
        key = b"r%d" % rng.randrange(self._options.keys)
        chance = rng.random()
        if chance < READS:
            self._read(client, key, rng, lambda _op: self._later(client, rng))
        elif chance < READS + BLIND:
            self._write(client, key, rng, None)
        else:
            self._read(client, key, rng, lambda op: self._write(client, key, rng, op))

    def _read(self, client: int, key: bytes, rng: Random, then: Done) -> None:
        op = self.history.begin(client, "get", key, self._world.now)
        self._try(op, GetRequest(key), rng, then)

    def _write(self, client: int, key: bytes, rng: Random, read: Op | None) -> None:
        """With what a read told, or blind. A read that failed is followed by no write."""
        if self._stopped or (read is not None and read.outcome != "ok"):
            self._later(client, rng)
            return
        versions = (read.read if read is not None else None) or EMPTY
        context = versions.context
        deletes = bool(context) and rng.random() < DELETES
        op = self.history.begin(
            client,
            "delete" if deletes else "put",
            key,
            self._world.now,
            context=context,
            saw=self.history.seen_by(key, versions),
        )
        request: Request = PutRequest(key, op.value, "text/plain", context)
        if deletes:
            request = DeleteRequest(key, context)
        self._try(op, request, rng, lambda _op: self._later(client, rng))

    # --- counters and sets ---------------------------------------------------------------------

    def _change(self, client: int, rng: Random) -> None:
        """Read a counter or a set, or change it."""
        counters, sets = self._options.counters, self._options.sets
        number = rng.randrange(counters + sets)
        counter = number < counters
        place = number if counter else number - counters
        grows = place % 2 == 0
        key = (b"c%d" if counter else b"s%d") % place
        chance = rng.random()
        if chance < READS:
            self._read(client, key, rng, lambda _op: self._later(client, rng))
        elif counter:
            self._count(client, key, rng, grows=grows)
        elif not grows and chance > 1 - REMOVALS:
            self._read(client, key, rng, lambda op: self._take_out(client, rng, op))
        else:
            self._put_in(client, key, rng, grows=grows)

    def _count(self, client: int, key: bytes, rng: Random, *, grows: bool) -> None:
        amount = rng.randint(1, AMOUNT_MAX)
        if not grows and rng.random() < 1 / 3:
            amount = -amount
        op = self.history.begin(client, "count", key, self._world.now, amount=amount)
        self._update(op, UpdateRequest(key, CounterAdd(amount)), rng)

    def _put_in(self, client: int, key: bytes, rng: Random, *, grows: bool) -> None:
        amount = 1 if grows else rng.randint(1, 2)
        op = self.history.begin(client, "add", key, self._world.now, amount=amount)
        self._update(op, UpdateRequest(key, SetAdd(op.elements)), rng)

    def _take_out(self, client: int, rng: Random, read: Op) -> None:
        """One element that the client has just read. A read that showed none is all there is."""
        found = typed(read.read) if read.outcome == "ok" and read.read is not None else None
        elements = found[1] if found is not None else None
        if self._stopped or not isinstance(elements, list) or not elements:
            self._later(client, rng)
            return
        value = str(rng.choice(elements)).encode()
        op = self.history.begin(client, "remove", read.key, self._world.now, value=value)
        self._update(op, UpdateRequest(op.key, SetRemove(op.elements)), rng)

    def _update(self, op: Op, request: UpdateRequest, rng: Random) -> None:
        self._try(op, request, rng, lambda done: self._later(done.client, rng))

    # --- one try -------------------------------------------------------------------------------

    def ask(self, name: str, op: Op, request: Request, then: Done) -> None:
        """One try at one node; `then` is called once, when it is answered or given up."""
        world = self._world
        over = False

        def go_on() -> None:
            nonlocal over
            if not over:
                over = True
                then(op)

        def answered(response: Response | None) -> None:
            self.unanswered -= 1
            self._answered(op, response)
            go_on()

        op.tries += 1
        op.node = NodeId(name)
        if world.host(name).node is None:
            world.after(1_000, lambda: then(op))  # refused: it cannot have happened
            return
        op.unsure += 1
        self.unanswered += 1
        world.after(PATIENCE_US, go_on)
        world.ask(name, request, answered)

    def _try(self, op: Op, request: Request, rng: Random, then: Done) -> None:
        def after(op: Op) -> None:
            if op.outcome == "ok":
                then(op)
            elif op.tries < TRIES_MAX and not self._stopped and self._may_retry(op):
                self._world.after(rng.randrange(SECOND // 5), again)
            else:
                self._give_up(op)
                then(op)

        def again() -> None:
            if self._stopped and op.tries:
                self._give_up(op)
                then(op)
                return
            self.ask(rng.choice(self._nodes), op, request, after)

        again()

    def _may_retry(self, op: Op) -> bool:
        return op.kind not in UPDATES or not op.unsure

    def _give_up(self, op: Op) -> None:
        op.ended = self._world.now
        op.outcome = "maybe" if op.unsure else "failed"

    def _answered(self, op: Op, response: Response | None) -> None:
        match response:
            case WriteResponse(outcome="ok"):
                op.acks += 1
                op.ended = op.ended or self._world.now
                op.acknowledged_at = op.acknowledged_at or self._world.now
                op.outcome = "ok"
                op.proof = response.replicas
                for listener in self.listeners:
                    listener.wrote(op, response)
            case ReadResponse():
                if op.outcome != "ok":
                    op.outcome, op.read, op.ended = "ok", response.versions, self._world.now
                for listener in self.listeners:
                    listener.was_told(op, response)
            case Refusal():
                op.unsure -= 1
            case _:
                pass  # "maybe written", or the node died before it answered
        if op.outcome == "maybe" and not op.unsure:
            op.outcome = "failed"
