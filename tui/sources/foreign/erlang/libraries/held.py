"""What cluster libraries of one node hold, as values and as lines for people: pure.

What was not answered is no figure: a line says what is missing. Names are shortened, never the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tui.judge.wording import counted

LISTED_MAX = 4
"""Names in one line; of more, how many there are."""
UNKNOWN = -1
PREFIX = "Elixir."
STRATEGIES = "Cluster.Strategy."


class Names(Struct, frozen=True):
    """Names with a process each, of the whole cluster as this node knows it."""

    count: int = UNKNOWN
    here: int = UNKNOWN
    """Of those how many run on this node; unknown when there are too many to ask for."""
    first: tuple[str, ...] = ()
    """Some of those that run here."""


class Horde(Struct, frozen=True):
    """One registry or supervisor of Horde's."""

    name: str
    members: tuple[str, ...] | None = None
    """Nodes, as this one knows them."""
    names: Names | None = None
    """A registry's."""
    children: int = UNKNOWN
    """A supervisor's, those that run here."""
    answers: bool = True


class Tracker(Struct, frozen=True):
    """One tracker of Phoenix': presences of all nodes, those of nodes just lost among them."""

    name: str
    presences: int
    here: int
    shards: int


class Topology(Struct, frozen=True):
    """How libcluster finds other nodes; how that is configured is not asked."""

    name: str
    strategy: str


class Held(Struct, frozen=True):
    """All of them. Nothing: the library does not run, or nothing of it was found by name."""

    hordes: tuple[Horde, ...] = ()
    swarm: Names | None = None
    trackers: tuple[Tracker, ...] = ()
    topologies: tuple[Topology, ...] = ()


def lines(held: Held) -> Iterator[tuple[str, str]]:
    """Each (what, how much)."""
    for horde in held.hordes:
        yield f"Horde {plain(horde.name)}", _horde(horde)
    if held.swarm is not None:
        yield "Swarm", _names(held.swarm)
    for tracker in held.trackers:
        shown = "presences not understood"
        if tracker.presences != UNKNOWN:
            here = f", {tracker.here} here" if tracker.here != UNKNOWN else ""
            shown = f"{counted(tracker.presences, 'presence')}{here}; "
            shown += counted(tracker.shards, "shard")
        yield f"Phoenix {plain(tracker.name)}", shown
    if held.topologies:
        yield "libcluster", some([f"{each.name} by {each.strategy}" for each in held.topologies])


def read(held: Held) -> set[str]:
    """The applications that something was read of."""
    found = {
        "horde": held.hordes,
        "swarm": held.swarm,
        "phoenix_pubsub": held.trackers,
        "libcluster": held.topologies,
    }
    return {application for application, what in found.items() if what}


def _horde(horde: Horde) -> str:
    """A registry or a supervisor."""
    if not horde.answers:
        return "does not answer"
    members = "members not understood"
    if horde.members is not None:
        members = counted(len(horde.members), "member")
        members += f" ({some(_short(horde.members))})" if horde.members else ""
    if horde.names is not None:
        return f"{members}; {_names(horde.names)}"
    if horde.children == UNKNOWN:
        return f"{members}; children not understood"
    children = "child" if horde.children == 1 else "children"
    return f"{members}; {horde.children:,} {children} here"


def _names(names: Names) -> str:
    if names.count == UNKNOWN:
        return "names not understood"
    shown = counted(names.count, "name")
    if names.here == UNKNOWN:
        return shown
    return f"{shown}, {names.here} here" + (f": {some(names.first)}" if names.first else "")


def _short(nodes: tuple[str, ...]) -> list[str]:
    """Nodes without their hosts, where that still tells them apart."""
    short = [node.partition("@")[0] for node in nodes]
    return short if len({*short}) == len(nodes) else list(nodes)


def plain(name: str) -> str:
    """A module's or a process' name, as Elixir shows it."""
    return name.removeprefix(PREFIX)


def strategy(module: str) -> str:
    """A strategy of libcluster's own without what all of them begin with."""
    return plain(module).removeprefix(STRATEGIES)


def some(names: list[str] | tuple[str, ...]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - LISTED_MAX
    return ", ".join(names[:LISTED_MAX]) + (f" and {more} more" if more > 0 else "")
