"""How fast worlds go by, on one core: messages a second, and a thousand nodes against real time.

    python -m tests.bench.simulator [--runs 3] [--nodes 1000]

Prints one JSON line a figure. Processor time counts, not the wall clock, because the machine may
be shared: the figures are what one core of one's own would do.

- `clients`: 7 nodes of the demo profile and 200 operations a second, nobody watching.
- `judged`: the harshest schedule with every judge, as `masterless sim --check` plays it.
- `thousand`: LAN nodes that know each other, full membership; virtual seconds per second.
"""

from __future__ import annotations

import argparse
from time import process_time

import msgspec

from cluster.config import DEMO, LAN, SECOND
from cluster.model.member import Claim, MemberState
from cluster.protocol.messages import GetRequest, PutRequest
from cluster.protocol.node import Memory
from cluster.sim.faults.options import draw
from cluster.sim.pace import collect_rarely
from cluster.sim.trial.trial import run_trial
from cluster.sim.world import EPOCH_US, START, World
from tests.bench.figures import figure

MESSAGES_PER_S = 40_000
CLIENT_PERIOD_US = 5_000


def with_clients(seed: int, virtual_s: int = 60) -> float:
    """Messages per processor second in a calm world with clients."""
    world = World(seed, DEMO)
    names = [f"n{i}" for i in range(1, 8)]
    for name in names:
        world.start(name, ("n1",) if name != "n1" else ())
    world.run(START + 5 * SECOND)
    rng = world.dice.stream("clients")

    def ask() -> None:
        key = b"k%d" % rng.randrange(1_000)
        request = PutRequest(key, b"v") if rng.random() < 0.5 else GetRequest(key)
        world.ask(rng.choice(names), request, lambda _answer: None)
        world.after(CLIENT_PERIOD_US, ask)

    ask()
    before, began = world.delivered, process_time()
    world.run(world.now + virtual_s * SECOND)
    return (world.delivered - before) / (process_time() - began)


def judged(seed: int) -> float:
    """Messages per processor second under the harshest faults and every judge."""
    options = draw(seed, "hell", 60 * SECOND, 7)
    began = process_time()
    result = run_trial(options)
    return result.messages / (process_time() - began)


def many(nodes: int, virtual_s: int = 30) -> tuple[float, float]:
    """(Virtual seconds, messages) per processor second of a large settled cluster."""
    world = World(1, LAN)
    epoch = START // EPOCH_US + 1
    hosts = [world.host(f"n{index}") for index in range(1, nodes + 1)]
    claims = tuple(
        Claim(h.name, epoch, 0, MemberState.ALIVE, h.address, h.window)
        for h in sorted(hosts, key=lambda h: h.name)
    )
    # Everybody remembers everybody, in the very life that begins now: nobody has to be met.
    for host in hosts:
        known = tuple(claim for claim in claims if claim.name != host.name)
        names = tuple(claim.name for claim in claims)
        memory = Memory(known, names, tuple(range(LAN.ring.partitions)))
        host.disk.epoch = epoch - 1
        host.disk.durable.metas["memory"] = msgspec.msgpack.encode(memory)
        world.start(host.name)
    world.run(world.now + 60 * SECOND)
    views = {host.node.members.digest() for host in hosts if host.node is not None}
    assert len(views) == 1, "the members must agree while nothing happens"
    before, began = world.delivered, process_time()
    world.run(world.now + virtual_s * SECOND)
    took = process_time() - began
    return virtual_s / took, (world.delivered - before) / took


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=1_000)
    args = parser.parse_args()
    collect_rarely()
    rates = [with_clients(seed) for seed in range(args.runs)]
    figure("clients", rates, "messages/s")
    figure("judged", [judged(seed) for seed in range(args.runs)], "messages/s")
    pace, busy = many(args.nodes)
    figure(f"{args.nodes} nodes", [pace], "virtual seconds per second")
    figure(f"{args.nodes} nodes", [busy], "messages/s")
    return 0 if sorted(rates)[len(rates) // 2] >= MESSAGES_PER_S and pace > 1 else 1


if __name__ == "__main__":
    raise SystemExit(main())
