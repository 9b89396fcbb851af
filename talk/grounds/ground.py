"""What the stage asks of the place where a talk happens, whatever that place is.

Decides nothing about slides: it makes a cluster, does what a cue says, and hands over facts. A
ground's clock is its cluster's. Real time passes on a real ground; on a simulated one it passes only
when `pass_time` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from cluster.model.facts import Fact
from cluster.sim.pairs.record import Played
from talk.deck.deck import Act, Need
from tui.view import ClusterView

Tell = Callable[[str], None]
"""Told what is happening now, in a few words, for whoever waits."""


class GroundError(Exception):
    """It cannot be done: one sentence that says why, and what could be."""


class Done(Struct, frozen=True):
    """What came of an act."""

    said: str
    """One past-tense sentence."""
    played: Played | None = None
    """The record of a pair."""


class Ground(Protocol):
    """A place for a talk."""

    makes: bool
    """Whether clusters are made; else a recording of some is shown."""

    @property
    def simulated(self) -> bool:
        """Whether no processes run, or ran when it was recorded."""
        ...

    def label(self) -> str:
        """What the audience is told of it: "live cluster, 5 processes"."""
        ...

    @property
    def now(self) -> int:
        """The cluster's clock, microseconds."""
        ...

    @property
    def stretch(self) -> float:
        """How much longer than planned things take here, as measured; at least 1."""
        ...

    @property
    def stands(self) -> str | None:
        """The act, in the deck's words, in front of which its clock stands until somebody asks for it;
        empty: the clock stands for good; None: it goes on, as any cluster's does."""
        ...

    def take(self) -> list[Fact]:
        """What was told since this was last asked."""
        ...

    async def prepare(self, need: Need, *, fresh: bool, tell: Tell, slide: int = 0) -> bool:
        """Have such a cluster, agreed and unhurt; whether it is another one than before, so that
        all that was told before is void. Raises GroundError. `slide`: for which, by its number.
        """
        ...

    def beginning(self) -> ClusterView:
        """What was known of that other cluster before its first fact."""
        ...

    async def perform(self, act: Act, tell: Tell) -> Done:
        """Do it. Raises GroundError."""
        ...

    async def pass_time(self, us: int) -> None:
        """Let about so much time of the cluster pass."""
        ...

    async def stop(self) -> None:
        """End everything. May be called twice."""
        ...


class Recorded(Ground, Protocol):
    """A recording of one, in which any slide can be sought."""

    def seek(self, slide: int) -> None:
        """To where a slide begins, by its number. Raises GroundError."""
        ...

    def skip(self, act: Act) -> None:
        """To where this had been done on that slide. Raises GroundError."""
        ...
