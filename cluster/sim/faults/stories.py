"""What befell the users of other process registries, retold: the same conditions, our cluster.

Each story is a schedule like any other, judged by the same judges; what it adds is that its faults
come in the order that a report described, again and again, with only the nodes and the moments drawn.
What went wrong there is named with each; the judges that would find it here are `cluster.sim.rooms`.
Our worlds keep two nodes on each side of a split, where the reports had one: a room acknowledges
what two disks have, so a lone node would not even try.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from msgspec import Struct

from cluster.config import MS, SECOND
from cluster.sim.faults.episode import Episode, Kind
from cluster.sim.faults.options import FaultsName, Options

SPLIT_US: Final = (4 * SECOND, 9 * SECOND)
"""Longer than it takes to declare the other side dead, so that both sides run every room."""
BETWEEN_US: Final = (2 * SECOND, 5 * SECOND)
"""Whole again, before it goes on."""


class Story(Struct, frozen=True):
    """A report, and the faults that retell it."""

    reports: tuple[str, ...]
    there: str
    """What happened there, in a sentence."""
    play: Callable[[Options, Random], list[Episode]]


def _names(options: Options) -> list[str]:
    return [f"n{index}" for index in range(1, options.nodes + 1)]


def _episode(kind: Kind, at: int, lasts: int, subject: str, *peers: str) -> Episode:
    return Episode(0, kind, at, lasts, subject, tuple(peers))


def _halves(options: Options, rng: Random) -> tuple[str, ...]:
    return tuple(sorted(rng.sample(_names(options), options.nodes // 2)))


def _splits(options: Options, rng: Random) -> list[Episode]:
    """The cluster falls into two halves and heals, and often into others before it is whole."""
    found: list[Episode] = []
    at = rng.randint(*BETWEEN_US)
    while at < options.lasting_us:
        lasts = rng.randint(*SPLIT_US)
        found.append(_episode("partition", at, lasts, *_halves(options, rng)))
        at += lasts + rng.choice((rng.randint(10 * MS, SECOND), rng.randint(*BETWEEN_US)))
    return found


def _long_splits(options: Options, rng: Random) -> list[Episode]:
    """One long split, so that each half has settled; then a long time whole."""
    found: list[Episode] = []
    at = rng.randint(*BETWEEN_US)
    while at < options.lasting_us:
        lasts = rng.randint(10 * SECOND, 16 * SECOND)
        found.append(_episode("partition", at, lasts, *_halves(options, rng)))
        at += lasts + rng.randint(8 * SECOND, 12 * SECOND)
    return found


def _removals(options: Options, rng: Random) -> list[Episode]:
    """Two nodes are removed one after the other, later they return; nothing else ever fails."""
    found: list[Episode] = []
    at = rng.randint(*BETWEEN_US)
    while at < options.lasting_us:
        first, second = rng.sample(_names(options), 2)
        away = rng.randint(8 * SECOND, 12 * SECOND)
        later = rng.randint(SECOND, 4 * SECOND)
        found.append(_episode("leave", at, away, first))
        found.append(_episode("leave", at + later, away, second))
        at += later + away + rng.randint(*BETWEEN_US)
    return found


def _losers(options: Options, rng: Random) -> list[Episode]:
    """Both halves count; they heal, and a moment later somebody dies, who may have been the winner.
    He returns with what is on his disk, older than what was counted meanwhile."""
    found: list[Episode] = []
    at = rng.randint(*BETWEEN_US)
    while at < options.lasting_us:
        lasts = rng.randint(*SPLIT_US)
        found.append(_episode("partition", at, lasts, *_halves(options, rng)))
        at += lasts + rng.randint(0, SECOND)
        away = rng.randint(SECOND, 6 * SECOND)
        found.append(_episode("kill", at, away, rng.choice(_names(options))))
        at += away + rng.randint(*BETWEEN_US)
    return found


def _crashes(options: Options, rng: Random) -> list[Episode]:
    """Storms in which most nodes crash and start again, some of them in the middle of joining."""
    found: list[Episode] = []
    at = rng.randint(*BETWEEN_US)
    while at < options.lasting_us:
        storm = rng.randint(3 * SECOND, 6 * SECOND)
        for name in rng.sample(_names(options), options.nodes - 2):
            moment = at + rng.randrange(storm)
            for _ in range(rng.randint(1, 3)):
                lasts = rng.randint(100 * MS, SECOND)
                found.append(_episode("kill", moment, lasts, name))
                moment += lasts + rng.randint(50 * MS, 600 * MS)
        at += storm + rng.randint(*BETWEEN_US)
    return found


_HORDE: Final = "https://github.com/elixir-horde/horde/issues/"
_SWARM: Final = "https://github.com/bitwalker/swarm/issues/"

STORIES: Final[dict[FaultsName, Story]] = {
    "vanish": Story(
        (f"{_HORDE}186",),
        "four nodes, one name: after the split had healed, the process was sometimes in nobody's "
        "registry and under nobody's supervisor any more",
        _splits,
    ),
    "multiply": Story(
        (f"{_HORDE}207",),
        "one process became up to eight while two of three nodes were removed: each survivor "
        "restarted what it believed lost, under a new identity",
        _removals,
    ),
    "forget": Story(
        (f"{_HORDE}161", f"{_SWARM}47"),
        "counters went on on both sides of a split, and the one that lost its name was killed with "
        "what it had counted; a process whose node died started elsewhere without its state, and "
        "an old state came back with the old node",
        _losers,
    ),
    "stuck": Story(
        (f"{_SWARM}130",),
        "when many nodes crashed and restarted, trackers stayed in `syncing` for ever, waiting for "
        "processes of nodes that were gone",
        _crashes,
    ),
    "twins": Story(
        (f"{_SWARM}86",),
        "two nodes were disconnected, each ran the process, and when they were connected again both "
        "kept running",
        _long_splits,
    ),
}
