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
from cluster.model.facts import MasterChosen, Outcome
from cluster.model.layout import fixed_master
from cluster.model.member import NodeId
from cluster.model.summary import Rule
from cluster.protocol.inputs import TimerKey
from cluster.protocol.outbox import Outbox
from cluster.protocol.policy.messages import Relayed
from cluster.protocol.policy.policy import Spoken
from cluster.protocol.policy.relays import Relays
from cluster.protocol.quorum.book import Book, ClientResponse
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

    def timer(self, words: TimerKey) -> None:
        """It sets none."""

    def heard(self, body: Spoken, sender: NodeId) -> None:
        """Only answers of the master mean anything here."""
        if isinstance(body, Relayed):
            self._relays.answered(body, sender)

    def damaged(self) -> None:
        """There is no second copy."""

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
        self._serving: Operation | None = None
        """Whose turn it is."""
        self._errand = 0
        """The number of what a worker is asked for on its behalf; 0 is nothing."""
        self._turning = False
        book.on_errand = self._back

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
        """Take the next request, if none is under way. A request may be answered at once.

        Unbounded, also one whose client has given up: such a mailbox does not know. The worker has
        its own time to answer, however long the request has waited.
        """
        if self._turning:
            return
        self._turning = True
        timeout = self._out.config.data.operation_timeout_us
        while self._queue and not self._errand:
            op = self._queue.popleft()
            if self._config.queue_max and self._out.now - op.started >= timeout:
                self._too_late(op)
                continue
            errand = self._book.errand(op)
            self._serving, self._errand = op, errand.number
            self._carry_out(errand)
        self._turning = False

    def _back(self, errand: Operation, response: ClientResponse, outcome: Outcome) -> None:
        """The worker has answered, or not in time."""
        served = self._serving
        if errand.number != self._errand or served is None:
            return
        self._serving, self._errand = None, 0
        if served.number in self._book.open:
            served.done, served.primaries = errand.done, errand.primaries
            served.versions = errand.versions
            self._book.finish(served, response, outcome)
        self._turn()

    def expired(self, op: Operation) -> None:
        """It has waited too long. Bounded, it leaves the mailbox undone; unbounded, the client
        has gone and its message stays."""
        if not self._leads:
            self._relays.expired(op)
        elif op is self._serving:
            self._relays.doubt(op, "its worker has not answered yet")
        elif self._config.queue_max:
            self._queue.remove(op)
            self._too_late(op)
        else:
            self._relays.doubt(op, f"its turn at {self._out.name} has not come yet")

    def _too_late(self, op: Operation) -> None:
        self._relays.refuse(op, "overload", f"its turn at {self._out.name} did not come")

    def queued(self) -> int:
        """The mailbox."""
        return len(self._queue)
