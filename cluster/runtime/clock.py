"""The one place that reads time: microseconds since 1970 that never go backwards in a process.

The wall clock is read once, at the start; from then on only the monotonic clock counts. A node's
deadlines therefore do not move when somebody sets the computer's date. The price is that the
clocks of long-running nodes drift apart; nothing in the protocol compares them.
"""

from __future__ import annotations

import time
from typing import Final

_ANCHOR_NS: Final = time.time_ns() - time.monotonic_ns()


def now() -> int:
    """Microseconds since 1970."""
    return (_ANCHOR_NS + time.monotonic_ns()) // 1_000


def wall_ms() -> int:
    """Milliseconds since 1970 by the computer's own clock, for what must grow from boot to boot."""
    return time.time_ns() // 1_000_000
