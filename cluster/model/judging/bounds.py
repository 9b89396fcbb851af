"""What judging a history may cost: every bound of this folder, with its unit."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.config import SECOND


class JudgeConfig(Struct, frozen=True):
    """What judging a history may cost."""

    bucket_us: int = SECOND
    """Availability is told for spans of this width; wider ones hide short outages."""
    buckets_max: int = 3_600
    """Buckets kept, about 100 bytes each; past it the oldest are forgotten, not the totals."""
    reigns_max: int = 10_000
    """Reigns kept for the record; more are counted in the dual-master time all the same."""
    states_max: int = 500_000
    """States that the search for one key's order may visit, about 200 bytes and 3 us each; past it
    the verdict is "undecided"."""
    core_tries_max: int = 400
    """Searches spent on finding the fewest operations that show an anomaly; more show fewer."""
    named_max: int = 100
    """Losses, stale reads and the like that are told one by one; all are counted."""


JUDGE: Final = JudgeConfig()
