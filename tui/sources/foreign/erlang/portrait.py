"""What a node told of itself, for people to read: pure, each line (what, how much)."""

from __future__ import annotations

from msgspec import Struct

from tui.judge.wording import counted
from tui.sources.foreign.erlang.asking import Answer
from tui.sources.foreign.erlang.libraries import held
from tui.sources.foreign.erlang.libraries.held import Held, some
from tui.sources.foreign.erlang.terms import Atom, Pid, Record, Term

MEGA = 1_000_000
NUMBER_MAX = 2**63 - 1
LIBRARIES = frozenset(
    {
        "horde",
        "swarm",
        "phoenix_pubsub",
        "libcluster",
        "libring",
        "partisan",
        "ra",
        "syn",
        "riak_core",
    }
)
"""Cluster libraries worth naming when they run. What some of them hold is read: `libraries`."""


class Place(Struct, frozen=True):
    """Where the processes of one global name or group are."""

    name: str
    here: int
    everywhere: int


class Said(Struct):
    """What a node said last, question by question; what it did not say stays as it is."""

    release: str = ""
    version: str = ""
    started_at: int = 0
    """Microseconds since 1970."""
    tick_s: int = 0
    schedulers: int = 0
    run_queue: int = -1
    processes: int = -1
    processes_max: int = 0
    memory: dict[str, int] = {}
    """Bytes by kind, `total` among them."""
    registered: int = 0
    queues: dict[str, int] = {}
    """Messages waiting, by registered name, of those asked."""
    names: tuple[Place, ...] | None = None
    names_all: int = 0
    groups: tuple[Place, ...] | None = None
    groups_all: int = 0
    applications: dict[str, str] = {}
    """Version by name."""
    mnesia_nodes: tuple[str, ...] = ()
    mnesia_tables: int = 0
    held: Held = Held()
    unread: set[str] = set()
    """Calls whose last answer could not be read."""


def extras(said: Said) -> tuple[tuple[str, str], ...]:
    """Its lines, most telling first."""
    lines: list[tuple[str, str]] = []
    if said.run_queue >= 0:
        lines.append(("run queue", f"{said.run_queue}"))
    if said.processes >= 0:
        lines.append(("processes", f"{said.processes:,}"))
    if said.queues:
        name, longest = max(said.queues.items(), key=lambda each: (each[1], each[0]))
        lines.append(("longest queue", f"{longest:,} at {name}" if longest else "0"))
        lines.append(
            ("queues asked", f"{len(said.queues)} of {said.registered} registered processes")
        )
    if said.memory:
        parts = [
            f"{name} {said.memory[name] / MEGA:.1f}"
            for name in ("processes", "binary", "ets", "code")
            if name in said.memory
        ]
        lines.append(("of its memory", ", ".join(parts)))
    if said.processes_max and said.schedulers:
        limits = f"{said.processes_max:,} processes at most"
        lines.append(("schedulers", f"{said.schedulers}; {limits}"))
    if said.tick_s:
        bounds = f"{said.tick_s * 3 // 4} to {said.tick_s * 5 // 4} s"
        lines.append(("gives up the silent", f"after {bounds} (net_ticktime {said.tick_s})"))
    if said.release:
        lines.append(("Erlang/OTP", f"{said.release} (erts {said.version})"))
    lines += _shared(said)
    return tuple(lines)


def _shared(said: Said) -> list[tuple[str, str]]:
    """What is registered or stored across the cluster."""
    lines: list[tuple[str, str]] = []
    if said.names_all:
        lines.append(("global names", _places(said.names or (), said.names_all)))
    if said.groups_all:
        lines.append(("pg groups", _places(said.groups or (), said.groups_all)))
    if said.mnesia_nodes:
        where = some(list(said.mnesia_nodes))
        lines.append(("Mnesia", f"runs on {where}; {counted(said.mnesia_tables, 'table')}"))
    if "elixir" in said.applications:
        lines.append(("Elixir", said.applications["elixir"]))
    lines += held.lines(said.held)
    found = sorted(LIBRARIES & {*said.applications})
    if found:
        shown = some([f"{name} {said.applications[name]}" for name in found])
        unread = [name for name in found if name not in held.read(said.held)]
        if len(unread) == len(found):
            shown += " (what they hold is not read)"
        elif unread:
            shown += f" (not read: {some(unread)})"
        lines.append(("also runs", shown))
    if said.unread:
        lines.append(("not understood", some(sorted(said.unread))))
    return lines


def _places(places: tuple[Place, ...], count: int) -> str:
    if not places:
        return f"{count:,}: so many are only counted"
    here = sum(1 for place in places if place.here)
    shown = [
        f"{place.name} {place.here}/{place.everywhere}" if place.everywhere > 1 else place.name
        for place in places
        if place.here
    ]
    asked = "" if count == len(places) else f" of the first {len(places)}"
    return f"{count:,}, {here}{asked} here" + (f": {some(shown)}" if shown else "")


# --- reading answers -----------------------------------------------------------------------------


def whole(answer: Answer, otherwise: int = 0) -> int:
    """A whole number, as far as anything that is counted goes."""
    return _bounded(answer) if isinstance(answer, int) else otherwise


def atoms(answer: Answer) -> list[Atom]:
    """The atoms of a list."""
    return [each for each in _items(answer) if isinstance(each, Atom)]


def pids(answer: Answer) -> list[Pid]:
    """The processes of a list."""
    return [each for each in _items(answer) if isinstance(each, Pid)]


def _items(answer: Answer) -> list[Term]:
    return answer if isinstance(answer, list) else []


def text(answer: Answer) -> str:
    """A string, which Erlang writes as a list of characters."""
    codes = [each for each in _items(answer) if isinstance(each, int) and 31 < each < 0x11_0000]
    return "".join(map(chr, codes))


def sizes(answer: Answer) -> dict[str, int]:
    """[{kind, bytes}, ...]."""
    return {
        str(each[0]): _bounded(each[1])
        for each in _items(answer)
        if isinstance(each, tuple) and len(each) == 2 and isinstance(each[1], int)
    }


def _bounded(number: int) -> int:
    """Theirs have no bounds; ours are divided and kept."""
    return min(max(number, -NUMBER_MAX), NUMBER_MAX)


def versions(answer: Answer) -> dict[str, str]:
    """[{application, description, version}, ...]."""
    return {
        str(each[0]): text(each[2])
        for each in _items(answer)
        if isinstance(each, tuple) and len(each) == 3 and isinstance(each[0], Atom)
    }


def spelled(name: Term) -> str:
    """A name of any kind, short."""
    if isinstance(name, Atom):
        return name[:24]
    if isinstance(name, bytes):
        return name.decode(errors="replace")[:24]
    if isinstance(name, Record):
        return f"#{name.module}:{name.name}"[:24]
    if isinstance(name, tuple):
        return ":".join(spelled(each) for each in name[:3])[:24]
    if isinstance(name, list):
        return text(name)[:24] or "[]"
    if isinstance(name, int):
        return str(name) if abs(name) <= NUMBER_MAX else "…"
    return str(name) if isinstance(name, float) else "…"
