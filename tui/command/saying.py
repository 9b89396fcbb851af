"""How a command speaks and ends: its exit codes, its lines, its one sentence of error."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import Any, Final

from tui.command import calm

FINE: Final = 0
NOT_FINE: Final = 1
"""What was asked about is not fine."""
WRONG_CALL: Final = 2
NO_ANSWER: Final = 3
"""Nothing answered there."""
INTERRUPTED: Final = 130


class CommandError(Exception):
    """One sentence that says what to do next, and the exit code that goes with it."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def say(line: str) -> None:
    """One line on stdout, at once."""
    print(line, flush=True)


def warn(line: str) -> None:
    """One line on stderr."""
    if line:
        print(line, file=sys.stderr, flush=True)


def show(lines: list[str] | str) -> int:
    """Print an answer."""
    say(lines if isinstance(lines, str) else "\n".join(lines))
    return FINE


def run_async(coroutine: Coroutine[Any, Any, int]) -> int:
    """On an event loop, to the end."""
    import asyncio

    calm.hand_over()
    return asyncio.run(coroutine)


def wait_a_second() -> None:
    """Between two looks."""
    import time

    time.sleep(1)
