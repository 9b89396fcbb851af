"""When the disk itself stood still: writes wait for fsync, and other programs share the disk.

A write outage during such a stall is the machine's, not the cluster's, so it is measured beside
every availability test: a thread that does nothing but fsync a small file.
"""

from __future__ import annotations

import os
import tempfile
import threading
from time import time_ns

PERIOD_S = 0.02
STALL_US = 150_000
"""An fsync that takes this long can explain a missing acknowledgement."""


class DiskWatch:
    """Runs from `start` to `stop`."""

    def __init__(self) -> None:
        self.stalls: list[tuple[int, int]] = []
        """(begin, end) in microseconds since 1970."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def stalled(self, begin: int, end: int) -> bool:
        """Whether the disk stood still at some time in between."""
        return any(a < end and b > begin for a, b in self.stalls)

    def _run(self) -> None:
        with tempfile.TemporaryFile() as file:
            while not self._stopping.wait(PERIOD_S):
                begin = time_ns() // 1_000
                os.pwrite(file.fileno(), b"x" * 512, 0)
                os.fsync(file.fileno())
                end = time_ns() // 1_000
                if end - begin > STALL_US:
                    self.stalls.append((begin, end))
