"""The clients of a comparison: the same wishes at the same moments, whatever the cluster makes of
them.

An open load: wishes come at their own times, drawn from the seed before anything is asked, so that
a cluster that does not answer is not asked less. Each goes to a client that is free and to a node
drawn with it. Most wishes read a key and write it with the context of that read; a few keys are
used by many clients, who also only read them, and whose writers take turns (or do not: `turns`).

Clients know who refuses connections and ask another; a node that left a question unanswered is
spared for a while. A question that was answered, be it with a refusal, is not asked again: every
operation is tried once, and counts once.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Final, Protocol

from msgspec import Struct

from cluster.config import MS, SECOND
from cluster.model.judging.deeds import Deed, Kind, Outcome
from cluster.model.member import NOBODY, NodeId
from cluster.model.versions import EMPTY, Context, Versions
from cluster.protocol.effects import Response
from cluster.protocol.messages import (
    GetRequest,
    PutRequest,
    ReadResponse,
    Refusal,
    WriteResponse,
)

PATIENCE_US: Final = 2_500 * MS
"""A client waits this long: longer than a node's own deadline, so that only silence is given up."""
SPARED_US: Final = SECOND
"""A node that was silent is not asked for this long, while others are there."""


class Load(Struct, frozen=True):
    """What the clients of a run want."""

    wishes_per_s: int = 24
    """Most of them are two operations."""
    keys: int = 240
    """Used a few times each."""
    hot_keys: int = 3
    """Used by many clients; judged for linearizability."""
    hot_share: float = 0.3
    """Of the wishes, those for hot keys: half of them only read."""
    turns: bool = True
    """Writers of a hot key wait for each other, as programs with a lock do. Where siblings are
    kept, two writes at once are two values at once, with no fault at all."""


class Wish(Struct, frozen=True):
    """What somebody wants at a moment."""

    at: int
    key: str
    reads_only: bool
    lot: int
    """Chooses the nodes that are asked, among those that run."""


class Commit(Struct, frozen=True):
    """Which master acknowledged a write, and in which reign: the dot that it gave."""

    actor: str
    seq: int
    number: int
    """The deed."""


def wishes(rng: Random, load: Load, lasting_us: int) -> tuple[Wish, ...]:
    """All of a run, in order of time (microseconds since the clients began)."""
    found: list[Wish] = []
    at = 1
    while True:
        at += 1 + int(rng.expovariate(load.wishes_per_s) * SECOND)
        if at >= lasting_us:
            return tuple(found)
        hot = rng.random() < load.hot_share
        key = f"h{rng.randrange(load.hot_keys)}" if hot else f"k{rng.randrange(load.keys)}"
        found.append(Wish(at, key, hot and rng.random() < 0.5, rng.getrandbits(32)))


Call = GetRequest | PutRequest
Read = Callable[[Versions | None], None]
"""What follows a read: with what it was told, or nothing if it was told nothing."""


class Ground(Protocol):
    """What clients stand on: a simulated world, or this machine."""

    @property
    def now(self) -> int:
        """Microseconds of the clients' clock."""
        ...

    def at(self, due: int, action: Callable[[], None]) -> None:
        """Call something then."""
        ...

    def after(self, delay: int, action: Callable[[], None]) -> None:
        """Call something so much later."""
        ...

    def takes(self, name: NodeId) -> bool:
        """Whether a node accepts connections: there is a process, be it a stopped one."""
        ...

    def ask(self, name: str, request: Call, then: Callable[[Response | None], None]) -> None:
        """Ask a node; `then` gets its answer, or None when the connection broke."""
        ...


class _Open(Struct):
    """An operation under way."""

    number: int
    client: int
    key: str
    invoked: int
    node: NodeId
    value: str = ""
    saw: tuple[int, ...] = ()


