"""How a process that plays worlds spends its time: not on looking for garbage."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """For a process that plays worlds: they make millions of short-lived values and hardly a cycle,
    and looking for cycles among them took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 10, 10)
