"""The named schedules: what is done to all five architectures at the same moments, from a seed.

Five founders n1 to n5. n1 is the master where there is one, and is treated the same where there is
none; where voters chose another one, it takes n1's part (`instead`). Each schedule has a calm beginning, the
fault, and a calm end of `AFTER_US` in which clients still ask. The seed moves the moments a little
and chooses who is hurt where that is open. Ignores what the clients do (`clients`).
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.config import MS, SECOND
from cluster.model.member import NodeId
from cluster.sim.compare.record import Mark, ScheduleName
from cluster.sim.dice import Dice
from cluster.sim.faults.schedule import Episode, Kind

FOUNDERS: Final = ("n1", "n2", "n3", "n4", "n5")
MASTER: Final = FOUNDERS[0]
NEWCOMER: Final = "n6"
BEFORE_US: Final = 3 * SECOND
"""Calm at the beginning, and up to half a second more."""
AFTER_US: Final = 6 * SECOND
"""Calm at the end: what was hurt comes back under load."""
LASTING_US: Final = 18 * SECOND
"""How long clients ask when nobody said."""
LASTING_LEAST_US: Final = 14 * SECOND
CHURN_LASTING_US: Final = 32 * SECOND
"""The same for `churn`, which does six things one after the other."""
FOR_GOOD_US: Final = 3_600 * SECOND
ABOUT: Final[dict[ScheduleName, str]] = {
    "kill-one": "a node that is not the master dies, and is started again",
    "kill-master": "the first master dies, and is started again later",
    "pause-master": "the first master stands still for some seconds, and goes on",
    "split-2-3": "the network splits: the first master and n2 on one side, n3 n4 n5 on the other",
    "grow-5-to-6": "a sixth node joins",
    "churn": "deaths, pauses, a join and leaves, one after the other",
}


class Plan(Struct, frozen=True):
    """One schedule of one seed. Times are microseconds since the clients began."""

    name: ScheduleName
    seed: int
    lasting_us: int
    episodes: tuple[Episode, ...]
    hurt_us: tuple[int, int]
    """From when to when something is hurt or changed."""
    marks: tuple[Mark, ...]
    witness: str
    """A node that nothing is done to, and that is on the larger side of a split."""


def plan(name: ScheduleName, seed: int, lasting_us: int = 0) -> Plan:
    """What is done when. `lasting_us` 0: as long as the schedule needs.

    Raises ValueError if that is too short for a calm beginning and end.
    """
    usual = CHURN_LASTING_US if name == "churn" else LASTING_US
    lasting_us = lasting_us or usual
    if lasting_us < LASTING_LEAST_US:
        least = LASTING_LEAST_US // SECOND
        raise ValueError(f"a schedule lasts at least {least} s, or nothing can be seen of it")
    rng = Dice(seed).stream(f"schedule/{name}")
    begins = BEFORE_US + rng.randrange(500 * MS)
    ends = lasting_us - AFTER_US
    episodes = _episodes(name, rng, begins, ends)
    last = max(min(e.ends, lasting_us) for e in episodes)
    return Plan(
        name=name,
        seed=seed,
        lasting_us=lasting_us,
        episodes=episodes,
        hurt_us=(begins, last),
        marks=_marks(episodes, lasting_us),
        witness=_witness(episodes),
    )


def instead(plan: Plan, master: NodeId) -> Plan:
    """The same plan where another node is the master when the clients begin: it takes n1's part,
    and n1 takes its. Nothing changes where there is none, or where it is n1."""
    if not master or master == MASTER:
        return plan
    part = {MASTER: str(master), str(master): MASTER}

    def cast(name: str) -> str:
        return part.get(name, name)

    episodes = tuple(
        replace(e, subject=cast(e.subject), peers=tuple(map(cast, e.peers))) for e in plan.episodes
    )
    marks = _marks(episodes, plan.lasting_us)
    return replace(plan, episodes=episodes, marks=marks, witness=cast(plan.witness))


def _episodes(name: ScheduleName, rng: Random, begins: int, ends: int) -> tuple[Episode, ...]:
    def one(kind: Kind, subject: str, lasts: int, *peers: str) -> tuple[Episode, ...]:
        return (Episode(1, kind, begins, lasts, subject, peers),)

    match name:
        case "kill-one":
            return one("kill", rng.choice(FOUNDERS[1:]), ends - begins)
        case "kill-master":
            return one("kill", MASTER, ends - begins)
        case "pause-master":
            return one("pause", MASTER, rng.randint(3 * SECOND, 5 * SECOND))
        case "split-2-3":
            return one("partition", MASTER, ends - begins, "n2")
        case "grow-5-to-6":
            return one("join", NEWCOMER, FOR_GOOD_US)
        case "churn":
            return _churn(rng, begins, ends)


def _churn(rng: Random, begins: int, ends: int) -> tuple[Episode, ...]:
    """Six things, each over before the next begins; who is hurt is drawn, the master always is.

    n5 is left alone, to tell of the others.
    """
    others = list(FOUNDERS[1:4])
    rng.shuffle(others)
    deeds: list[tuple[Kind, str]] = [
        ("kill", others[0]),
        ("pause", others[1]),
        ("leave", others[2]),
        ("kill", MASTER),
        ("pause", MASTER),
    ]
    rng.shuffle(deeds)
    deeds.insert(rng.randrange(len(deeds)), ("join", NEWCOMER))
    turn = (ends - begins) // len(deeds)
    found: list[Episode] = []
    for place, (kind, subject) in enumerate(deeds):
        lasts = turn * rng.randint(55, 75) // 100
        if kind == "join":
            lasts = FOR_GOOD_US
        found.append(Episode(place + 1, kind, begins + place * turn, lasts, subject))
    return tuple(found)


def _witness(episodes: tuple[Episode, ...]) -> str:
    hurt = {episode.subject for episode in episodes}
    return next(name for name in reversed(FOUNDERS) if name not in hurt)


def _marks(episodes: tuple[Episode, ...], lasting_us: int) -> tuple[Mark, ...]:
    found: list[Mark] = []
    for episode in episodes:
        begun, over = _words(episode)
        found.append(Mark(episode.at, begun, harm=True))
        if episode.ends < lasting_us:
            found.append(Mark(episode.ends, over, harm=False))
    return tuple(sorted(found, key=lambda mark: mark.at_us))


def _words(episode: Episode) -> tuple[str, str]:
    name = episode.subject
    match episode.kind:
        case "kill":
            return f"{name} dies", f"{name} is started again"
        case "pause":
            return f"{name} stands still", f"{name} goes on"
        case "join":
            return f"{name} joins", f"{name} leaves"
        case "leave":
            return f"{name} leaves", f"{name} is back"
        case _:
            side = (name, *episode.peers)
            rest = " ".join(other for other in FOUNDERS if other not in side)
            return f"{' '.join(side)} | {rest}", "one network again"
