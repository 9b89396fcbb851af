"""Processes that play worlds for another: one JSON order a line on their input, one JSON answer back.

Decides how a worker is started, asked and ended. Ignores what an order means: that is its module's,
which calls `serve`. A worker ends when its input ends, so that none outlives who started it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from cluster.sim.pace import collect_rarely

ROOT: Final = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S: Final = 5.0

Order = TypeVar("Order")
Answer = TypeVar("Answer")


class WorkerDiedError(Exception):
    """A worker ended before it answered: its own message is on standard error."""


class Worker(Generic[Order, Answer]):
    """One process that plays one order at a time."""

    def __init__(
        self, module: str, answer: type[Answer], env: Mapping[str, str] | None = None
    ) -> None:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self._answer = answer
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**os.environ, **(env or {}), "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us: a worker ends when its orders do
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders = self._process.stdin
        self.answers = self._process.stdout
        """To wait on; read by `take`."""

    def give(self, order: Order) -> None:
        """Let it begin."""
        self._orders.write(msgspec.json.encode(order) + b"\n")
        self._orders.flush()

    def give_next(self, queue: deque[Order], busy: dict[Worker[Order, Answer], Order]) -> None:
        """Let it begin with the next of a queue, if there is one, and note that."""
        if queue:
            busy[self] = queue.popleft()
            self.give(busy[self])

    def take(self) -> Answer:
        """Its answer; waits for it. Raises WorkerDiedError."""
        line = self.answers.readline()
        if not line:
            raise WorkerDiedError
        return msgspec.json.decode(line, type=self._answer)

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait(ENDS_WITHIN_S)
        self._orders.close()
        self.answers.close()


def serve(order: type[Order], play: Callable[[Order], object]) -> int:
    """Be a worker: answer orders until there are no more. Ctrl-C is for whoever gives them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_rarely()
    read = msgspec.json.Decoder(order).decode
    write = msgspec.json.Encoder().encode
    try:
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(write(play(read(line))) + b"\n")
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever gave the orders has gone, and with it the reader of the exit's own flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
