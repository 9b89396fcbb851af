"""A thousand rooms on real nodes: opened, killed with their node, drained in a rolling restart.

    python -m tests.bench.rooms [--rooms 1000] [--nodes 5] [--clients 24] [--kills 2] [--seed 1]

Recovery is what clients see: every room of the killed node is called at the moment of the kill, and
the time until each has answered is its own. Loss is judged by what the rooms say afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from statistics import median, quantiles

from cluster.lab.nodes import Lab
from cluster.model.member import NodeId
from tests.bench.figures import figure
from tests.real.rooms.players import Players, Room
from tests.real.stage import Stage, stage


async def settled(on: Stage) -> None:
    await on.until(on.all_alive, "everyone agrees", 60)
    await on.until(lambda: on.hints() == 0 and on.filling() == 0, "copies are whole", 90)


async def play_for(players: Players, seconds: float) -> None:
    """Time is the measurement here: how much is answered in it."""
    loop = asyncio.get_running_loop()
    answered, began = players.answered, loop.time()
    await asyncio.sleep(seconds)
    rate = (players.answered - answered) / (loop.time() - began)
    figure("answers acknowledged", [rate], "answers/s")


async def killed(on: Stage, lab: Lab, players: Players, victim: NodeId) -> bool:
    await asyncio.gather(*(players.say(room, {"scores": {}}) for room in players.rooms))
    mine: list[Room] = [room for room in players.rooms if room.node == victim]
    await lab.kill(victim)
    took = await players.serving_after(mine)
    print(f"{victim}: {len(mine)} rooms, p50 {median(took):.2f} s, worst {max(took):.2f} s")
    ok = figure(f"kill -9: a room of {victim} serves again", took, "s", budget=4.0)
    await lab.restart(victim)
    await settled(on)
    return ok


async def rolled(on: Stage, lab: Lab, players: Players) -> bool:
    answered, failed = players.answered, players.failed
    players.latencies.clear()
    for name in lab.slots.names():
        await lab.leave(name)
        await lab.restart(name)
        await settled(on)
    good, bad = players.answered - answered, players.failed - failed
    share = 100 * good / max(1, good + bad)
    print(f"rolling restart: {good} answered, {bad} not, {share:.3f} %; {players.why}")
    cuts = quantiles(players.latencies, n=1000)
    figure("rolling restart: p50 of a call", [cuts[499] * 1e3], "ms")
    figure("rolling restart: p99 of a call", [cuts[989] * 1e3], "ms")
    return figure("rolling restart: not answered", [100 - share], "%", budget=0.1)


async def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rooms", type=int, default=1_000)
    options.add_argument("--nodes", type=int, default=5)
    options.add_argument("--clients", type=int, default=24)
    options.add_argument("--kills", type=int, default=2)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    async with stage(asked.nodes, answers_per_s=5) as on:
        await settled(on)
        players = Players(on.lab.doors, on.lab.cluster, asked.seed)
        took = await players.open(asked.rooms)
        ok = [figure("names registered", [asked.rooms / took], "names/s")]
        players.play(asked.clients)
        await play_for(players, 5)
        victims = on.lab.slots.names()[1 : 1 + asked.kills]
        ok += [await killed(on, on.lab, players, name) for name in victims]
        ok.append(await rolled(on, on.lab, players))
        await players.stop()
        lost = await players.lost()
        print(*lost[:20], sep="\n")
        ok.append(figure("acknowledged answers lost", [len(lost)], "answers", budget=0))
        await players.close()
    return 0 if all(ok) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
