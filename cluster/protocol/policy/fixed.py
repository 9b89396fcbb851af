"""The first two architectures: one fixed master, `single` alone or `primary` with its workers.

Everybody else passes every request on to it. Under `primary` it is one process in the manner of a
GenServer that calls its worker: it takes the next request when the one before is answered, and
what comes meanwhile waits in its mailbox. A bounded mailbox refuses what has no room; an unbounded
one (pair 5 of the talk) takes everything, and goes on working for clients that have given up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cluster.config import ArchitectureConfig
from cluster.model.facts import MasterChosen
from cluster.model.layout import fixed_master
from cluster.model.member import NodeId
from cluster.model.summary import Rule
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.messages import Relayed
from cluster.protocol.policy.policy import Spoken
from cluster.protocol.policy.relays import Relays
from cluster.protocol.quorum.book import Book
from cluster.protocol.quorum.operation import Operation


class Fixed:
    """`single`: the master holds everything and takes requests as they come."""

    merges = False

    def __init__(self, out: Outbox, config: ArchitectureConfig, relays: Relays) -> None:
        self._out = out
        self._config = config
        self._relays = relays
        self._master = fixed_master(config)

    @property
    def _leads(self) -> bool:
        return self._out.name == self._master

    def boot(self) -> None:
        """Everybody was born knowing the master."""
        self._out.emit(MasterChosen(self._master, 0, "founded so"))

    def takes(self, op: Operation) -> bool:
        """The master does; others pass it on."""
        if not self._leads:
            self._relays.pass_on(op, self._master)
        return self._leads

    def expired(self, op: Operation) -> None:
        """The master has not answered."""
        self._relays.expired(op)

    def peer_lost(self, name: NodeId) -> None:
        """If it was the master, what it was asked is in doubt."""
        self._relays.lost(name)

    def timer(self, words: list[str]) -> None:
        """It sets none."""

    def heard(self, body: Spoken, sender: NodeId) -> None:
        """Only answers of the master mean anything here."""
        if isinstance(body, Relayed):
            self._relays.answered(body, sender)

    def rule(self) -> Rule:
        """The same for ever."""
        return Rule(self._master, 0, self._leads)

    def queued(self) -> int:
        """A store alone has no queue worth the name."""
        return 0


class Primary(Fixed):
    """`primary`: the master asks one worker at a time."""

    merges = True

    def __init__(
        self,
        out: Outbox,
        config: ArchitectureConfig,
        relays: Relays,
        book: Book,
        carry_out: Callable[[Operation], None],
    ) -> None:
        super().__init__(out, config, relays)
        self._book = book
        self._carry_out = carry_out
        self._queue: deque[Operation] = deque()
        self._busy = 0
        """The number of the operation a worker is being asked for; 0 is none."""
        self._turning = False
        book.on_answered = self._answered

    def takes(self, op: Operation) -> bool:
        """Never at once: the mailbox is the only way in."""
        if not self._leads:
            self._relays.pass_on(op, self._master)
        elif self._config.queue_max and len(self._queue) >= self._config.queue_max:
            full = f"{len(self._queue)} requests wait for {self._out.name} already"
            self._relays.refuse(op, "overload", full)
        else:
            self._queue.append(op)
            self._turn()
        return False

    def _turn(self) -> None:
        """Take the next request, if none is under way. A request may be answered at once."""
        if self._turning:
            return
        self._turning = True
        timeout = self._out.config.data.operation_timeout_us
        while self._queue and not self._busy:
            op = self._queue.popleft()
            waits = op.number in self._book.open
            if waits and self._out.now - op.started >= timeout:
                self._give_up(op)
                waits = False
            if self._config.queue_max and not waits:
                continue
            op = op if waits else self._book.again(op)
            self._busy = op.number
            self._carry_out(op)
        self._turning = False

    def _answered(self, op: Operation) -> None:
        if op.number == self._busy:
            self._busy = 0
            self._turn()

    def expired(self, op: Operation) -> None:
        """It has waited too long. Bounded, it leaves the mailbox undone; unbounded, the client
        has gone and its message stays."""
        if not self._leads:
            self._relays.expired(op)
            return
        if self._config.queue_max:
            self._queue.remove(op)
        self._give_up(op)

    def _give_up(self, op: Operation) -> None:
        if self._config.queue_max:
            self._relays.refuse(op, "overload", f"its turn at {self._out.name} did not come")
        else:
            self._relays.doubt(op, f"its turn at {self._out.name} has not come yet")

    def queued(self) -> int:
        """The mailbox."""
        return len(self._queue)
