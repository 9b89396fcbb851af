"""The compare screen's keys and its player: chooses schedules, plays one at a time, keeps results.

Beside the live cluster and never instead of it: playing is another process (`tui.rounds`), and goes
on while the viewer looks elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from cluster.sim.compare.record import SCHEDULES, Comparison, ScheduleName
from tui.contest import Contest, advanced, begun, chosen_beside, over, seed_next
from tui.keys import FAULTS, Action


class Arena:
    """Holds the contest. `changed` is called whenever its picture did."""

    def __init__(self, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        self.contest = Contest()
        self._changed = changed
        self._say = say
        self._playing: asyncio.Task[None] | None = None

    def choose(self, name: str) -> bool:
        """Choose a schedule; False: none is called so."""
        found = next((known for known in SCHEDULES if known == name), None)
        if found is not None:
            self.contest = replace(self.contest, chosen=found)
        return found is not None

    def press(self, action: Action) -> bool:
        """A key on the compare screen; False: it is none of its own."""
        if action in ("next_node", "previous_node"):
            self.contest = chosen_beside(self.contest, 1 if action == "next_node" else -1)
        elif action == "run":
            self._run()
        elif action in FAULTS:
            self._say("this screen plays simulated clusters: 1 goes back to the live one")
        else:
            return False
        return True

    def _run(self) -> None:
        if self._playing is not None:
            self._say(f"{self.contest.playing} is being played: one at a time")
            return
        seed = seed_next(self.contest)
        self.contest = begun(self.contest)
        self._playing = asyncio.create_task(self._play(self.contest.chosen, seed), name="contest")

    async def _play(self, schedule: ScheduleName, seed: int) -> None:
        from tui.rounds import RoundError, play

        trouble = ""
        try:
            await play(schedule, seed, self._tell)
        except RoundError as error:
            trouble = str(error)
        except OSError as error:
            trouble = f"no process could be started ({error.strerror})"
        finally:
            self.contest = over(self.contest, trouble)
            self._playing = None
            self._changed()

    def _tell(self, comparison: Comparison) -> None:
        self.contest = advanced(self.contest, comparison)
        self._changed()

    async def stop(self) -> None:
        """Give up what is being played; nothing is left running."""
        playing = self._playing
        if playing is not None:
            playing.cancel()
            await asyncio.wait([playing])
