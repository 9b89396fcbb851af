"""Many tasks, one step at a time: who takes the next step is drawn, so a seed gives one history.

A task is a generator; what it yields says when it may go on. Decides the order of steps only: a
step is what a task does between two yields, and nobody else does anything meanwhile. Ignores time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from random import Random
from typing import Final

Ready = Callable[[], bool]
"""Whether a task may take its next step."""
Task = Generator[Ready, None, None]
STEPS_MAX: Final = 20_000
"""A history that is longer is an error of who wrote the tasks."""


class EndlessError(Exception):
    """The tasks did not come to rest."""


def go() -> bool:
    """Yielded by a task that waits for nothing: others may have their turn."""
    return True


class Steps:
    """Tasks, and how many steps they have taken together."""

    def __init__(self, rng: Random) -> None:
        self.taken = 0
        self._rng = rng
        self._tasks: list[tuple[Task, Ready]] = []

    def spawn(self, task: Task) -> None:
        """One more task, which may begin."""
        self._tasks.append((task, go))

    def run(self, look: Callable[[], None]) -> None:
        """Until nobody may take a step; `look` is called after each. Raises EndlessError."""
        while ready := [place for place, (_, may) in enumerate(self._tasks) if may()]:
            if self.taken >= STEPS_MAX:
                raise EndlessError(f"not at rest after {STEPS_MAX:,} steps")
            self.taken += 1
            place = self._rng.choice(ready)
            task, _ = self._tasks[place]
            try:
                self._tasks[place] = (task, next(task))
            except StopIteration:
                del self._tasks[place]
            look()
