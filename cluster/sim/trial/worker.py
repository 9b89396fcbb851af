"""A process that plays seeds: one JSON order a line on its input, one JSON answer a line back.

A process of its own because a run is only proved deterministic when it is repeated under another
`PYTHONHASHSEED`, and because many seeds want many cores. Ends when its input ends.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cluster.config import SECOND
from cluster.sim.faults.options import FaultsName, Options, draw
from cluster.sim.trial.trial import Result, Trial
from cluster.sim.workers import serve

JOURNAL_MAX: Final = 2_000_000
"""Lines of a journal that two runs are compared by."""


class Order(msgspec.Struct, frozen=True):
    """One seed to play."""

    seed: int
    faults: FaultsName
    lasting_us: int = 60 * SECOND
    nodes: int | None = None
    only: tuple[int, ...] | None = None
    rooms: int | None = None
    """How many rooms; None: drawn."""
    between: tuple[int, int] = (0, 0)
    """The inputs to write down, from and to; none when equal."""


class Answer(msgspec.Struct, frozen=True):
    """What came of it."""

    result: Result
    marks: tuple[int, ...]
    """The state of the digest after every thousand inputs."""
    journal: tuple[str, ...] = ()


def drawn(order: Order) -> Options:
    """The world that an order asks for."""
    return draw(
        order.seed, order.faults, order.lasting_us, order.nodes, order.only, rooms=order.rooms
    )


def play(order: Order) -> Answer:
    """Play one order here."""
    trial = Trial(drawn(order))
    first, last = order.between
    if last > first:
        trial.world.journal = []
    result = trial.run()
    journal = tuple((trial.world.journal or [])[first:last])
    return Answer(result, tuple(trial.world.marks), journal)


if __name__ == "__main__":
    raise SystemExit(serve(Order, play))
