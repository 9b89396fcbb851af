"""One node as a process: `python -m cluster --name n1 --data DIR`.

Wires the core to a disk, sockets and a window, says one line when it is ready, and ends politely.
Everything that can be wrong with how it was called is one sentence on standard error. Imports are
late, so that a wrong call answers at once and others may take the options from here cheaply.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NoReturn, cast, get_args

import msgspec
from msgspec import Struct

from cluster.config import ArchitectureConfig, ArchitectureName

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from cluster.config import Config
    from cluster.model.member import Address
    from cluster.runtime.driver import Driver
    from cluster.runtime.process import Endings

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
PARTITIONS_MAX: Final = 4_096
REPLICAS_MAX: Final = 9
QUEUE_HELP: Final = "requests that may wait for the one process of `primary`; 0 is no limit"
LEAVE_S: Final = 5.0
"""How long a farewell may take beyond its own linger before the process ends anyway."""
FAREWELL_S: Final = 0.2
"""How long observers and peers get to read the last words."""


class NodeOptions(Struct, frozen=True):
    """How to run one node."""

    name: str
    data: str
    gossip: str = "127.0.0.1:0"
    window: str = "127.0.0.1:0"
    join: tuple[str, ...] = ()
    profile: str = "demo"
    cluster: str = "masterless"
    partitions: int = 64
    replicas: int = 3
    allow_faults: bool = False
    stdin_guard: bool = False
    public: bool = False
    seed: int | None = None
    architecture: str = "masterless"
    founders: tuple[str, ...] = ()
    queue: int = ArchitectureConfig().queue_max


class WrongCallError(Exception):
    """The options make no sense. Its text is one sentence that says what to do."""


class _Ready(Struct, frozen=True):
    name: str
    pid: int
    gossip: str
    window: str
    data: str


def add_arguments(parser: ArgumentParser) -> None:
    """The options of a node, for any command that starts one."""
    add = parser.add_argument
    add("--name", required=True, help="the node's name, unique in its cluster")
    add("--data", required=True, metavar="DIR", help="where its records live")
    add("--gossip", default="127.0.0.1:0", metavar="HOST:PORT", help="UDP and TCP, for peers")
    add("--window", default="127.0.0.1:0", metavar="HOST:PORT", help="HTTP and WebSocket")
    add("--join", nargs="+", action="extend", default=[], metavar="HOST:PORT", help="members")
    add("--profile", choices=("demo", "lan"), default="demo", help="timing")
    add("--cluster", default="masterless", metavar="NAME", help="the cluster's name")
    add("--partitions", type=int, default=64, metavar="N", help="the same on all nodes, for ever")
    add("--replicas", type=int, default=3, metavar="N", help="copies of each key")
    add(
        "--architecture",
        choices=get_args(ArchitectureName),
        default="masterless",
        help="who decides",
    )
    add("--founders", metavar="NAME,NAME", default="", help="members that may be master or vote")
    add("--queue", type=int, default=ArchitectureConfig().queue_max, help=QUEUE_HELP)
    add("--allow-faults", action="store_true", help="let POST /fault hurt its transport")
    add("--stdin-guard", action="store_true", help="end when standard input closes")
    add("--public", action="store_true", help="allow addresses that others can reach")
    add("--seed", type=int, default=None, help="make its dice repeatable")


def options_from(args: Namespace) -> NodeOptions:
    """The options in parsed arguments."""
    return NodeOptions(
        name=args.name,
        data=args.data,
        gossip=args.gossip,
        window=args.window,
        join=tuple(args.join),
        profile=args.profile,
        cluster=args.cluster,
        partitions=args.partitions,
        replicas=args.replicas,
        allow_faults=args.allow_faults,
        stdin_guard=args.stdin_guard,
        public=args.public,
        seed=args.seed,
        architecture=args.architecture,
        founders=tuple(filter(None, args.founders.split(","))),
        queue=args.queue,
    )


def run_node(options: NodeOptions) -> int:
    """Run one node until it ends. Returns the exit code; says what is wrong on standard error."""
    _start_lightly()
    import asyncio

    from msgspec.structs import replace

    from cluster.runtime.disk.directory import StoreError
    from cluster.runtime.net.addresses import BindError
    from cluster.runtime.process import die_with_parent, new_event_loop

    if options.stdin_guard:
        die_with_parent()
    try:
        config, seeds = _checked(options)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            whole = replace(options, data=str(Path(options.data).absolute()))
            return runner.run(_run(whole, config, seeds))
    except WrongCallError as error:
        print(f"masterless: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except (BindError, StoreError) as error:
        print(f"masterless: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _start_lightly() -> None:
    """Measured here: a fifth of the time to ready, and 2 MB, for what a node has no use for.

    Imports make no garbage worth looking for (`Endings` turns the collector on again), and a node
    speaks no TLS, for which aiohttp would read the system's certificates on import.
    """
    gc.disable()
    os.environ.setdefault("SSL_CERT_FILE", os.devnull)
    os.environ.setdefault("SSL_CERT_DIR", os.devnull)


# --- what was asked for --------------------------------------------------------------------------


def _checked(options: NodeOptions) -> tuple[Config, tuple[Address, ...]]:
    """The node's config and its seeds, or what is wrong with the call."""
    from msgspec.structs import replace

    from cluster.config import PROFILES

    for word, what in ((options.name, "--name"), (options.cluster, "--cluster")):
        if not NAME.match(word):
            rule = "letters, digits, dots, dashes and underscores, at most 64"
            raise WrongCallError(f"{what} {word!r} will not do; use {rule}.")
    profile = next((p for p in PROFILES.values() if p.profile == options.profile), None)
    if profile is None:
        raise WrongCallError(f"There is no profile {options.profile!r}; use demo or lan.")
    count = options.partitions
    if not 1 <= count <= PARTITIONS_MAX or count & (count - 1):
        raise WrongCallError(f"--partitions is a power of two, at most {PARTITIONS_MAX}.")
    if not 1 <= options.replicas <= REPLICAS_MAX:
        raise WrongCallError(f"--replicas is 1 to {REPLICAS_MAX}.")
    _check_bind("--gossip", options.gossip, public=options.public)
    _check_bind("--window", options.window, public=options.public)
    architecture = _architecture(options)
    majority = options.replicas // 2 + 1
    config = replace(
        profile,
        ring=replace(profile.ring, partitions=count, replicas=options.replicas),
        data=replace(profile.data, read_quorum=majority, write_quorum=majority),
        architecture=architecture,
        cluster=options.cluster,
        faults_allowed=options.allow_faults,
    )
    return config, tuple(_seed(address) for address in options.join)


