"""A Maelstrom test on real processes: `masterless maelstrom`, pipes, the computer's clock."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.maelstrom.runner import Options, Runner

ROOT = Path(__file__).parents[2]
LINE_BYTES_MAX = 16 * 1_048_576
END_S = 5.0


class RealClock:
    """The event loop's."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now(self) -> int:
        return time.monotonic_ns() // 1_000

    def later(self, delay_us: int, action: Callable[[], None]) -> None:
        self._loop.call_later(delay_us / 1e6, action)


def command(workload: str, flush_ms: int, given: bool) -> list[str]:
    words = ["maelstrom", workload, "--flush", str(flush_ms)]
    words += ["--topology", "given" if given else "own"]
    return [sys.executable, str(ROOT / "masterless.py"), *words]


async def run_real(
    options: Options, workload: str, *, flush_ms: int = 20, given: bool = False
) -> Runner:
    """Run one test to its end, in its own time. Leaves no process behind."""
    processes: dict[str, asyncio.subprocess.Process] = {}
    ended = asyncio.Event()
    errors: list[BaseException] = []

    def deliver(name: str, line: bytes) -> None:
        stdin = processes[name].stdin
        assert stdin is not None
        if not stdin.is_closing():
            stdin.write(line)

    runner = Runner(options, RealClock(), deliver)
    runner.on_finished = ended.set

    async def read(name: str) -> None:
        stdout = processes[name].stdout
        assert stdout is not None
        try:
            while line := await stdout.readline():
                runner.wrote(line)
            if not runner.finished:
                raise AssertionError(f"{name} ended before the test did")
        except BaseException as error:
            errors.append(error)
            ended.set()
            raise

    readers: list[asyncio.Task[None]] = []
    try:
        for name in runner.names:
            processes[name] = await asyncio.create_subprocess_exec(
                *command(workload, flush_ms, given),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_BYTES_MAX,
            )
        readers = [asyncio.create_task(read(name)) for name in runner.names]
        runner.begin()
        await asyncio.wait_for(ended.wait(), options.seconds + 60)
        assert not errors, errors
        return runner
    finally:
        await _end(processes, readers)


async def _end(
    processes: dict[str, asyncio.subprocess.Process], readers: list[asyncio.Task[None]]
) -> None:
    """Close their inputs: they end by themselves; who does not is killed."""
    for process in processes.values():
        if process.stdin is not None:
            process.stdin.close()
    for name, process in processes.items():
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"{name} did not end with its input") from None
    await asyncio.gather(*readers, return_exceptions=True)
