"""A director with a world that does as it is told: every order is kept, and answered when asked to."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.config import MS, SECOND
from talk.deck.deck import Act, Cue, Deck, Live, Need, Predicate, Slide, Step, Trigger
from talk.stage.director import Director
from talk.stage.orders import FallBack, Moment, Order, Perform, Prepare

KEY = Trigger("key")


def deck(*slides: Slide) -> Deck:
    """Slides, numbered."""
    return Deck("a deck", slides)


def slide(
    number: int, *cues: Cue, steps: int = 0, need: Need | None = None, live: bool = False
) -> Slide:
    """One slide."""
    lives = (Live("matrix"),) if live else ()
    return Slide(number, f"slide {number}", steps=steps, cues=cues, need=need, lives=lives)


def cue(*steps: Step, on: Trigger | None = None, alias: str = "") -> Cue:
    """One cue, with its slide if nothing else is said."""
    return Cue(on or Trigger("enter"), steps, alias)


def so(name: str) -> Predicate:
    """Something that a board can say is so."""
    return Predicate(name, text=name)


class Board:
    """A director, its clock, what is so, and what it ordered."""

    def __init__(self, told: Deck, *, alone: bool = False) -> None:
        self.director = Director(told, alone=alone)
        self.now = 1_000 * SECOND
        self.true: set[str] = set()
        self.orders: list[Order] = []
        self.stretch = 1.0
        self.stands: str | None = None

    @property
    def moment(self) -> Moment:
        """Now."""
        return Moment(
            self.now,
            lambda predicate: predicate.measure in self.true,
            self.stretch,
            self.stands,
        )

    def take(self, orders: Sequence[Order]) -> None:
        """Keep what was ordered."""
        self.orders += orders

    def go(self, place: int = 0) -> None:
        """To a slide."""
        self.take(self.director.go(place, self.moment))

    def space(self) -> None:
        """The one key."""
        self.take(self.director.forward(self.moment))

    def back(self) -> None:
        """The other."""
        self.take(self.director.backward(self.moment))

    def again(self) -> None:
        """A new cluster."""
        self.take(self.director.again(self.moment))

    def passes(self, us: int = 40 * MS) -> None:
        """Time."""
        self.now += us
        self.take(self.director.tick(self.moment))

    def prepared(self, trouble: str = "") -> None:
        """The cluster stands."""
        self.take(self.director.prepared(self.moment, trouble))

    def did(self, *, done: bool = True, said: str = "did it") -> None:
        """The oldest act that is under way is done."""
        run = next(
            number
            for number, run in enumerate(self.director.runs)
            if run.state == "running" and isinstance(run.step, Act)
        )
        self.take(self.director.did(run, self.moment, said, done=done))

    def obey(self) -> None:
        """Answer all that can be answered now."""
        for _ in range(100):
            if self.director.preparing:
                self.prepared()
            elif any(r.state == "running" and isinstance(r.step, Act) for r in self.director.runs):
                self.did()
            else:
                return
        raise AssertionError("orders without end")

    @property
    def acts(self) -> list[str]:
        """All that was done to the cluster, in order."""
        return [" ".join((o.act.verb, *o.act.args)) for o in self.orders if isinstance(o, Perform)]

    @property
    def prepares(self) -> list[Prepare]:
        """All clusters that were asked for."""
        return [order for order in self.orders if isinstance(order, Prepare)]

    @property
    def fallbacks(self) -> list[str]:
        """Why the recording was asked for."""
        return [order.why for order in self.orders if isinstance(order, FallBack)]

    @property
    def states(self) -> list[str]:
        """Of the slide's cues."""
        return [run.state for run in self.director.runs]