def _architecture(options: NodeOptions) -> ArchitectureConfig:
    kind, founders = options.architecture, options.founders
    if kind not in get_args(ArchitectureName):
        names = ", ".join(get_args(ArchitectureName))
        raise WrongCallError(f"There is no architecture {kind!r}; there are {names}.")
    if kind != "masterless" and not founders:
        rule = "name the cluster's first members, the same on every node: --founders n1,n2,n3"
        raise WrongCallError(f"--architecture {kind} needs --founders; {rule}.")
    if wrong := [name for name in founders if not NAME.match(name)]:
        raise WrongCallError(f"--founders {wrong[0]!r} is no name of a node.")
    if len(set(founders)) != len(founders):
        raise WrongCallError("--founders names somebody twice.")
    if options.queue < 0:
        raise WrongCallError("--queue is 0 (no limit) or more.")
    return ArchitectureConfig(
        kind=cast("ArchitectureName", kind), founders=founders, queue_max=options.queue
    )


def _check_bind(what: str, address: str, *, public: bool) -> None:
    from cluster.runtime.net.addresses import is_loopback, is_wildcard, parse, resolve

    numeric = resolve(address)
    place = None if numeric is None else parse(numeric)
    if place is None:
        raise WrongCallError(f"{what} {address} is not an address; write it as 127.0.0.1:7400.")
    if not public and not is_loopback(place[0]):
        detail = "add --public if you mean it, there is no password"
        raise WrongCallError(f"{what} {address} can be reached by others; {detail}.")
    if is_wildcard(place[0]):
        raise WrongCallError(f"{what} {address} is no address to be found at; name one.")


