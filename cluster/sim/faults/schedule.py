"""Fault schedules: who is hurt, how, when and for how long, drawn from the seed as plain values.

An episode begins, lasts, and is undone: every fault has its inverse. Families draw from streams of
their own, so that a schedule with one family more keeps the others' episodes; episodes are
numbered in order of time, and any subset of them is again a schedule, which is what lets a failing
run be shrunk. Named schedules combine families; `hell` is all of them overlapping.

The premise of every promise about data is kept here: only `victims`, fewer than W nodes, ever lose
a disk or what is on it, so that of the W disks that prove a write one always survives.

`swizzle` is FoundationDB's swizzle-clog: the links of a random subset of nodes are stopped one by
one and let go in another random order.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import MS, SECOND
from cluster.sim.dice import Dice
from cluster.sim.faults.episode import Episode, Kind
from cluster.sim.faults.options import FaultsName, Options
from cluster.sim.faults.stories import STORIES

EPISODES_MAX: Final = 400
"""Of one schedule; longer runs repeat nothing, they just stop being hurt."""


class Family(Struct, frozen=True):
    """How often one kind of fault begins, on average, and how long it lasts."""

    kind: Kind
    every_us: int
    least_us: int
    most_us: int


_BY_NAME: Final[dict[FaultsName, tuple[Family, ...]]] = {
    "calm": (),
    "kills": (Family("kill", 4 * SECOND, 200 * MS, 14 * SECOND),),
    "pauses": (Family("pause", 4 * SECOND, 50 * MS, 8 * SECOND),),
    "partitions": (
        Family("partition", 8 * SECOND, 200 * MS, 14 * SECOND),
        Family("cut", 5 * SECOND, 200 * MS, 10 * SECOND),
        Family("isolate", 10 * SECOND, 200 * MS, 8 * SECOND),
    ),
    "lossy": (
        Family("loss", 4 * SECOND, SECOND, 10 * SECOND),
        Family("delay", 4 * SECOND, SECOND, 10 * SECOND),
    ),
    "disks": (
        Family("slow disk", 6 * SECOND, SECOND, 8 * SECOND),
        Family("full disk", 9 * SECOND, 100 * MS, 4 * SECOND),
        Family("wipe", 10 * SECOND, 100 * MS, 6 * SECOND),
        Family("rot", 8 * SECOND, 1 * MS, 1 * MS),
        Family("kill", 10 * SECOND, 100 * MS, 3 * SECOND),
    ),
    "clocks": (
        Family("skew", 4 * SECOND, SECOND, 20 * SECOND),
        Family("kill", 8 * SECOND, 100 * MS, 4 * SECOND),
    ),
    "churn": (
        Family("join", 6 * SECOND, 5 * SECOND, 40 * SECOND),
        Family("leave", 9 * SECOND, 2 * SECOND, 20 * SECOND),
    ),
    "swizzle": (),
    "hell": (),
    **dict.fromkeys(STORIES, ()),
}
_SWIZZLES: Final[dict[FaultsName, int]] = {"swizzle": 10 * SECOND, "hell": 25 * SECOND}
JOINS_MAX: Final = 3
"""Newcomers of one world: more would make it another world."""
HELL_EASE: Final = 2
"""In hell each family comes this many times less often than alone: there are a dozen of them."""


def families(name: FaultsName) -> tuple[Family, ...]:
    """The families of a named schedule."""
    if name != "hell":
        return _BY_NAME[name]
    found: dict[Kind, Family] = {}
    for other, members in _BY_NAME.items():
        if other != "hell":
            for family in members:
                found.setdefault(family.kind, family)
    return tuple(replace(f, every_us=f.every_us * HELL_EASE) for f in found.values())


def victims(options: Options) -> tuple[str, ...]:
    """The nodes that may lose a disk: fewer than W, so that a write's last proof is never lost."""
    rng = Dice(options.seed).stream("victims")
    everybody = names(options.nodes)
    return tuple(sorted(rng.sample(everybody, options.write_quorum - 1)))


def names(nodes: int) -> list[str]:
    """n1, n2, ... in this order."""
    return [f"n{index}" for index in range(1, nodes + 1)]


def plan(options: Options) -> tuple[Episode, ...]:
    """The episodes of a world in order of time; `options.only` picks some of them."""
    dice = Dice(options.seed)
    found: list[Episode] = []
    for family in families(options.faults):
        found += _episodes(options, family, dice.stream(f"faults/{family.kind}"))
    every = _SWIZZLES.get(options.faults)
    if every is not None:
        found += _swizzles(options, every, dice.stream("faults/swizzle"))
    if options.faults in STORIES:
        found += STORIES[options.faults].play(options, dice.stream("faults/story"))
    found.sort(key=lambda e: (e.at, e.kind, e.subject))
    numbered = [replace(e, number=i) for i, e in enumerate(found[:EPISODES_MAX], 1)]
    wanted = None if options.only is None else set(options.only)
    return tuple(e for e in numbered if wanted is None or e.number in wanted)