class Clients:
    """All clients of one run."""

    def __init__(
        self, ground: Ground, names: list[str], plan: tuple[Wish, ...], load: Load
    ) -> None:
        self._ground = ground
        self._names = names
        """Who should run; shared with who lets nodes join."""
        self._plan = plan
        self._load = load
        self._free: list[int] = []
        self._clients = 0
        self._numbers = 0
        self._writers: set[str] = set()
        """Hot keys that somebody is writing."""
        self._spared: dict[str, int] = {}
        self._began = 0
        self.deeds: list[Deed] = []
        self.commits: list[Commit] = []
        """Of each acknowledged write, the dot by which the master numbered it."""
        self.by_value: dict[str, int] = {}

    def start(self) -> None:
        """From now on things are wished for."""
        self._began = self._ground.now
        for wish in self._plan:
            self._ground.at(self._began + wish.at, lambda wish=wish: self._wish(wish))

    @property
    def now(self) -> int:
        """Since the clients began."""
        return self._ground.now - self._began

    def _wish(self, wish: Wish) -> None:
        hot = wish.key.startswith("h")
        writes = not wish.reads_only and not (
            hot and self._load.turns and wish.key in self._writers
        )
        if not self._free:
            self._clients += 1
            heappush(self._free, self._clients)
        client = heappop(self._free)
        if hot and writes:
            self._writers.add(wish.key)
        rng = Random(wish.lot)

        def over() -> None:
            if hot and writes:
                self._writers.discard(wish.key)
            heappush(self._free, client)

        def read(versions: Versions | None) -> None:
            if versions is None or not writes:
                over()
            else:
                self._write(client, wish.key, versions, rng, over)

        self._read(client, wish.key, rng, read)

    # --- one operation -------------------------------------------------------------------------

    def _read(self, client: int, key: str, rng: Random, then: Read) -> None:
        op = self._begin(client, key, rng)

        def answered(response: Response | None) -> None:
            if isinstance(response, ReadResponse):
                told = values(response.versions)
                self._end(op, "read", "ok", told)
                then(response.versions)
            else:
                self._end(op, "read", "failed")
                then(None)

        self._ask(op, GetRequest(key.encode()), answered)

    def _write(
        self, client: int, key: str, read: Versions, rng: Random, then: Callable[[], None]
    ) -> None:
        op = self._begin(client, key, rng)
        op.value = f"w{op.number}"
        self.by_value[op.value] = op.number
        op.saw = tuple(self.by_value[value] for value in values(read) if value in self.by_value)

        def answered(response: Response | None) -> None:
            match response:
                case WriteResponse(outcome="ok"):
                    self._end(op, "write", "ok")
                    self._committed(op.number, response.context)
                case Refusal():
                    self._end(op, "write", "failed")
                case _:  # "maybe written", silence, or the node died before it answered
                    self._end(op, "write", "maybe")
            then()

        request = PutRequest(key.encode(), op.value.encode(), "text/plain", (read or EMPTY).context)
        self._ask(op, request, answered)

    def _committed(self, number: int, context: Context) -> None:
        if len(context) == 1:
            (actor, seq), *_ = context.items()
            self.commits.append(Commit(actor, seq, number))

    def _begin(self, client: int, key: str, rng: Random) -> _Open:
        self._numbers += 1
        return _Open(self._numbers, client, key, self.now, self._somebody(rng))

    def _somebody(self, rng: Random) -> NodeId:
        """A node that takes connections, and was not silent lately if there is another."""
        takes = [name for name in self._names if self._ground.takes(NodeId(name))]
        answers = [name for name in takes if self._spared.get(name, 0) <= self._ground.now]
        choice = answers or takes
        return NodeId(choice[rng.randrange(len(choice))]) if choice else NOBODY

    def _ask(self, op: _Open, request: Call, then: Callable[[Response | None], None]) -> None:
        """Ask once; `then` is called once, with the answer or with nothing."""
        ground, node = self._ground, op.node
        over = False

        def answered(response: Response | None) -> None:
            nonlocal over
            if not over:
                over = True
                then(response)

        def lost_patience() -> None:
            if not over:
                self._spared[node] = ground.now + SPARED_US
                answered(None)

        if not node:
            answered(Refusal(503, "nobody", "no node takes connections"))
            return
        ground.after(PATIENCE_US, lost_patience)
        ground.ask(node, request, answered)

    def _end(self, op: _Open, kind: Kind, outcome: Outcome, told: tuple[str, ...] = ()) -> None:
        self.deeds.append(
            Deed(
                number=op.number,
                client=op.client,
                kind=kind,
                key=op.key,
                invoked=op.invoked,
                ended=self.now,
                outcome=outcome,
                value=op.value,
                told=told,
                node=op.node,
                saw=op.saw,
            )
        )


def values(versions: Versions) -> tuple[str, ...]:
    """What a client reads."""
    return tuple(s.value.decode() for s in versions.siblings if s.value is not None)
