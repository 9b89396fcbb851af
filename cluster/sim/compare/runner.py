"""Whole comparisons: a schedule against several architectures, rows gathered into one record.

`compare` plays in this process; `compare_all` plays many schedules over worker processes and gives
each comparison as soon as its last row is there. Both give the same for the same arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cluster.config import SECOND, ArchitectureName
from cluster.sim.compare.clients import Load, wishes
from cluster.sim.compare.crew import Crew
from cluster.sim.compare.play import USUAL, Order, play
from cluster.sim.compare.record import (
    ARCHITECTURES,
    Comparison,
    Progress,
    Row,
    ScheduleName,
)
from cluster.sim.compare.schedules import ABOUT, plan
from cluster.sim.dice import Dice

JOBS: Final = 2
"""Worlds played at once when nobody said."""


def nobody(_done: int, _total: int, _what: str) -> None:
    """Hears progress and keeps it."""


def compare(
    schedule: ScheduleName,
    seed: int,
    architectures: Sequence[ArchitectureName] = ARCHITECTURES,
    on_progress: Progress = nobody,
    lasting_us: int = 0,
) -> Comparison:
    """Play one schedule here, one architecture after the other."""
    rows: list[Row] = []
    for name in architectures:
        on_progress(len(rows), len(architectures), f"{schedule}: {name}")
        rows.append(play(Order(schedule, seed, name, lasting_us)))
    return gathered(schedule, seed, lasting_us, rows)


def compare_all(
    schedules: Sequence[ScheduleName],
    seed: int,
    architectures: Sequence[ArchitectureName] = ARCHITECTURES,
    on_progress: Progress = nobody,
    lasting_us: int = 0,
    jobs: int = JOBS,
) -> Iterator[Comparison]:
    """Play several schedules, in the order given. Raises WorkerDiedError."""
    orders = [Order(s, seed, a, lasting_us) for s in schedules for a in architectures]
    rows: dict[Order, Row] = {}
    told = 0
    on_progress(0, len(orders), "")
    with Crew(min(jobs, len(orders))) as crew:
        for order, row in crew.play(orders):
            rows[order] = row
            on_progress(len(rows), len(orders), f"{order.schedule}: {order.architecture}")
            while told < len(schedules):
                mine = [o for o in orders if o.schedule == schedules[told]]
                if not all(o in rows for o in mine):
                    break
                told += 1
                found = [rows[o] for o in mine]
                yield gathered(mine[0].schedule, seed, lasting_us, found)


def gathered(
    schedule: ScheduleName,
    seed: int,
    lasting_us: int,
    rows: Sequence[Row],
    load: Load = USUAL,
) -> Comparison:
    """Rows of one schedule and seed, under what was done to all of them."""
    what = plan(schedule, seed, lasting_us)
    wanted = wishes(Dice(seed).stream("wishes"), load, what.lasting_us)
    operations = sum(1 if wish.reads_only else 2 for wish in wanted)
    return Comparison(
        schedule=schedule,
        about=ABOUT[schedule],
        seed=seed,
        lasting_us=what.lasting_us,
        rate_per_s=round(operations * SECOND / what.lasting_us, 1),
        marks=what.marks,
        hurt_us=what.hurt_us,
        rows=tuple(rows),
    )
