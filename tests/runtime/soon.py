"""Waiting for something to be so, with a deadline; never for time to pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

DEADLINE_S = 5.0


async def soon(is_so: Callable[[], object], what: str = "it") -> None:
    """Return as soon as it is so; fail after the deadline."""
    deadline = monotonic() + DEADLINE_S
    while not is_so():
        if monotonic() > deadline:
            raise AssertionError(f"{what} did not come to be")
        await asyncio.sleep(0.002)
