"""The bars of the five architectures: what must be seen in how many of many seeds.

A bar that says "loses" is as strict as one that says "loses nothing": an architecture that is shown
to be dangerous must really be so, and not by a trick of one seed. Each bar looks at one row; its
worlds vary with the seed in everything that a schedule leaves open: latencies, moments, clients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cluster.config import SECOND, ArchitectureName
from cluster.sim.compare.clients import Load
from cluster.sim.compare.play import Order
from cluster.sim.compare.promises import PROMISING, broken_by
from cluster.sim.compare.record import SCHEDULES, Row, ScheduleName
from cluster.sim.compare.schedules import CHURN_LASTING_US, LASTING_LEAST_US
from cluster.sim.dice import Dice


class Bar(Struct, frozen=True):
    """One claim about one architecture under one schedule."""

    schedule: ScheduleName
    architecture: ArchitectureName
    text: str
    least: float
    """Of all seeds, those that must show it."""
    short: Callable[[Row], list[str]]
    """What a row lacks of it; nothing when it shows it."""

    @property
    def name(self) -> str:
        """For the command line."""
        return f"{self.architecture}/{self.schedule}"


def order(bar: Bar, seed: int) -> Order:
    """The world of a seed. Small, so that a thousand can be played."""
    rng = Dice(seed).stream("bars")
    load = Load(
        wishes_per_s=rng.randint(14, 30),
        keys=rng.randint(40, 200),
        hot_keys=rng.randint(2, 4),
        # Where the last write wins, writers of one key need not wait for each other: the harder
        # test of a register.
        turns=bar.architecture != "majority",
    )
    usual = CHURN_LASTING_US if bar.schedule == "churn" else LASTING_LEAST_US
    lasting_us = usual + rng.randrange(3 * SECOND)
    return Order(bar.schedule, seed, bar.architecture, lasting_us, load)


def _loses(row: Row) -> list[str]:
    found: list[str] = []
    if not row.measures.lost_count:
        found.append("lost no acknowledged write")
    if not row.measures.dual_master_us:
        found.append("never had two masters")
    return found


def _one_master_a_term(row: Row) -> list[str]:
    found = broken_by(row)
    if row.commit_terms < 2:
        found.append(f"acknowledged writes in {row.commit_terms} terms: the master never changed")
    return found


def _writes_everywhere(row: Row) -> list[str]:
    silent = [each.node for each in row.asked if not each.written]
    found = broken_by(row)
    if len(row.asked) < 5 or silent:
        found.append(f"acknowledged no write during the split at {' '.join(silent) or 'some'}")
    return found


def _dead_with_its_master(row: Row) -> list[str]:
    found: list[str] = []
    if row.during.ok:
        found.append(f"answered {row.during.ok} times after its master's death")
    alive = {each.node for each in row.asked if each.tried}
    if alive != {"n2", "n3", "n4", "n5"}:
        found.append(f"was asked at {' '.join(sorted(alive))}, not at the four others")
    return found


BARS: Final = (
    Bar("split-2-3", "failover", "loses acknowledged writes to two masters", 0.95, _loses),
    Bar(
        "split-2-3",
        "majority",
        "loses nothing, one master a term, every key one register",
        1.0,
        _one_master_a_term,
    ),
    Bar(
        "split-2-3",
        "masterless",
        "loses nothing, takes writes at every node, converges",
        1.0,
        _writes_everywhere,
    ),
    Bar("kill-master", "single", "0 % with four nodes alive", 1.0, _dead_with_its_master),
    Bar("kill-master", "primary", "0 % with four nodes alive", 1.0, _dead_with_its_master),
)

KEPT: Final = tuple(
    Bar(schedule, architecture, "keeps what it promises", 1.0, broken_by)
    for architecture in sorted(PROMISING)
    for schedule in SCHEDULES
    if schedule != "split-2-3"
)
"""The same promises under everything else that is done to clusters here."""
