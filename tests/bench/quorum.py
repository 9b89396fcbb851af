"""Rates of durable puts and quorum reads over three real nodes, as a script.

    python -m tests.bench.quorum [--seconds 4] [--outstanding 32] [--skeleton PATH] [--loop uvloop]

Starts three nodes of its own in a temporary directory, drives them with the binary, ring-aware
client (put W=2 with fsync, get R=2, values of 200 bytes, 10,000 keys) and prints one JSON line.
With --skeleton it runs that program (a bare quorum store, an upper bound for Python) in between
two rounds, and prints the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from cluster.api.client import RingClient
from cluster.api.operator import WindowClient
from cluster.model.facts import SnapshotTaken
from cluster.model.member import Address, NodeId
from cluster.protocol.messages import ReadResponse, WriteResponse

NODES = 3
KEYS = 10_000
VALUE = b"x" * 200
READY_S = 10.0


class Running(msgspec.Struct):
    """One node's process and where it listens."""

    process: subprocess.Popen[bytes]
    name: NodeId
    gossip: Address
    window: Address


def start_nodes(root: Path) -> list[Running]:
    """Three nodes, joined through the first."""
    nodes: list[Running] = []
    for index in range(NODES):
        name = f"n{index + 1}"
        command = [sys.executable, "-m", "cluster", "--name", name, "--data", str(root / name)]
        command += ["--stdin-guard", "--profile", "lan"]
        if nodes:
            command += ["--join", nodes[0].gossip]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        nodes.append(Running(process, NodeId(name), ready["gossip"], ready["window"]))
    return nodes


async def settled(nodes: list[Running]) -> SnapshotTaken:
    """Wait until every node owns its part and none is being filled."""
    deadline = perf_counter() + READY_S
    while perf_counter() < deadline:
        seen: list[SnapshotTaken] = []
        for node in nodes:
            async with WindowClient(node.window) as window:
                seen.append((await window.snapshot())[1])
        rings = {snapshot.ring.digest for snapshot in seen}
        whole = all(len(s.ring.members) == NODES and not s.filling for s in seen)
        if whole and len(rings) == 1:
            return seen[0]
        await asyncio.sleep(0.1)
    raise SystemExit("the nodes did not find together")


async def drive(
    outstanding: int, seconds: float, call: Callable[[int], Awaitable[bool]]
) -> dict[str, Any]:
    """Keep `outstanding` calls open for a while and say how it went."""
    took: list[float] = []
    failed = 0
    numbers = count()
    began = perf_counter()
    warm, end = began + 0.5, began + 0.5 + seconds

    async def worker() -> None:
        nonlocal failed
        while (at := perf_counter()) < end:
            fine = await call(next(numbers))
            if at >= warm:
                took.append(perf_counter() - at)
                failed += not fine

    await asyncio.gather(*(worker() for _ in range(outstanding)))
    took.sort()
    return {
        "per_s": round(len(took) / seconds),
        "p50_ms": round(took[len(took) // 2] * 1e3, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1e3, 2),
        "failed": failed,
    }


def key_of(number: int) -> bytes:
    """One of the keys, in turn."""
    return b"user:%010d" % (number % KEYS)


async def measure(nodes: list[Running], outstanding: int, seconds: float) -> dict[str, Any]:
    """Puts, then gets, with the contexts that make a put replace the one before."""
    snapshot = await settled(nodes)
    client = RingClient(snapshot.ring, {node.name: node.gossip for node in nodes})
    contexts: dict[bytes, dict[str, int]] = {}

    async def put(number: int) -> bool:
        key = key_of(number)
        answer = await client.put(key, VALUE, context=contexts.get(key))
        if isinstance(answer, WriteResponse):
            contexts[key] = answer.context
            return answer.outcome == "ok"
        return False

    async def get(number: int) -> bool:
        return isinstance(await client.get(key_of(number)), ReadResponse)

    results = {"put": await drive(outstanding, seconds, put)}
    results["get"] = await drive(outstanding, seconds, get)
    await client.close()
    return results


def skeleton(path: str, loop: str) -> dict[str, float]:
    """The bare store's rates at 32 outstanding, in the same minute."""
    script = Path(path).resolve()
    done = subprocess.run(
        [sys.executable, str(script), "1", "2"],
        cwd=script.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    found = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return {
        "durable_put": found[f"{loop}.durable_put.w32"]["per_s"]["median"],
        "get": found[f"{loop}.get.w32"]["per_s"]["median"],
    }


def ours(loop: str, outstanding: int, seconds: float) -> dict[str, Any]:
    """Start three nodes, measure them, end them."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with tempfile.TemporaryDirectory() as root:
        nodes = start_nodes(Path(root))
        try:
            with asyncio.Runner(loop_factory=factory) as runner:
                return runner.run(measure(nodes, outstanding, seconds))
        finally:
            for node in nodes:
                node.process.kill()
            for node in nodes:
                node.process.communicate()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--outstanding", type=int, default=32)
    parser.add_argument("--skeleton", metavar="PATH")
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    args = parser.parse_args()
    figures = ours(args.loop, args.outstanding, args.seconds)
    if args.skeleton:
        # Ours before and after, so that a neighbour who comes or goes meanwhile hits both.
        bare = skeleton(args.skeleton, args.loop)
        again = ours(args.loop, args.outstanding, args.seconds)
        figures["again"] = again
        figures["skeleton"] = bare
        for kind, name in (("put", "durable_put"), ("get", "get")):
            mean = (figures[kind]["per_s"] + again[kind]["per_s"]) / 2
            figures[f"{kind}_ratio"] = round(mean / bare[name], 2)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
