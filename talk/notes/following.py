"""What a director does not keep: when each step began and how long it took, and the time on each slide.

Told of every tick, with the wall's clock as an argument. Decides when the talk's timer begins: when
the second slide is entered, whatever came before was waiting for the audience. A step's own time is
the cluster's; steps that end within one tick are counted to the first of them.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from talk.stage.director import Director
from talk.stage.orders import Run

READIES_MAX: Final = 20
"""Times that a cluster took to be made ready; the median of them is foretold."""


class Passed(Struct, frozen=True):
    """One step of a cue that has begun."""

    began_s: float
    """On the talk's clock."""
    took_us: int = -1
    """The cluster's clock; below 0: it is not over."""


def _planned(director: Director) -> bool:
    """Whether the slide that is on has its time in the talk's plan."""
    slide = director.slide
    return not (slide.still or slide.question or slide.appendix)


class Follower:
    """One performance, followed."""

    def __init__(self, slides: int) -> None:
        self.spent = [0.0] * slides
        """Seconds on each slide."""
        self.readies: list[float] = []
        """Seconds that clusters took to be made ready."""
        self.steps: list[dict[int, Passed]] = []
        """Of each cue of the slide that is on: its steps that have begun, by place."""
        self.first = 1
        """The place of the slide with which the talk began: the second, unless it was begun later."""
        self._placed = False
        self._began: float | None = None
        self._looked: float | None = None
        self._readying: float | None = None
        self._on: tuple[int, int] = (-1, -1)
        self._runs: list[Run] = []

    @property
    def running(self) -> bool:
        """Whether the timer has begun."""
        return self._began is not None

    def elapsed(self, now_s: float) -> float:
        """Seconds since the timer began; 0 before."""
        return now_s - self._began if self._began is not None else 0.0

    def hear(self, director: Director, now_us: int, now_s: float) -> None:
        """One tick: the cluster's clock, and the wall's."""
        place = director.place
        if place < 0:
            return
        if self._began is None and place > 0:
            self._began = now_s
        if place > 0 and not self._placed and _planned(director):
            self.first, self._placed = place, True
        if self._looked is not None and self._began is not None and self._on[0] == place:
            self.spent[place] += now_s - self._looked
        self._looked = now_s
        self._ready(now_s, preparing=director.preparing)
        if self._on != (place, director.visit):
            # On another ground the same slide goes on: what was done on it has been done.
            begun = self._on[0] == place and any(run.state != "pending" for run in director.runs)
            if not begun:
                self.steps, self._runs = [{} for _ in director.runs], []
            self._on = (place, director.visit)
        for number, run in enumerate(director.runs):
            before = self._runs[number] if number < len(self._runs) else None
            if run is not before:
                self._step(number, before, run, now_us, now_s)
        self._runs = list(director.runs)

    def _ready(self, now_s: float, *, preparing: bool) -> None:
        if preparing and self._readying is None:
            self._readying = now_s
        elif not preparing and self._readying is not None:
            self.readies = [*self.readies, now_s - self._readying][-READIES_MAX:]
            self._readying = None

    def _step(self, number: int, before: Run | None, run: Run, now_us: int, now_s: float) -> None:
        """A cue went on."""
        steps = self.steps[number]
        if run.state == "pending":
            steps.clear()
            return
        said_s = self.elapsed(now_s) - max(0, now_us - run.step_began) / 1e6
        first = before.at if before is not None and before.state != "pending" else 0
        since = before.step_began if before is not None and before.state != "pending" else run.began
        for at in range(first, run.at):
            began = steps[at].began_s if at in steps else said_s
            steps[at] = Passed(began, max(0, run.step_began - since) if at == first else 0)
        if run.at < len(run.cue.steps):
            began = steps[run.at].began_s if run.at in steps else said_s
            over = max(0, run.ended - run.step_began) if run.over else -1
            steps[run.at] = Passed(began, over)