def _seed(address: str) -> Address:
    from cluster.runtime.net.addresses import parse, resolve

    numeric = resolve(address)
    place = None if numeric is None else parse(numeric)
    if numeric is None or place is None or place[1] == 0:
        raise WrongCallError(f"--join {address} is not an address; write it as HOST:PORT.")
    return numeric


# --- the node and its surroundings ---------------------------------------------------------------


async def _run(options: NodeOptions, config: Config, seeds: tuple[Address, ...]) -> int:
    """Everything of one node, from bound sockets to the last word."""
    from cluster.api.window import Window
    from cluster.model.member import NodeId
    from cluster.protocol.inputs import Booted
    from cluster.protocol.node import Node
    from cluster.runtime.disk.store import Store
    from cluster.runtime.driver import Driver
    from cluster.runtime.net import addresses
    from cluster.runtime.process import Endings

    name, data = NodeId(options.name), Path(options.data)
    with ExitStack() as held:
        udp, tcp = addresses.bind_pair(options.gossip)
        held.callback(udp.close)
        held.callback(tcp.close)
        listener = addresses.bind_listener(options.window)
        held.callback(listener.close)
        store = Store(data, name, options.cluster, config.ring.partitions)
        held.callback(store.close)
        gossip = addresses.bound_address(udp)
        window_at = addresses.bound_address(listener)
        driver = Driver(name, config, store, dice(options.seed, name, "faults"))
        rng = dice(options.seed, name, "node")
        node = Node(name, store.epoch, gossip, window_at, config, store, rng)
        endings = Endings(driver.defect)
        window = Window(driver)
        await driver.start(node, udp, tcp, gossip)
        await window.open(listener)
        held.pop_all()
    driver.feed(Booted(seeds, os.getpid()))
    ready = _Ready(name, os.getpid(), gossip, window_at, options.data)
    endings.settle(guarded=options.stdin_guard)
    sys.stdout.write(msgspec.json.encode(ready).decode() + "\n")
    sys.stdout.flush()
    failed = await _until_the_end(driver, endings, config)
    await driver.farewell(FAREWELL_S)
    await window.close()
    await driver.stop()
    return 1 if failed else 0


async def _until_the_end(driver: Driver, endings: Endings, config: Config) -> bool:
    """Wait until the node halts or somebody wants it to end; whether it went wrong."""
    import asyncio

    from cluster.protocol.inputs import LeaveCommand

    await asyncio.wait((driver.halted, endings.reason), return_when=asyncio.FIRST_COMPLETED)
    if not driver.halted.done() and endings.reason.result() != "stdin":
        leaving = asyncio.create_task(driver.request(LeaveCommand()))
        longest_us = config.data.drain_max_us + config.membership.leave_linger_us
        linger_s = longest_us / 1e6 + LEAVE_S
        await asyncio.wait((driver.halted,), timeout=linger_s)
        leaving.cancel()
    if not driver.halted.done():
        return False
    halt = driver.halted.result()
    if halt.failed:
        print(f"masterless: {driver.name} ended: {halt.reason}", file=sys.stderr)  # noqa: T201
    return halt.failed


def dice(seed: int | None, name: str, purpose: str) -> Random:
    """A `Random` of its own for each purpose, so that one's draws do not shift the other's."""
    return Random() if seed is None else Random(f"{seed}/{name}/{purpose}")


def main() -> int:
    """The process's entry."""
    from argparse import ArgumentParser

    class Parser(ArgumentParser):
        def error(self, message: str) -> NoReturn:
            self.exit(2, f"masterless: {message}; see --help.\n")

    parser = Parser(prog="python -m cluster", description="Run one node of a cluster.")
    add_arguments(parser)
    return run_node(options_from(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
