"""What it costs other engines' nodes to be looked at, and how long the first full picture takes.

    python -m tests.bench.watching [--engine redis|serf|erlang] [--seconds 600] [--before 60]

Starts real nodes of each engine that is installed (Redis 6, Serf 5, Erlang 5), lets them be for a
while, then watches them with `masterless record`, as inspect does. Prints JSON lines: processor time of
each node in percent of a core, unwatched and watched, how much its resident memory grew, and seconds
from opening the source until every node has told its view. Ignores what the watcher itself takes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Final

from msgspec import Struct

from tests.bench.figures import figure
from tests.tui.foreign.erlang.beams import beams
from tests.tui.foreign.redis.servers import SERVER, Servers
from tests.tui.foreign.test_serf import free_ports
from tui.fold import fold
from tui.sources.foreign.watching import ForeignSource
from tui.view import ClusterView

CPU_PERCENT_MAX: Final = 1.0
ATTACH_S_MAX: Final = 2.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
COMMAND: Final = [sys.executable, str(Path(__file__).parents[3] / "masterless.py")]


class Cluster(Struct):
    """Nodes that run."""

    address: str
    pids: list[int]


class Spent(Struct):
    """What a process has used so far."""

    cpu_s: float
    resident: int


def spent(pid: int) -> Spent:
    """Of a process, as the kernel counts."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Spent((int(fields[11]) + int(fields[12])) / TICKS, pages * PAGE)


@asynccontextmanager
async def redis(home: Path) -> AsyncGenerator[Cluster]:
    """Three masters, each with a replica."""
    servers = Servers(home)
    try:
        for _ in range(6):
            await asyncio.to_thread(servers.begin)
        await asyncio.to_thread(servers.found)
        pids = [servers.process(port).pid for port in servers.ports]
        yield Cluster(f"redis://127.0.0.1:{servers.ports[0]}", pids)
    finally:
        servers.end()


@asynccontextmanager
async def serf(home: Path) -> AsyncGenerator[Cluster]:
    """Five agents."""
    gossip, rpc = free_ports(5), free_ports(5)
    join = [f"-retry-join=127.0.0.1:{gossip[0]}", "-retry-interval=300ms"]
    agents = [
        await asyncio.create_subprocess_exec(
            *("serf", "agent", f"-node=n{place + 1}", "-profile=lan"),
            *(f"-bind=127.0.0.1:{gossip[place]}", f"-rpc-addr=127.0.0.1:{rpc[place]}"),
            *(join if place else []),
            stdout=DEVNULL,
            stderr=DEVNULL,
            cwd=home,
        )
        for place in range(5)
    ]
    try:
        address = "serf://" + ",".join(f"127.0.0.1:{port}" for port in rpc)
        yield Cluster(address, [agent.pid for agent in agents])
    finally:
        for agent in agents:
            agent.kill()
            await agent.wait()


@asynccontextmanager
async def erlang(home: Path) -> AsyncGenerator[Cluster]:
    """Five nodes, all connected."""
    async with beams(home) as some:
        nodes = [await some.node(f"n{place}@127.0.0.1") for place in range(1, 6)]
        for node in nodes[1:]:
            await node.does("net_kernel:connect_node('n1@127.0.0.1')")
        for node in nodes:
            await node.until("length(nodes())", "4")
        yield Cluster(some.address("n1@127.0.0.1"), [node.process.pid for node in nodes])


ENGINES: Final = {
    "redis": (redis, SERVER),
    "serf": (serf, shutil.which("serf")),
    "erlang": (erlang, shutil.which("erl")),
}


async def attached(cluster: Cluster) -> float:
    """Seconds until every node has told its own view."""
    source, view = ForeignSource(cluster.address), ClusterView()
    began = monotonic()
    source.start()
    try:
        while monotonic() - began < 60:
            view = fold(view, source.drain())
            told = [node for node in view.nodes.values() if node.connected and node.beliefs]
            if len(told) >= len(cluster.pids):
                return monotonic() - began
            await asyncio.sleep(0.01)
    finally:
        await source.close()
    raise SystemExit(f"no full picture of {cluster.address} within a minute")


async def measure(engine: str, before_s: float, seconds: float) -> bool:
    """One engine. Whether it kept the budgets."""
    make, _ = ENGINES[engine]
    with tempfile.TemporaryDirectory(prefix="masterless-bench-") as name:
        home = Path(name)
        async with make(home) as cluster:
            await attached(cluster)  # its nodes have found each other by then
            kept = figure(
                f"{engine}: first full picture",
                [await attached(cluster) for _ in range(5)],
                "s",
                budget=ATTACH_S_MAX,
            )
            idle = await costs(cluster, before_s)
            record = await asyncio.create_subprocess_exec(
                *COMMAND, "record", cluster.address, str(home / "a.rec"), stdout=DEVNULL
            )
            try:
                watched = await costs(cluster, seconds)
            finally:
                record.terminate()
                await record.wait()
            figure(f"{engine}: unwatched", [cpu for cpu, _ in idle], "% of a core")
            kept &= figure(
                f"{engine}: watched {seconds:g} s",
                [cpu for cpu, _ in watched],
                "% of a core",
                budget=CPU_PERCENT_MAX,
            )
            figure(f"{engine}: memory", [grown / 1_024 for _, grown in watched], "KiB more")
    return kept


async def costs(cluster: Cluster, seconds: float) -> list[tuple[float, int]]:
    """(percent of a core, bytes of memory more) of each node over a time."""
    before = [spent(pid) for pid in cluster.pids]
    await asyncio.sleep(seconds)
    after = [spent(pid) for pid in cluster.pids]
    return [
        ((b.cpu_s - a.cpu_s) / seconds * 100, b.resident - a.resident)
        for a, b in zip(before, after, strict=True)
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--before", type=float, default=60)
    args = parser.parse_args()
    kept = True
    for engine, (_, program) in ENGINES.items():
        if args.engine in (None, engine):
            if program is None:
                print(f"{engine}: not installed", file=sys.stderr)
            else:
                kept &= asyncio.run(measure(engine, args.before, args.seconds))
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
