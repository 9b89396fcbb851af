"""This process as a node's home: signals, the guard on standard input, a parent that dies.

Decides when the process should end, and whether politely. Ignores what ending means to the node.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

GC_THRESHOLDS: Final = (20_000, 20, 100)
"""Messages make much garbage and hardly a cycle: looking for cycles less often than Python's
(700, 10, 10) took a tenth off the CPU of a put, measured here."""

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however that happens (Linux).

    A stopped process reads no pipe and takes no polite signal; SIGKILL still ends it. Call this
    early: a parent that was gone before is noticed by `Endings`, not here.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, else asyncio's."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Endings:
    """Waits for a reason to end. The first one is polite; a second signal ends at once."""

    def __init__(self, on_defect: Callable[[BaseException], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_defect = on_defect
        self._asked = False
        self.reason: asyncio.Future[str] = self._loop.create_future()
        self._loop.set_exception_handler(self._stray)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.add_signal_handler(number, self._signalled, number)

    def settle(self, *, guarded: bool) -> None:
        """Start-up is over: keep what it made out of every later garbage collection.

        `guarded`: end when standard input closes, whose other end is with whoever started us.
        """
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        gc.enable()
        if guarded:
            try:
                self._loop.add_reader(0, self._readable)
            except (OSError, ValueError):
                # A file or nothing at all: nobody holds it open for us.
                self._ask("stdin")

    def _stray(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An exception that nobody caught: the system's trouble passes, ours does not."""
        error = context.get("exception")
        if error is not None and not isinstance(error, OSError):
            self._on_defect(error)

    def _signalled(self, number: signal.Signals) -> None:
        if self._asked:
            os._exit(128 + number)
        self._ask(number.name)

    def _readable(self) -> None:
        try:
            more = os.read(0, 4_096)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self._loop.remove_reader(0)
            self._ask("stdin")

    def _ask(self, reason: str) -> None:
        self._asked = True
        if not self.reason.done():
            self.reason.set_result(reason)