def _episodes(options: Options, family: Family, rng: Random) -> list[Episode]:
    found: list[Episode] = []
    at = int(rng.expovariate(1) * family.every_us)
    fresh = options.nodes
    limit = JOINS_MAX if family.kind == "join" else EPISODES_MAX
    while at < options.lasting_us and len(found) < limit:
        # Short more often than long: both a flicker and an absence past eviction are wanted.
        share = rng.random() ** 2
        lasts = family.least_us + int((family.most_us - family.least_us) * share)
        fresh += 1
        subject, peers, amount = _WHO[family.kind](options, rng, fresh)
        if subject:
            found.append(Episode(0, family.kind, at, lasts, subject, peers, amount))
        at += int(rng.expovariate(1) * family.every_us)
    return found


def _swizzles(options: Options, every_us: int, rng: Random) -> list[Episode]:
    found: list[Episode] = []
    at = int(rng.expovariate(1) * every_us)
    while at < options.lasting_us and len(found) < EPISODES_MAX:
        chosen = rng.sample(names(options.nodes), rng.randint(1, options.nodes))
        begins = sorted(rng.randrange(2 * SECOND) for _ in chosen)
        ends = [3 * SECOND + rng.randrange(4 * SECOND) for _ in chosen]
        for name, begin, end in zip(chosen, begins, ends, strict=True):
            found.append(Episode(0, "isolate", at + begin, end - begin, name))
        at += int(rng.expovariate(1) * every_us) + 7 * SECOND
    return found


# --- whom, and how hard --------------------------------------------------------------------------

Drawn = tuple[str, tuple[str, ...], int]
"""(subject, peers, amount); an empty subject: nobody may suffer this here."""


def _anybody(options: Options, rng: Random) -> str:
    return rng.choice(names(options.nodes))


def _kill(options: Options, rng: Random, _fresh: int) -> Drawn:
    return _anybody(options, rng), (), int(rng.random() < 0.3)


def _pause(options: Options, rng: Random, _fresh: int) -> Drawn:
    return _anybody(options, rng), (), 0


def _partition(options: Options, rng: Random, _fresh: int) -> Drawn:
    everybody = names(options.nodes)
    side = sorted(rng.sample(everybody, rng.randint(1, options.nodes - 1)))
    return side[0], tuple(side[1:]), 0


def _cut(options: Options, rng: Random, _fresh: int) -> Drawn:
    a, b = rng.sample(names(options.nodes), 2)
    return a, (b,), int(rng.random() < 0.4)


def _loss(options: Options, rng: Random, _fresh: int) -> Drawn:
    return _anybody(options, rng), (), rng.randint(50, 900)


def _delay(options: Options, rng: Random, _fresh: int) -> Drawn:
    return _anybody(options, rng), (), rng.randint(2, 400) * MS


def _victim(options: Options, rng: Random, _fresh: int) -> Drawn:
    candidates = victims(options)
    chance = rng.random()
    return (candidates[int(chance * len(candidates))] if candidates else ""), (), 0


def _rot(options: Options, rng: Random, _fresh: int) -> Drawn:
    subject, peers, _ = _victim(options, rng, _fresh)
    return subject, peers, rng.randint(1, 5)


def _slow_disk(options: Options, rng: Random, _fresh: int) -> Drawn:
    return _anybody(options, rng), (), rng.randint(5, 400) * MS


def _full_disk(options: Options, rng: Random, _fresh: int) -> Drawn:
    return _anybody(options, rng), (), 0


def _skew(options: Options, rng: Random, _fresh: int) -> Drawn:
    return _anybody(options, rng), (), rng.randint(-5_000, 5_000) * MS


def _join(_options: Options, _rng: Random, fresh: int) -> Drawn:
    return f"n{fresh}", (), 0


_WHO: Final[dict[Kind, Callable[[Options, Random, int], Drawn]]] = {
    "kill": _kill,
    "pause": _pause,
    "partition": _partition,
    "cut": _cut,
    "isolate": _pause,
    "loss": _loss,
    "delay": _delay,
    "wipe": _victim,
    "rot": _rot,
    "slow disk": _slow_disk,
    "full disk": _full_disk,
    "skew": _skew,
    "join": _join,
    "leave": _pause,
}
