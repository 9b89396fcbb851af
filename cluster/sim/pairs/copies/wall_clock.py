"""Pair 12: five clients add to one set at once, and the clock of n4 is five seconds fast.

The wrong way keeps the set as one value and lets the later write win (`LwwSet`): each client reads
it, adds its element, writes it back, and asks no more once that is acknowledged. What somebody else
wrote between the read and the write is gone, and nobody is told. The clock decides who loses, not
whether: the same is played once more with clocks that agree. The right way says what is added
(`SetAdd`, an add-wins set with dots); no clock is asked, and nothing needs to be read first.

No message is lost in these worlds and no node is away. An addition counts only once its client was
told that it is written, and as surviving only if every node's client is shown it in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cluster.config import SECOND
from cluster.model.member import NodeId
from cluster.model.ring import partition_of
from cluster.model.values.typed import typed
from cluster.model.values.update import LwwSet, SetAdd
from cluster.protocol.effects import Response
from cluster.protocol.messages import GetRequest, ReadResponse, UpdateRequest, WriteResponse
from cluster.sim.pairs.record import Figure, Outcome, Progress, Step, Way, check
from cluster.sim.pairs.stage import Stage, StageError

NODES: Final = 5
"""Each with a client of its own."""
EACH: Final = 40
"""Additions of each client, one after the other."""
FAST: Final = NodeId("n4")
AHEAD_US: Final = 5 * SECOND
DONE_WITHIN_US: Final = 60 * SECOND
QUIET_US: Final = 2 * SECOND


class Count(Struct):
    """What one way came to."""

    acknowledged: int = 0
    survived: int = 0
    """Of these, what every node shows in the end."""
    survived_fast: int = 0
    """Of these, those that were added where the clock is fast."""
    steps: tuple[Step, ...] = ()


def play(seed: int, progress: Progress | None = None) -> Outcome:
    """The same additions: by a fast clock, by clocks that agree, and by no clock."""
    clock = _one_way("wrong", seed, progress, ahead_us=AHEAD_US)
    agreeing = _one_way("wrong", seed, progress, ahead_us=0)
    dots = _one_way("right", seed, progress, ahead_us=AHEAD_US)
    return Outcome(
        steps=(*clock.steps, *agreeing.steps, *dots.steps),
        wrong=(
            *_figures(clock),
            Figure("of them, added where the clock is fast", clock.survived_fast, f"of {EACH}"),
            Figure("survivors with clocks that agree", agreeing.survived, "elements"),
        ),
        right=_figures(dots),
        claims=(
            check(
                "by the clock: acknowledged additions are gone",
                clock.survived,
                "<",
                clock.acknowledged,
                unit="survive",
                of=clock.acknowledged,
                of_what="acknowledged",
            ),
            check(
                "by clocks that agree: they are gone as well",
                agreeing.survived,
                "<",
                agreeing.acknowledged,
                unit="survive",
                of=agreeing.acknowledged,
                of_what="acknowledged",
            ),
            check(
                "by dots: every acknowledged addition is there, at every node",
                dots.survived,
                "==",
                NODES * EACH,
                unit="survive",
                of=dots.acknowledged,
                of_what="acknowledged",
            ),
        ),
    )


def _figures(count: Count) -> tuple[Figure, ...]:
    return (
        Figure("survivors of the acknowledged additions", count.survived, "elements"),
        Figure("acknowledged additions", count.acknowledged, "elements"),
    )


class _Client:
    """Adds its elements at its node, each after the last was answered."""

    def __init__(self, stage: Stage, node: str, key: bytes, *, reads: bool) -> None:
        self._stage = stage
        self._node = node
        self._key = key
        self._reads = reads
        self._left = [f"{node}.{number:02d}" for number in range(EACH, 0, -1)]
        self.acknowledged: list[str] = []
        self.waits = False

    def go_on(self) -> None:
        """Begin the next addition, if one is left."""
        self.waits = bool(self._left)
        if not self.waits:
            return
        element = self._left.pop()
        if self._reads:
            self._ask(GetRequest(self._key), lambda response: self._write_back(element, response))
        else:
            self._update(element, UpdateRequest(self._key, SetAdd((element,))))

    def _write_back(self, element: str, response: Response) -> None:
        whole = ",".join((*_elements(response), element))
        self._update(element, UpdateRequest(self._key, LwwSet(whole)))

    def _update(self, element: str, request: UpdateRequest) -> None:
        self._ask(request, lambda response: self._written(element, response))

    def _written(self, element: str, response: Response) -> None:
        if isinstance(response, WriteResponse) and response.outcome == "ok":
            self.acknowledged.append(element)
        self.go_on()

    def _ask(self, request: GetRequest | UpdateRequest, then: Callable[[Response], None]) -> None:
        self._stage.world.ask(self._node, request, then)


def _elements(response: Response) -> list[str]:
    """What a read showed of the set, whichever way it is kept."""
    if not isinstance(response, ReadResponse):
        raise StageError(f"the set could not be read: {response}")
    found = typed(response.versions)
    if found is None:
        return []
    _, shown = found
    return [str(element) for element in shown] if isinstance(shown, list) else str(shown).split(",")


def _one_way(way: Way, seed: int, progress: Progress | None, *, ahead_us: int) -> Count:
    stage, count = Stage(way, seed, NODES, progress=progress), Count()
    if ahead_us:
        _set_ahead(stage, ahead_us)
    by_clock = way == "wrong"
    stage.note(f"{NODES} clients add {EACH} elements each, all at once")
    key = _key_of(stage)
    clients = [_Client(stage, node, key, reads=by_clock) for node in stage.names]
    for client in clients:
        client.go_on()
    done = lambda: not any(client.waits for client in clients)  # noqa: E731
    took = stage.wait(done, DONE_WITHIN_US, "every client has added its elements")
    told = [element for client in clients for element in client.acknowledged]
    count.acknowledged = len(told)
    how = "the later write wins" if by_clock else "additions are merged by dots"
    stage.note(f"{len(told)} additions are acknowledged after {took / SECOND:.2f} s, {how}")
    stage.run(QUIET_US)
    asks = ((node, GetRequest(key)) for node in stage.names)
    shown = [set(_elements(answer.response)) for answer in stage.load(asks)]
    survivors = [element for element in told if all(element in there for there in shown)]
    count.survived = len(survivors)
    count.survived_fast = sum(element.startswith(f"{FAST}.") for element in survivors)
    stage.note(f"every node is asked for the set: {count.survived} of them are there")
    count.steps = tuple(stage.steps)
    return count


def _set_ahead(stage: Stage, ahead_us: int) -> None:
    """A clock that is set while its node runs shows at the next start."""
    stage.world.kill(FAST)
    stage.world.skew(FAST, ahead_us, 0)
    stage.world.start(FAST, (stage.names[0],))
    stage.settle()
    stage.note(f"the clock of {FAST} is set {ahead_us / SECOND:g} s ahead, and {FAST} started anew")


def _key_of(stage: Stage) -> bytes:
    """A key that the node with the fast clock owns: there what its client writes gets its stamp."""
    placement, partitions = stage.node(FAST).placement, stage.world.config.ring.partitions
    number = 1
    while not placement.owns(partition_of(b"team %d" % number, partitions)):
        number += 1
    return b"team %d" % number
