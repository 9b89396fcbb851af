"""Ctrl-C before there is anything to clean up, and after: it just ends the program.

`masterless.py` sets that in its first line, for imports take a moment, and a traceback from the middle
of one helps nobody. `restore` gives Ctrl-C back to Python, whose `KeyboardInterrupt` the command knows
how to end with; `over` takes it away again. A signal that whoever started us wanted ignored stays ignored.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final

_OURS: Final = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
"""Python itself never leaves it so: the command did."""
_IMPORTS: Final = "<frozen importlib._bootstrap>"
AGAIN_S: Final = 0.01


def restore() -> None:
    """From here on Ctrl-C is a `KeyboardInterrupt`, once what is being imported is there.

    One that came in the middle of it could leave a class of msgspec's half made, which crashes Python.
    """
    if _OURS:
        signal.signal(signal.SIGALRM, _as_interrupt)
        signal.signal(signal.SIGINT, _interrupt)


def hand_over() -> None:
    """From here on an event loop has its own way with Ctrl-C: it looks for Python's handler."""
    if signal.getsignal(signal.SIGINT) is _interrupt:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def over() -> None:
    """All is cleaned up."""
    if _OURS:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def end_politely() -> None:
    """SIGTERM and a closed terminal end as Ctrl-C does: there are processes to stop."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _as_interrupt)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTS:
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGINT)
