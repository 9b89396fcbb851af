"""One node's process: started, watched, signalled. Knows nothing of clusters.

A started process has said its ready line. Its standard input is a pipe that we hold open
(--stdin-guard): when we end, however we end, it closes. It runs in a session of its own, so that
Ctrl-C in our terminal reaches only us and we decide what becomes of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from cluster.config import ArchitectureConfig, RingConfig
from cluster.lab.witness import LabError
from cluster.model.member import Address, NodeId

READY_WITHIN_S = 20.0
"""A node is ready in well under a second; a laptop that swaps takes longer."""
ENDS_WITHIN_S = 5.0
LINES_KEPT = 8
LINE_BYTES_MAX = 65_536


class NodeStart(Struct, frozen=True):
    """What a node is started with."""

    name: NodeId
    data: str
    cluster: str
    profile: str
    gossip: Address
    window: Address
    join: tuple[Address, ...] = ()
    allow_faults: bool = True
    seed: int | None = None
    architecture: ArchitectureConfig = ArchitectureConfig()
    replicas: int = RingConfig().replicas
    """Copies of each key, the same at every node of a cluster."""

    def command(self) -> list[str]:
        """The process's arguments. `-P`: a folder named cluster where we stand is not ours."""
        command = [sys.executable, "-P", "-m", "cluster", "--stdin-guard"]
        command += ["--name", self.name, "--data", self.data, "--cluster", self.cluster]
        command += ["--gossip", self.gossip, "--window", self.window, "--profile", self.profile]
        for address in self.join:
            command += ["--join", address]
        if self.allow_faults:
            command.append("--allow-faults")
        if self.seed is not None:
            command += ["--seed", str(self.seed)]
        if self.replicas != RingConfig().replicas:
            command += ["--replicas", str(self.replicas)]
        if self.architecture.kind != "masterless":
            command += ["--architecture", self.architecture.kind]
            command += ["--founders", ",".join(self.architecture.founders)]
        return command


class Ready(Struct, frozen=True):
    """The line a node prints when its sockets are bound and its disk is open."""

    name: NodeId
    pid: int
    gossip: Address
    window: Address
    data: str


class NodeProcess:
    """A running (or paused, or ended) process that has been ready once."""

    def __init__(self, process: Process, ready: Ready, errors: asyncio.Task[deque[str]]) -> None:
        self._process = process
        self._errors = errors
        self.ready = ready
        self.paused = False

    @property
    def pid(self) -> int:
        """Its number, meaningful until it has ended."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether its end has been seen."""
        return self._process.returncode is not None

    def kill(self) -> None:
        """SIGKILL: no farewell, no flush."""
        self._signal(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: alive and silent."""
        self._signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def terminate(self) -> None:
        """SIGTERM: leave gracefully."""
        self._signal(signal.SIGTERM)

    async def wait(self) -> str:
        """Wait for its end; return the last line it wrote to standard error."""
        await self._process.wait()
        lines = await self._errors
        code = self._process.returncode or 0
        said = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return lines[-1].removeprefix("masterless: ") if lines else said

    def _signal(self, number: int) -> None:
        _send(self._process, number)


def _environment() -> dict[str, str]:
    """Ours, with this program's own code in front, wherever it was started from."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}


async def _keep_tail(stream: asyncio.StreamReader) -> deque[str]:
    lines: deque[str] = deque(maxlen=LINES_KEPT)
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue  # longer than our buffer: dropped, the next line will do
        if not line:
            return lines
        if text := line.decode("utf-8", "replace").strip():
            lines.append(text)


async def start_node(start: NodeStart, register: Callable[[int], None]) -> NodeProcess:
    """Start a node and wait for its ready line. Whatever goes wrong, no process is left.

    `register` is told the process's number before anything can interrupt us.
    """
    process = await asyncio.create_subprocess_exec(
        *start.command(),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        env=_environment(),
        limit=LINE_BYTES_MAX,
    )
    register(process.pid)
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.get_running_loop().create_task(_keep_tail(process.stderr))
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            line = await process.stdout.readline()
        ready = msgspec.json.decode(line, type=Ready) if line else None
    except (TimeoutError, ValueError, msgspec.DecodeError):
        ready = None
    except BaseException:
        # Also when cancelled: nobody else knows of this process yet.
        _send(process, signal.SIGKILL)
        errors.cancel()
        raise
    if ready is None:
        _send(process, signal.SIGKILL)
        await process.wait()
        lines = await errors
        raise LabError(_why(start, lines[-1] if lines else ""))
    return NodeProcess(process, ready, errors)


def _why(start: NodeStart, last: str) -> str:
    if last:
        return f"{start.name} did not start: {last.removeprefix('masterless: ')}"
    return f"{start.name} did not start within {READY_WITHIN_S:.0f} s; is this machine overloaded?"


def _send(process: Process, number: int) -> None:
    """Signal it, unless its end has been seen.

    Not `Process.send_signal`: that may collect the exit status before asyncio's own watcher does,
    which then reports a child it does not know.
    """
    if process.returncode is None:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass  # it ended this moment; its watcher will say so
