"""What one node costs: time to its ready line, memory, and CPU and bytes while nothing happens.

    python -m tests.bench.node_cost [--starts 8] [--idle 10] [--nodes 5]

Processor time and memory are read from /proc, so this runs on Linux only. Nobody observes the
nodes while the idle figures are taken; their own pulses are read from their logs afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from time import monotonic

from cluster.api.operator import WindowClient
from cluster.config import ProfileName
from cluster.lab.nodes import Lab, LabOptions
from cluster.lab.processes import NodeStart, start_node
from cluster.lab.slots import ANY_PORT
from cluster.lab.witness import Witness
from cluster.model.facts import PulseReported
from cluster.model.member import Address, NodeId
from tests.bench.figures import figure

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


async def starts(repeats: int) -> bool:
    """One node at a time, each on a new disk."""
    took: list[float] = []
    resident: list[float] = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as data:
            start = NodeStart(
                name=NodeId("n1"),
                data=data,
                cluster="bench",
                profile="lan",
                gossip=ANY_PORT,
                window=ANY_PORT,
            )
            begin = monotonic()
            process = await start_node(start, lambda _: None)
            took.append(monotonic() - begin)
            resident.append(resident_mb(process.pid))
            process.kill()
            await process.wait()
    ok = figure("one node: ready", took, "s", budget=0.7)
    return figure("one node, alone: resident", resident, "MB", budget=40.0) and ok


async def idle(profile: ProfileName, nodes: int, seconds: float) -> bool:
    """A converged cluster with no clients and no observers."""
    lab = Lab(LabOptions(nodes=nodes, profile=profile), Witness(lambda _: None))
    try:
        ready = await lab.start()
        await asyncio.sleep(5)  # a benchmark: let start-up's work end
        before = {node.pid: cpu_s(node.pid) for node in ready}
        begin = monotonic()
        await asyncio.sleep(seconds)
        took = monotonic() - begin
        cpu = [100 * (cpu_s(node.pid) - before[node.pid]) / took for node in ready]
        resident = [resident_mb(node.pid) for node in ready]
        sent = [await bytes_per_s(node.window, seconds) for node in ready]
    finally:
        await lab.stop()
    of = f"idle node of {nodes}, {profile} profile"
    strict = profile == "lan"
    return all(
        [
            figure(f"{of}: resident", resident, "MB", budget=40.0),
            figure(f"{of}: CPU", cpu, "%", budget=1.0 if strict else None),
            figure(f"{of}: sent", sent, "kB/s", budget=2.0 if strict else None),
        ]
    )


async def bytes_per_s(window: Address, seconds: float) -> float:
    """What a node sent lately, in kB/s, by its own exact totals."""
    async with WindowClient(window) as client:
        fact, _ = await client.snapshot()
        sent = elapsed_us = 0
        async for facts in client.facts((fact.epoch, 0)):
            for each in facts:
                pulse = each.payload
                if isinstance(pulse, PulseReported) and each.at > fact.at - seconds * 1e6:
                    sent += pulse.bytes_out
                    elapsed_us += pulse.interval_us
            if facts[-1].seq >= fact.seq:
                break
    return sent / max(1, elapsed_us) * 1_000


async def main() -> int:
    if sys.platform != "linux":
        print("node_cost reads /proc and runs on Linux only", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=8)
    parser.add_argument("--idle", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--nodes", type=int, default=5)
    args = parser.parse_args()
    ok = await starts(args.starts)
    ok &= await idle("lan", args.nodes, args.idle)
    ok &= await idle("demo", args.nodes, args.idle)
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
