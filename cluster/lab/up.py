"""`masterless up`: nodes without a dashboard, until told to stop.

Prints where each node is and then only what went wrong. Ctrl-C, SIGTERM, a hangup, or the end of
standard input with --stdin-guard, stop all of them. Their disks stay when --data named a place,
and the same command brings the same nodes back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from cluster.config import ArchitectureName, ProfileName
from cluster.lab.nodes import Lab, LabOptions
from cluster.lab.processes import Ready
from cluster.lab.witness import Witness
from cluster.model.facts import Fact, ProcessObserved

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STANDARD_INPUT = 0


class UpOptions(Struct, frozen=True):
    """What `up` was asked for."""

    nodes: int
    profile: ProfileName = "demo"
    data: str = ""
    cluster: str = ""
    allow_faults: bool = False
    stdin_guard: bool = False
    json: bool = False
    seed: int | None = None
    architecture: ArchitectureName = "masterless"


class Stopping(asyncio.Event):
    """Set when it is time to stop; says why."""

    interrupted = False
    """By Ctrl-C."""

    def by(self, number: signal.Signals) -> None:
        """A signal asks."""
        self.interrupted = number is signal.SIGINT
        self.set()


@contextmanager
def stop_requests(*, stdin_guard: bool = False) -> Generator[Stopping]:
    """Set by a signal, or by the end of standard input. Replaces Ctrl-C's traceback."""
    loop = asyncio.get_running_loop()
    stopping = Stopping()
    for number in STOPPING:
        loop.add_signal_handler(number, stopping.by, number)
    if stdin_guard:

        def wait_for_end() -> None:
            while os.read(STANDARD_INPUT, 4_096):
                pass
            loop.call_soon_threadsafe(stopping.set)

        threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        yield stopping
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)


class Up:
    """One run of the command."""

    def __init__(
        self, options: UpOptions, say: Callable[[str], None], warn: Callable[[str], None]
    ) -> None:
        self._options = options
        self._say = say
        self._warn = warn
        self._lab = Lab(
            LabOptions(
                nodes=options.nodes,
                profile=options.profile,
                data=options.data,
                cluster=options.cluster or ("masterless" if options.data else ""),
                allow_faults=options.allow_faults,
                seed=options.seed,
                architecture=options.architecture,
            ),
            Witness(self._on_fact),
        )
        self._ready = False
        self._stopping: asyncio.Event | None = None
        self._all_gone = False

    async def run(self) -> int:
        """Start, say where they are, stay. Returns the exit code; may raise LabError.

        0, 1 when all nodes ended by themselves, 130 after Ctrl-C.
        """
        with stop_requests(stdin_guard=self._options.stdin_guard) as stopping:
            self._stopping = stopping
            starting = asyncio.ensure_future(self._lab.start())
            stopped = asyncio.ensure_future(stopping.wait())
            try:
                await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    for ready in starting.result():
                        self._say(_line(ready, json=self._options.json))
                    self._ready = True
                    await stopped
            finally:
                stopping.set()
                await self._lab.stop()
                await asyncio.gather(starting, stopped, return_exceptions=True)
        if stopping.interrupted:
            return 130
        return 1 if self._all_gone else 0

    def _on_fact(self, fact: Fact) -> None:
        seen = fact.payload
        stopping = self._stopping
        if stopping is None or stopping.is_set() or not self._ready:
            return
        if isinstance(seen, ProcessObserved) and seen.state == "gone":
            words = self._lab.slots.get(seen.subject).last_words
            self._warn(f"{seen.subject} (process {seen.pid}) ended: {words}")
            if not self._lab.windows():
                self._warn("no node is left; starting the same command again brings them back.")
                self._all_gone = True
                stopping.set()


def _line(ready: Ready, *, json: bool) -> str:
    if json:
        return msgspec.json.encode(ready).decode()
    return f"{ready.name}  window http://{ready.window}  gossip {ready.gossip}  pid {ready.pid}"
