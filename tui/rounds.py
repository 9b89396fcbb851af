"""Plays the comparison that the dashboard shows: one process beside the live cluster, row by row.

The worlds are played by `cluster.sim.compare.worker` at low priority, so that neither frames nor
real nodes wait for them. Cancelling ends the process. Everything heavy is imported here late.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cluster.sim.compare.record import ARCHITECTURES, Comparison, Row, ScheduleName

ROOT: Final = Path(__file__).resolve().parents[1]
ROW_BYTES_MAX: Final = 32 * 1_048_576
NICE: Final = 10
"""How far behind the dashboard and the nodes the worlds stand in the queue for a processor."""


class RoundError(Exception):
    """It could not be played to the end. One sentence."""


async def play(schedule: ScheduleName, seed: int, tell: Callable[[Comparison], None]) -> Comparison:
    """Play a schedule against all five. `tell` is given what there is after each: first no row."""
    import msgspec

    order_of, gather = await asyncio.to_thread(_late)
    rows: list[Row] = []
    tell(gather(schedule, seed, 0, rows))
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cluster.sim.compare.worker"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        limit=ROW_BYTES_MAX,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        _yield_to_others(process.pid)
        for architecture in ARCHITECTURES:
            order = order_of(schedule, seed, architecture, 0)
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            line = await process.stdout.readline()
            try:
                rows.append(msgspec.json.decode(line, type=Row))
            except msgspec.DecodeError:  # an empty line, or half a one
                raise RoundError(f"the process that played {architecture} died") from None
            tell(gather(schedule, seed, 0, rows))
    finally:
        process.stdin.close()
        if process.returncode is None:
            try:
                process.kill()
            except ProcessLookupError:
                pass  # it has ended this moment
        await process.wait()
    return gather(schedule, seed, 0, rows)


def _late():
    from cluster.sim.compare.play import Order
    from cluster.sim.compare.runner import gathered

    return Order, gathered


def _yield_to_others(pid: int) -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, pid, NICE)
    except OSError:
        pass  # it plays as quickly as it may, then
