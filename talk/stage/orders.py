"""What a director is told and what it orders: values only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from talk.deck.deck import Act, Cue, Need, Predicate, Step

State = Literal["pending", "running", "waiting", "holding", "late", "done", "failed", "skipped"]
OVER: Final[frozenset[State]] = frozenset({"done", "failed", "skipped"})


class Moment(Struct, frozen=True):
    """A moment of the stage: its clock, and what is so."""

    now: int
    """Microseconds, the cluster's clock."""
    met: Callable[[Predicate], bool | None]
    """Whether something is so now; None: nobody can know yet."""
    stretch: float = 1.0
    """How much longer things may take on this machine, as measured (at least 1)."""
    stands: str | None = None
    """The act in front of which the clock stands until a cue asks for it: a recording's. Empty: it
    stands for good; None: it goes on."""

    def stands_for(self, run: Run) -> bool:
        """Whether the clock stands until this cue goes on. Played back, a cue may fall asleep a little
        later than at the rehearsal: when what it slept for is there, it has slept enough."""
        if not self.stands:
            return self.stands is not None
        ahead = next((step for step in run.cue.steps[run.at :] if isinstance(step, Act)), None)
        return ahead is not None and ahead.words == self.stands


class Prepare(Struct, frozen=True, tag="prepare"):
    """Make a cluster as the slide needs it. Answered by `Director.prepared`."""

    need: Need
    fresh: bool
    """A new one, whatever runs; else the one that runs will do if it can be mended."""
    slide: int = 0
    """The number of the slide that it is for."""


class Perform(Struct, frozen=True, tag="perform"):
    """Do something to the cluster. Answered by `Director.did`."""

    run: int
    act: Act


class Enter(Struct, frozen=True, tag="enter"):
    """A slide begins: its claims count from now."""

    slide: int
    """Place in the deck."""


class Finish(Struct, frozen=True, tag="finish"):
    """What a cue is about has been done: claims and marks count from here."""

    slide: int
    run: int
    alias: str


class FallBack(Struct, frozen=True, tag="fall back"):
    """Go on from the recording, at this slide and step."""

    slide: int
    why: str


Order = Prepare | Perform | Enter | Finish | FallBack


class Run(Struct, frozen=True):
    """One cue of the slide that is on."""

    cue: Cue
    state: State = "pending"
    at: int = 0
    """Place among its steps."""
    began: int = 0
    step_began: int = 0
    ended: int = 0
    said: str = ""
    """What its last act did, or why it could not."""
    late_by: int = 0
    """How much longer than allowed its longest wait took, microseconds."""

    @property
    def step(self) -> Step | None:
        """What it does or waits for now."""
        return self.cue.steps[self.at] if self.at < len(self.cue.steps) else None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in OVER
