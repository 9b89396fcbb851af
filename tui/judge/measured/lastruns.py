"""How long each stage took in the failures of the same kind before: their median and range.

Compared are the last `RUNS_MAX` earlier failures with the same fault, of whatever node. A stage
counts where it ended by itself: one that was skipped, is not over, or was cut short because the
story went on has no time of its own. Nothing is said of a stage that no earlier failure had.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from cluster.model.incident import STAGES, Incident, StageName

RUNS_MAX: Final = 8
"""Failures compared with. More are steadier and forget slower how the cluster was long ago."""


class Before(Struct, frozen=True):
    """One stage in earlier failures, in microseconds."""

    median_us: int
    """Of an even number the mean of the middle two."""
    least_us: int
    most_us: int
    count: int
    """How many of them had it."""


def last_runs(incidents: Sequence[Incident], incident: Incident) -> list[Incident]:
    """The failures to compare with: of the same kind, begun before, oldest first."""
    same = [i for i in incidents if i.fault == incident.fault and i.began < incident.began]
    return sorted(same, key=lambda i: i.began)[-RUNS_MAX:]


def before(runs: Sequence[Incident]) -> dict[StageName, Before]:
    """Each stage that some of them had."""
    found: dict[StageName, Before] = {}
    for name in STAGES:
        stages = [run.stage(name) for run in runs]
        times = sorted(
            stage.ended - stage.began
            for stage in stages
            if stage.began and stage.ended and not stage.skipped and not stage.overtaken
        )
        if times:
            middle = (times[(len(times) - 1) // 2] + times[len(times) // 2]) // 2
            found[name] = Before(middle, times[0], times[-1], len(times))
    return found
