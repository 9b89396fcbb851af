"""Three minutes of chaos on real processes: one fault at a time, under load, and nothing is lost.

    MASTERLESS_CHAOS_SEED=7 MASTERLESS_CHAOS_S=180 pytest -m slow -s tests/real/test_chaos.py

The seed draws the faults and the load; the nodes' own timing is the machine's.
"""

from __future__ import annotations

import asyncio
import os
from random import Random
from time import monotonic

import pytest

from cluster.api.operator import WindowClient
from cluster.model.member import NodeId
from tests.real.chaos import COUNTERS, Act, Counting, schedule
from tests.real.stage import Stage, now, stage

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.xdist_group("real"),
    pytest.mark.timeout(900),
]

SEED = int(os.environ.get("MASTERLESS_CHAOS_SEED", "1"))
LASTING_S = float(os.environ.get("MASTERLESS_CHAOS_S", "180"))
ACTS_MAX = 60
MENDED_WITHIN_S = 90.0
NODES = [NodeId(f"n{i}") for i in range(1, 6)]


async def test_three_minutes_of_chaos_cost_no_acknowledged_answer() -> None:
    random = Random(SEED)
    acts = schedule(random, NODES, ACTS_MAX)
    print(f"\nchaos: seed {SEED}, {LASTING_S:.0f} s, 5 nodes; the schedule:")
    for act in acts:
        print(f"  {act}")
    async with stage(seed=random.getrandbits(32)) as on:
        counting = Counting(on.lab.cluster, 10.0, random)
        pressing = asyncio.create_task(counting.run(on.lab.doors()))
        try:
            await _hurt(on, acts)
            pressing.cancel()
            await _judge(on, counting)
        finally:
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)
            await counting.close()


async def _hurt(on: Stage, acts: list[Act]) -> None:
    """Fault, wait, heal, wait until all is well, again."""
    began = monotonic()
    for act in acts:
        if monotonic() - began >= LASTING_S:
            break
        hurt = monotonic()
        await _begin(on, act)
        await on.until(
            lambda end=hurt + act.lasts_s: monotonic() >= end, "the fault has lasted", 60
        )
        await _end(on, act)
        mended = monotonic()
        await _whole(on, str(act), now())
        took = monotonic() - mended
        print(f"  {hurt - began:6.1f} s  {act}: whole {took:.1f} s after its end", flush=True)


async def _begin(on: Stage, act: Act) -> None:
    first = act.whom[0]
    match act.kind:
        case "kill":
            await on.lab.kill(first)
        case "wipe":
            await on.lab.wipe(first)
        case "pause":
            await on.lab.pause(first)
        case "cut":
            await on.lab.links.cut(first, act.whom[1])
        case "partition":
            await on.lab.links.partition(act.whom)
        case "isolate":
            await on.lab.links.isolate(first)


async def _end(on: Stage, act: Act) -> None:
    match act.kind:
        case "kill" | "wipe":
            await on.lab.restart(act.whom[0])
        case "pause":
            await on.lab.resume(act.whom[0])
        case "cut" | "partition" | "isolate":
            await on.lab.links.heal()


async def _whole(on: Stage, after: str, since: int) -> None:
    """One view, no hint waits, every partition filled, trees compared since then and equal."""
    await on.until(on.all_alive, f"after {after}: everyone agrees", MENDED_WITHIN_S)
    await on.until(lambda: on.hints() == 0, f"after {after}: hints drain", MENDED_WITHIN_S)
    await on.until(lambda: on.filling() == 0, f"after {after}: places are filled", MENDED_WITHIN_S)
    deadline = monotonic() + MENDED_WITHIN_S
    while unequal := await _unequal(on, since):
        assert monotonic() < deadline, f"after {after}: trees are not equal: {unequal}"
        await on.until(lambda at=on.view.at: on.view.at > at + 200_000, "a moment", 10)


async def _unequal(on: Stage, since: int) -> list[str]:
    """Pairs whose hash trees were not found equal since then, as each says itself."""
    found: list[str] = []
    for name, window in on.lab.windows().items():
        async with WindowClient(window) as client:
            _, said = await client.snapshot()
        found += [
            f"{name} and {each.peer}: {each}"
            for each in said.trees
            if each.shared and (each.at <= since or not each.clean)
        ]
        found += [f"{name} compares with nobody"] if not said.trees else []
    return found


async def _judge(on: Stage, counting: Counting) -> None:
    await on.quiz.pause()
    await counting.settle()
    await _whole(on, "the end", now())
    assert await _hints(on) == 0
    audit = await on.quiz.audit()
    print(
        f"  {on.quiz.acknowledged} answers acknowledged, {on.quiz.maybe} unknown, "
        f"{on.quiz.failed} given up, {audit}; "
        f"{sum(counting.acknowledged)} presses acknowledged, {sum(counting.maybe)} unknown, "
        f"{counting.refused} refused"
    )
    for door in on.lab.doors():
        for which in range(COUNTERS):
            least = counting.acknowledged[which]
            value = await counting.read(door, which)
            assert least <= value <= least + counting.maybe[which], (which, value, least)
    assert audit.unreadable == ()
    assert audit.asked >= 1_000


async def _hints(on: Stage) -> int:
    """Writes kept for others, as each node says when asked."""
    kept = 0
    for window in on.lab.windows().values():
        async with WindowClient(window) as client:
            _, said = await client.snapshot()
        kept += sum(depth.count for depth in said.hints)
    return kept
