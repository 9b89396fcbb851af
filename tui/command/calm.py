"""Imported first: until there is something to clean up, Ctrl-C just ends the program.

Imports take a moment, and a traceback from the middle of one helps nobody. `restore` gives Ctrl-C
back to Python, whose `KeyboardInterrupt` the command knows how to end with. A signal that whoever
started us wanted ignored stays ignored.
"""

from __future__ import annotations

import os
import signal
import sys

_OURS = str(getattr(sys.modules["__main__"], "__file__", "")).endswith("masterless.py")
_PYTHONS = _OURS and signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _PYTHONS:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def restore() -> None:
    """From here on Ctrl-C is a `KeyboardInterrupt`."""
    if _PYTHONS:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_politely() -> None:
    """SIGTERM and a closed terminal end as Ctrl-C does: there are processes to stop."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _as_interrupt)


def _as_interrupt(_number: int, _frame: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)
