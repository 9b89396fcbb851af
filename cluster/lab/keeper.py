"""The lab's end of the guard: starts it, tells it what lives, lets it go.

Telling is a write to a pipe and never waits: if the lab dies in the next instruction, the guard
still reads what was written. See `guard` for the other end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ENDS_WITHIN_S = 2.0
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Keeper:
    """A running guard. Closing it, or dying, makes the guard clean up what is registered."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("guard.py")
        # Blocked signals stay blocked in the child, so there is no moment in which one hits it
        # before it can ignore them.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                bufsize=0,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def pid(self) -> int:
        """The guard's own process."""
        return self._process.pid

    def directory(self, path: Path) -> None:
        """Register a directory, before it is made."""
        self._tell(b"d" + os.fsencode(path))

    def register(self, pid: int) -> None:
        """This process must not outlive us."""
        self._tell(b"+%d" % pid)

    def forget(self, pid: int) -> None:
        """It has ended; its number may now belong to a stranger."""
        self._tell(b"-%d" % pid)

    def close(self) -> None:
        """Let it clean up and wait for its end (blocking, bounded)."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            pass  # it is still removing a large directory, and ends by itself

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + b"\n")
        except (BrokenPipeError, ValueError):
            pass  # the guard was killed by someone; nodes still run with --stdin-guard
