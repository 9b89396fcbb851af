"""A small cluster in a world of its own: what every pair needs before its lesson begins.

Founds the nodes, waits until they agree, asks them things, and writes down what was done and when.
Waiting is bounded, and a cluster that does not get where it must is an error of the experiment
(`StageError`), never a claim that held. Ignores what is asked, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import DEMO, MS, SECOND, Config, ObserveConfig
from cluster.model.layout import lay_out
from cluster.model.member import NodeId
from cluster.protocol.effects import Response
from cluster.protocol.inputs import Request
from cluster.protocol.messages import Body, ReadResponse, Refusal, WriteResponse
from cluster.protocol.node import Node
from cluster.sim.host import Host
from cluster.sim.pairs.overheard import Ear, Overheard
from cluster.sim.pairs.record import Progress, Step, Way
from cluster.sim.world import Watcher, World

QUIET: Final = replace(DEMO, observe=ObserveConfig(pulse_period_us=SECOND, traced_messages_per_s=0))
"""The demo's nodes, not telling single messages: pulses state all totals."""
AT_ONCE: Final = 64
"""Requests of one load that are open at any moment."""
AGREED_WITHIN_US: Final = 30 * SECOND
ANSWERED_WITHIN_US: Final = 10 * SECOND
"""For one request; longer than any node's own deadline."""
LOOK_US: Final = 20 * MS
"""How often a condition is looked at: some cost a step for every partition of every node."""
TOLD_EVERY: Final = 500
"""Answers between two words of progress."""


class Answered(Struct, frozen=True):
    """The answer to one request of a load (None: its node died), and how long it took."""

    response: Response
    took_us: int

    @property
    def written(self) -> bool:
        """Whether a write was acknowledged."""
        return isinstance(self.response, WriteResponse) and self.response.outcome == "ok"

    @property
    def values(self) -> tuple[str, ...] | None:
        """What a read showed: the values of all siblings, none if absent; None if it failed."""
        if not isinstance(self.response, ReadResponse):
            return None
        found = (sibling.value for sibling in self.response.versions.siblings)
        return tuple(value.decode() for value in found if value is not None)

    def shows(self, value: bytes) -> bool:
        """Whether a read showed this value."""
        return value.decode() in (self.values or ())


class StageError(Exception):
    """The cluster did not get where the experiment needs it."""


class Stage:
    """The nodes n1, n2, ... of one way of one pair."""

    def __init__(
        self,
        way: Way,
        seed: int,
        size: int,
        config: Config = QUIET,
        progress: Progress | None = None,
        watcher: Watcher | None = None,
        ear: Ear | None = None,
    ) -> None:
        self.way: Way = way
        self.world = World(seed, config) if ear is None else Overheard(seed, config, (ear,))
        self.world.watchers += [watcher] if watcher is not None else []
        self.names: list[str] = []
        """Who should run."""
        self.steps: list[Step] = []
        self.progress: Progress = progress or (lambda _line: None)
        self._start = self.world.now
        for number in range(1, size + 1):
            name = f"n{number}"
            self.names.append(name)
            self.world.start(name, ("n1",) if number > 1 else ())
        self.settle()
        self.note(f"{size} nodes, all agree")

    def note(self, text: str) -> None:
        """Write down that this was done now."""
        self.steps.append(Step(self.way, self.world.now - self._start, text))
        self.progress(f"{self.way} way: {text}")

    # --- nodes ---------------------------------------------------------------------------------

    def host(self, name: str) -> Host:
        """The machine of a node."""
        return self.world.host(name)

    def node(self, name: str) -> Node:
        """A running node."""
        node = self.host(name).node
        assert node is not None, f"{name} does not run"
        return node

    def nodes(self) -> list[Node]:
        """All that should run and do."""
        found = (self.host(name).node for name in self.names)
        return [node for node in found if node is not None]

    def join(self, name: str) -> None:
        """One more node comes, and everybody agrees on it."""
        self.names.append(name)
        self.world.start(name, (self.names[0],))

    def settled(self) -> bool:
        """All run, hold one view and one ring of exactly them, and nobody is being filled."""
        nodes = self.nodes()
        if len(nodes) != len(self.names):
            return False
        config = self.world.config
        names = tuple(sorted(map(NodeId, self.names)))
        members = lay_out(config.architecture, config.ring, names).members
        view = nodes[0].members.digest()
        return all(
            node.members.digest() == view
            and node.placement.ring.members == members
            and not node.transfers.filling
            for node in nodes
        )

    def settle(self) -> None:
        """Wait for that."""
        self.wait(self.settled, AGREED_WITHIN_US, "the nodes agree on one ring, filled")

    def send(self, name: str, to: str, body: Body) -> None:
        """Have one node's machine send another a message that its node would not send by itself.

        Only on a stage with an ear; on any other this raises StageError.
        """
        if not isinstance(self.world, Overheard):
            raise StageError("only what is overheard can be said in a node's name")
        self.world.say(name, to, body)

    # --- time ----------------------------------------------------------------------------------

    @property
    def elapsed_us(self) -> int:
        """Since this world began."""
        return self.world.now - self._start

    def run(self, span_us: int) -> None:
        """Let so much time pass."""
        self.world.run(self.world.now + span_us)

    def wait(self, condition: Callable[[], bool], within_us: int, what: str) -> int:
        """Until the condition holds; returns how long it took. Raises StageError if it does not."""
        world, began = self.world, self.world.now
        while not condition():
            if world.now - began >= within_us:
                raise StageError(f"not within {within_us / SECOND:g} s: {what}")
            world.run(world.now + LOOK_US)
        return world.now - began

    # --- requests ------------------------------------------------------------------------------

    def call(self, name: str, request: Request) -> Response:
        """Ask one node, and wait for its answer (None when it died before that)."""
        return self.load([(name, request)])[0].response

    def order(self, name: str, request: Request) -> None:
        """Ask one node for something that a healthy one does. Raises StageError if it refuses."""
        response = self.call(name, request)
        if isinstance(response, Refusal):
            raise StageError(f"{name} refused: {response.detail}")

    def load(
        self, asks: Iterable[tuple[str, Request]], what: str = "", at_once: int = AT_ONCE
    ) -> list[Answered]:
        """Ask many things, `at_once` at a time, and wait for all answers, in the order asked.

        `what` they are, in the plural past ("keys written"), has their count told as progress.
        """
        world = self.world
        waiting: Iterator[tuple[int, tuple[str, Request]]] = enumerate(asks)
        answers: dict[int, Answered] = {}
        asked = 0

        def go_on() -> None:
            nonlocal asked
            following = next(waiting, None)
            if following is None:
                return
            number, (name, request) = following
            asked, began = asked + 1, world.now
            world.ask(name, request, lambda response: answered(number, began, response))

        def answered(number: int, began: int, response: Response) -> None:
            answers[number] = Answered(response, world.now - began)
            if what and len(answers) % TOLD_EVERY == 0:
                self.progress(f"{self.way} way: {len(answers):,} {what}")
            go_on()

        for _ in range(at_once):
            go_on()
        while len(answers) < asked:
            more = partial(_longer, answers, len(answers))
            if not world.until(more, ANSWERED_WITHIN_US):
                raise StageError(f"no answer within {ANSWERED_WITHIN_US / SECOND:g} s")
        return [answers[number] for number in sorted(answers)]


def _longer(answers: dict[int, Answered], before: int) -> bool:
    return len(answers) > before
