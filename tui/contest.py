"""The comparison on the screen: which schedule is chosen, what was played, what is being played.

Pure values; `tui.rounds` plays, `tui.screens.compare` draws. Results stay while the viewer looks
elsewhere. Ignores the live cluster: a comparison is of simulated ones.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from cluster.sim.compare.record import ARCHITECTURES, SCHEDULES, Comparison, ScheduleName

SEED = 1
"""The first one played: the table that `masterless compare` prints."""


class Contest(Struct, frozen=True):
    """Everything there is to draw."""

    chosen: ScheduleName = "split-2-3"
    playing: ScheduleName | None = None
    found: dict[ScheduleName, Comparison] = {}
    """The latest of each schedule; of the one being played, the rows that are done."""
    trouble: str = ""
    """Why the last one was not finished; empty when it was."""

    @property
    def rows_done(self) -> int:
        """Of the one being played."""
        found = self.found.get(self.playing) if self.playing else None
        return len(found.rows) if found is not None else 0


def chosen_beside(contest: Contest, step: int) -> Contest:
    """Another schedule is looked at."""
    place = (SCHEDULES.index(contest.chosen) + step) % len(SCHEDULES)
    return replace(contest, chosen=SCHEDULES[place])


def seed_next(contest: Contest) -> int:
    """Which seed is played when the chosen schedule is played (again)."""
    found = contest.found.get(contest.chosen)
    if found is None or len(found.rows) < len(ARCHITECTURES):
        return SEED if found is None else found.seed
    return found.seed + 1


def begun(contest: Contest) -> Contest:
    """The chosen schedule is being played."""
    found = {name: each for name, each in contest.found.items() if name != contest.chosen}
    return replace(contest, playing=contest.chosen, found=found, trouble="")


def advanced(contest: Contest, comparison: Comparison) -> Contest:
    """One more row is there."""
    return replace(contest, found={**contest.found, comparison.schedule: comparison})


def over(contest: Contest, trouble: str = "") -> Contest:
    """Nothing is being played any more."""
    return replace(contest, playing=None, trouble=trouble)
