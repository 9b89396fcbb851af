"""The closed vocabulary of a deck: what can be shown live, what can be done, and how it is written.

Decides names and the number of their arguments. What a verb does to a cluster is a ground's
(`talk.grounds`), how a picture is painted is `talk.live`'s. Whoever adds a word here is told by the
type checker and by tests where it is missing.
"""

from __future__ import annotations

import re
from typing import Final, get_args

from msgspec import Struct

from cluster.model.fault import DELAY_MS_MAX, LOST_PERCENT_MAX
from cluster.model.rooms.naming import Keep
from talk.deck.deck import Place


class Verb(Struct, frozen=True):
    """One thing a cue can do."""

    name: str
    takes: str
    """Its arguments, as help shows them: `NODE`, `[COUNT]`, `A,B | C,D`."""
    least: int
    most: int
    does: str
    """In the presenter's words."""


class Shown(Struct, frozen=True):
    """One kind of live picture."""

    name: str
    takes: str
    place: Place
    shows: str


VERBS: Final[dict[str, Verb]] = {
    verb.name: verb
    for verb in (
        Verb("kill", "NODE", 1, 1, "end a process at once (SIGKILL)"),
        Verb("start", "NODE", 1, 1, "start a node that is gone, on its own disk"),
        Verb("pause", "NODE", 1, 1, "stop a process where it is (SIGSTOP)"),
        Verb("resume", "NODE", 1, 1, "let it go on (SIGCONT)"),
        Verb("cut", "NODE NODE", 2, 2, "cut the link between two nodes"),
        Verb("isolate", "NODE", 1, 1, "cut every link of one node"),
        Verb("partition", "NODE,NODE", 1, 1, "split these from all others"),
        Verb("heal", "", 0, 0, "mend every link"),
        Verb(
            "lose", "SHARE", 1, 1, "lose so many of all packets, as in 20%; `lose nothing` ends it"
        ),
        Verb(
            "slow", "NODE TIME", 2, 2, "hold up all it sends, as by 2s; `slow n1 nothing` ends it"
        ),
        Verb("wipe", "NODE", 1, 1, "end a process and empty its disk"),
        Verb("add", "", 0, 0, "start one more node"),
        Verb("drain", "NODE", 1, 1, "have a node hand over all it holds, and stay"),
        Verb("leave", "NODE", 1, 1, "have a node hand over all it holds, and go"),
        Verb("put", "COUNT", 1, 1, "write so many answers, and remember which were acknowledged"),
        Verb("audit", "", 0, 0, "read every acknowledged answer back"),
        Verb("fill", "ROOM KEEP", 2, 2, "open one more room and have 20 players answer in it"),
        Verb("count", "ROOM", 1, 1, "ask such a room how many of its answers it still has"),
        Verb("crash", "ROOM", 1, 1, "make a room's process fail"),
        Verb("undo", "", 0, 0, "take back all that was done to the cluster"),
        Verb("play", "PAIR", 1, 1, "play one do and don't, both ways, in simulated worlds"),
    )
}

_LATE: Final = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)(ms|s)")
NOTHING: Final = "nothing"
"""The share of packets, or the time, that ends a fault."""
KEEPS: Final[dict[str, Keep]] = {keep: keep for keep in get_args(Keep)}
"""What a room's state outlives: nothing, its process, its node."""
MASTER: Final = "master"
"""In the place of a node: whoever reigns when it is first named on a slide."""
MESH: Final = "mesh"
WAVES: Final = ("flood", "calm", "disaster", "after")
"""As `talk.live.showing.PARTS`, which a deck has no need to import."""
OVERLAYS: Final = (MESH, *WAVES)
LIVES: Final[dict[str, Shown]] = {
    shown.name: shown
    for shown in (
        Shown("ring", "", "right", "who owns what, and messages on their way"),
        Shown("matrix", "", "right", "who believes what about whom"),
        Shown("nodes", "", "right", "one row a node: alive or not, share, keys, hints"),
        Shown("home", "", "whole", "the dashboard's first screen"),
        Shown("recovery", "", "below", "the newest incident, stage by stage"),
        Shown("flow", "", "below", "messages in time, a lane for each node"),
        Shown("rooms", "", "below", "which room runs where"),
        Shown("events", "", "below", "what happened, newest last"),
        Shown("plots", "", "below", "latency, throughput, convergence over time"),
        Shown("pair", "NAME", "below", "a do and don't: steps as they happen, both ways' numbers"),
        Shown(
            "overlay",
            "[WAVE]",
            "right",
            "a thousand simulated nodes: flood, calm, disaster, after, or all in turn; mesh",
        ),
        Shown("beam", "", "below", "a real BEAM cluster beside ours, where Erlang is installed"),
        Shown("quiz", "", "below", "one quiz room written three ways, under one load"),
        Shown("queues", "", "below", "back-pressure by demand: what waits at each stage"),
    )
}


def percent_of(share: str) -> int:
    """How many of a hundred packets a share is: `20%` is 20, `nothing` is 0, -1 for what is neither."""
    if share == NOTHING:
        return 0
    digits = share.removesuffix("%")
    fits = share.endswith("%") and digits.isascii() and digits.isdigit() and len(digits) <= 2
    return int(digits) if fits and 1 <= int(digits) <= LOST_PERCENT_MAX else -1


def late_ms_of(text: str) -> int:
    """By how many milliseconds: `2s` is 2,000, `nothing` is 0, -1 for what is neither."""
    if text == NOTHING:
        return 0
    found = _LATE.fullmatch(text)
    late = round(float(found[1]) * (1_000 if found[2] == "s" else 1)) if found else -1
    return late if 1 <= late <= DELAY_MS_MAX else -1
