"""Asking a node what its cluster libraries hold.

A process is asked as a library's only after the node has said that this library's code began it: a
server of somebody else's would fall over a request it does not know. Tables are counted before they
are read, so that no answer is large. A server that does not answer is left alone, each time for longer,
because each question to it waits on the node too. Nothing that makes a node ask another one is
asked: Horde's `count_children` would have nodes that are apart connect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from tui.sources.foreign.erlang import asking
from tui.sources.foreign.erlang.asking import Answer, Question
from tui.sources.foreign.erlang.epmd import ErlangError
from tui.sources.foreign.erlang.libraries.held import (
    UNKNOWN,
    Held,
    Horde,
    Names,
    Topology,
    Tracker,
    strategy,
)
from tui.sources.foreign.erlang.terms import Atom, Map, Pid, Term

SERVERS_MAX: Final = 8
"""Of each library."""
CANDIDATES_MAX: Final = 64
"""Registered processes that are asked what began them."""
SHARDS_MAX: Final = 16
NAMES_MAX: Final = 256
"""Names that are asked for; of more, how many there are."""
MEMBERS_MAX: Final = 200
LISTED_MAX: Final = 8
ALONE_S: Final = 60.0
"""How long a server that did not answer is left alone the first time; then twice that, and so on."""

REGISTRY: Final = (Atom("Elixir.Horde.RegistryImpl"), Atom("init"), 1)
SUPERVISOR: Final = (Atom("Elixir.Horde.DynamicSupervisorImpl"), Atom("init"), 1)
TRACKER: Final = (Atom("supervisor"), Atom("Elixir.Phoenix.Tracker"), 1)
CLUSTER: Final = (Atom("supervisor"), Atom("Elixir.Cluster.Supervisor"), 1)
SWARM_TABLE: Final = Atom("swarm_registry")

Ask = Callable[[list[Question]], Awaitable[list[Answer]]]
Spell = Callable[[Term], str]
"""How a name of any kind is shown."""


class Reader:
    """What is read of one node, as long as it is connected."""

    def __init__(self, node: str, ask: Ask, clock: Callable[[], float], spell: Spell) -> None:
        self._node = node
        self._ask = ask
        self._clock = clock
        self._spell = spell
        self._alone: dict[Question, tuple[float, float]] = {}
        """When a question may be asked again, and how long that was."""

    async def read(self, registered: Collection[Atom], applications: Collection[str]) -> Held:
        """All that can be. Raises ErlangError when the node does not answer at all."""
        begun = await self._begun(_candidates(registered, applications))
        names = {str(name) for name in registered}
        hordes = [name for name, by in begun.items() if by in (REGISTRY, SUPERVISOR)]
        trackers = [name for name, by in begun.items() if by == TRACKER]
        clusters = [name for name, by in begun.items() if by == CLUSTER]
        asked = [
            self._horde(name, registry=begun[name] == REGISTRY) for name in hordes[:SERVERS_MAX]
        ]
        # At once: who is slow is waited for no longer than one of them.
        found, topologies = await asyncio.gather(
            asyncio.gather(*asked), asyncio.gather(*map(self._topologies, clusters[:SERVERS_MAX]))
        )
        return Held(
            tuple(found),
            await self._swarm() if "swarm" in applications else None,
            tuple([await self._tracker(name, names) for name in trackers[:SERVERS_MAX]]),
            tuple(topology for some in topologies for topology in some),
        )

    async def _begun(self, names: list[Atom]) -> dict[Atom, Answer]:
        """What began each of these; processes of other nodes are left out."""
        found = await self._ask([asking.whereis(name) for name in names])
        local = {
            name: process
            for name, process in zip(names, found, strict=True)
            if isinstance(process, Pid) and process.node == self._node
        }
        by = await self._ask([asking.begun_by(process) for process in local.values()])
        return dict(zip(local, by, strict=True))

    async def _served(self, questions: list[Question]) -> list[Answer | None]:
        """What servers answer, each on its own. None: it does not, or is left alone."""
        return list(await asyncio.gather(*map(self._serves, questions)))

    async def _serves(self, question: Question) -> Answer | None:
        now = self._clock()
        until, lasted = self._alone.get(question, (now, 0.0))
        if now < until:
            return None
        try:
            answer = (await self._ask([question]))[0]
        except ErlangError:  # if it is the node that does not answer, the next question finds out
            lasting = 2 * lasted or ALONE_S
            self._alone[question] = (self._clock() + lasting, lasting)
            return None
        self._alone.pop(question, None)
        return answer

    # --- library by library ----------------------------------------------------------------------

    async def _horde(self, name: Atom, *, registry: bool) -> Horde:
        if registry:
            (members,) = await self._served([asking.horde_members(name)])
            names = await self._names(asking.horde_count(name), asking.horde_names(name))
            return Horde(str(name), self._members(members), names, answers=members is not None)
        members, children = await self._served(
            [asking.horde_members(name), asking.horde_children(name)]
        )
        answers = members is not None and children is not None
        return Horde(str(name), self._members(members), None, _active(children), answers)

    def _members(self, answer: Answer | None) -> tuple[str, ...] | None:
        """[{name, node}, ...]."""
        if not isinstance(answer, list):
            return None
        nodes: set[str] = set()
        for each in answer[:MEMBERS_MAX]:
            match each:
                case (Atom(), Atom() as node):
                    nodes.add(str(node))
                case _:
                    return None
        return tuple(sorted(nodes))

    async def _swarm(self) -> Names:
        return await self._names(asking.table_size(SWARM_TABLE), asking.SWARM_NAMES)

    async def _names(self, size: Question, all_of_them: Question) -> Names:
        """How many, and when those are few also where."""
        (count,) = await self._ask([size])
        if not isinstance(count, int):
            return Names()
        if count > NAMES_MAX:
            return Names(count)
        (found,) = await self._ask([all_of_them])
        if not isinstance(found, list):
            return Names(count)
        here: list[str] = []
        for each in found:
            match each:
                case (name, Pid(node=node) | Atom(node)):
                    if node == self._node:
                        here.append(self._spell(name))
                case _:
                    return Names(count)
        return Names(len(found), len(here), tuple(sorted(here)[:LISTED_MAX]))

    async def _tracker(self, name: Atom, names: Collection[str]) -> Tracker:
        """Presences are rows of a table for each shard, which has the shard's name."""
        shards = [shard for n in range(SHARDS_MAX) if (shard := f"{name}_shard{n}") in names]
        tables = [Atom(shard) for shard in shards]
        found = await self._ask([asking.table_size(table) for table in tables])
        here = await self._ask([asking.presences_here(table) for table in tables])
        return Tracker(str(name), _sum(found), _sum(here), len(shards))

    async def _topologies(self, name: Atom) -> list[Topology]:
        """Those that run: children of libcluster's supervisor, each with its strategy's module."""
        (children,) = await self._served([asking.children_of(name)])
        found: list[Topology] = []
        for each in children[:LISTED_MAX] if isinstance(children, list) else []:
            match each:
                case (topology, _, Atom("worker"), [Atom() as module]):
                    found.append(Topology(self._spell(topology), strategy(module)))
                case _:
                    pass
        return sorted(found, key=lambda each: each.name)


def _candidates(registered: Collection[Atom], applications: Collection[str]) -> list[Atom]:
    """Names whose processes may be a library's, by the names that it gives beside them."""
    known = {str(name) for name in registered}
    hordes = [n for n in known if "horde" in applications and f"{n}.Crdt" in known]
    trackers = [n for n in known if "phoenix_pubsub" in applications and f"{n}_shard0" in known]
    clusters = [n for n in known if "libcluster" in applications and "cluster" in n.lower()]
    found = [sorted(some)[: CANDIDATES_MAX // 3] for some in (hordes, trackers, clusters)]
    return [Atom(name) for name in dict.fromkeys(name for some in found for name in some)]


def _active(answer: Answer | None) -> int:
    """A supervisor's count of its children."""
    if isinstance(answer, Map):
        for key, value in answer.pairs:
            if key == "active" and isinstance(value, int):
                return value
    return UNKNOWN


def _sum(answers: list[Answer]) -> int:
    """Of numbers; of anything else, unknown."""
    numbers = [each for each in answers if isinstance(each, int)]
    return sum(numbers) if len(numbers) == len(answers) else UNKNOWN
