"""The director: which slide is on, which words are shown, and how far each cue is. Pure.

Decides when a cue begins, what it does next, when it is late, and what the presenter's one key does
now. Inputs are what happened (a key, an act done, a moment); effects are orders (prepare a cluster,
perform an act, go on from the recording). Whether something is so is asked through `Moment.met`; the
director knows no cluster, no clock and no terminal. Going back never does a fault again by itself:
the cues of a slide that is come back to wait for the key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec.structs import replace

from cluster.config import SECOND
from talk.deck.deck import (
    Act,
    Cue,
    Deck,
    Freeze,
    Hold,
    Live,
    Need,
    Say,
    Show,
    Sleep,
    Slide,
    Wait,
)
from talk.stage.orders import Enter, FallBack, Finish, Moment, Order, Perform, Prepare, Run, State

HARMLESS: Final = frozenset({"play", "put", "audit"})
"""Acts after which a cluster is still what it was."""
INSIST_US: Final = 30 * SECOND
"""A second key within this goes on although something is still awaited: as long as its sentence stands."""
GIVE_UP: Final = 2
"""Where nobody presses keys, a wait is given up after so many times its bound."""
TURN_MAX: Final = 64
"""Steps that one input may bring about: a deck cannot make the director spin."""


Waits = Literal["key", "cue", "cluster", "end"]


class Director:
    """One performance of one deck."""

    def __init__(self, deck: Deck, *, alone: bool = False) -> None:
        self.deck = deck
        self.alone = alone
        """Nobody is there to press a key: what is late for too long is given up."""
        self.place = -1
        self.step = 0
        """How many pauses of the slide have been passed."""
        self.runs: list[Run] = []
        self.caption = ""
        self.live: Live | None = None
        self.frozen = False
        self.preparing = False
        self.need: Need | None = None
        """What the cluster was last made for."""
        self.dirty = False
        """Something was done to it since."""
        self.entered = 0
        """When the slide was entered, the cluster's clock."""
        self.notice = ""
        """Why the key did not go on, or what went wrong."""
        self.trouble = ""
        """Why there is no cluster, when there is none."""
        self.visit = 0
        """Counts up with each slide that is opened: what was begun for an earlier one is void."""
        self.every = False
        """Every slide is prepared for, also one that goes on with what runs: a recording is sought."""
        self._back = False
        self._left: int | None = None
        """The slide on the way that was left for a question or for the appendix."""
        self._insisted: int | None = None
        self._orders: list[Order] = []

    @property
    def slide(self) -> Slide:
        """The slide that is on."""
        return self.deck.slides[max(0, self.place)]

    @property
    def total(self) -> int:
        """How many slides there are in all."""
        return len(self.deck.slides)

    @property
    def following(self) -> Slide | None:
        """The slide that comes after this one."""
        place = self._following() if self.place >= 0 else 0
        return self.deck.slides[place] if place is not None else None

    @property
    def late(self) -> str:
        """What is waited for longer than was meant, in a sentence; empty: nothing."""
        for run in self.runs:
            if run.state == "late" and isinstance(run.step, Wait):
                given = run.step.within_us / 1e6
                return f"It was given {given:g} s and has not come yet: {run.step.predicate.text}."
        return ""

    @property
    def came_back(self) -> bool:
        """Whether the slide was come back to: each of its cues waits for the key."""
        return self._back

    def waits_for(self) -> Waits:
        """What must happen for the talk to go on."""
        if self.preparing:
            return "cluster"
        if any(run.state in ("running", "waiting", "late") or self._soon(run) for run in self.runs):
            return "cue"
        if any(run.state == "holding" for run in self.runs) or self.step < self.slide.steps:
            return "key"
        if any(run.state == "pending" and run.cue.trigger.kind == "key" for run in self.runs):
            return "key"
        return "end" if self._following() is None else "key"

    def _soon(self, run: Run) -> bool:
        """Whether a cue begins by itself before long."""
        alone = run.cue.trigger.kind in ("enter", "after")
        return run.state == "pending" and alone and not self._back

    # --- keys ------------------------------------------------------------------------------------

    def go(self, place: int, moment: Moment, *, back: bool = False) -> list[Order]:
        """To a slide. `back`: its words are all shown, and its cues wait for the key."""
        if self.place >= 0 and self._walked(self.slide):
            self._left = self.place
        return self._collected(lambda: self._open(place, moment, back=back, fresh=False))

    def again(self, moment: Moment) -> list[Order]:
        """The slide from its beginning, on a new cluster."""
        return self._collected(lambda: self._open(self.place, moment, back=False, fresh=True))

    def forward(self, moment: Moment) -> list[Order]:
        """The presenter's one key: let go of what is held, else show more, else the next slide."""
        return self._collected(lambda: self._forward(moment))

    def backward(self, moment: Moment) -> list[Order]:
        """One step back: fewer words, else the slide before."""
        return self._collected(lambda: self._backward(moment))

    def _forward(self, moment: Moment) -> None:
        self.notice = ""
        if self.place < 0:
            self._open(0, moment, back=False, fresh=False)
            return
        if self.preparing:
            self.notice = "the cluster is being made ready"
            return
        holding = self._first("holding")
        if holding is not None:
            self._on(holding, moment)
        elif self.step < self.slide.steps:
            self.step += 1
        elif (pending := self._pending_key()) is not None:
            self._begin(pending, moment)
        elif (busy := self._first("running", "waiting", "late")) is not None:
            self._insist(busy, moment)
        else:
            following = self._following()
            if following is None:
                self.notice = "this was the last slide"
            else:
                returns = following == self._left and not self._walked(self.slide)
                self._open(following, moment, back=returns, fresh=False)

    def _insist(self, run: int, moment: Moment) -> None:
        """A key while something is awaited: the first one warns, the second goes on."""
        if self._insisted is None or not 0 <= moment.now - self._insisted <= INSIST_US:
            self._insisted = moment.now
            self.notice = "still waiting for what the slide shows: once more goes on without it"
            return
        self._insisted = None
        self._end(run, "skipped", moment)

    def _backward(self, moment: Moment) -> None:
        self.notice = ""
        if self.step > 0:
            self.step -= 1
            return
        before = [
            place
            for place in range(self.place)
            if self._walked(self.deck.slides[place])
        ]  # fmt: skip
        if self._left is not None and not self._walked(self.slide):
            before = [self._left]
        if before:
            self._open(before[-1], moment, back=True, fresh=False)
        else:
            self.notice = "this is the first slide"

    def _walked(self, slide: Slide) -> bool:
        """Whether a slide is on the way from the first to the last."""
        return not (slide.still or slide.question or slide.appendix)

    def _following(self) -> int | None:
        """The next slide on the way; behind a question or in the appendix, the next of its kind."""
        here = self.deck.slides[self.place]
        for place in range(self.place + 1, len(self.deck.slides)):
            slide = self.deck.slides[place]
            if slide.still:
                continue
            if self._walked(slide) or (here.appendix and slide.appendix):
                return place
            if here.question and slide.question == here.question:
                return place
        return None if self._walked(here) else self._left

    # --- another ground ----------------------------------------------------------------------------

    def moved(self, now: int) -> list[int]:
        """The same slide and step go on upon another ground, whose clock says `now`. What was ordered
        of the ground before is void; the numbers of cues whose act has to be done again."""
        self.visit += 1
        self.preparing = False
        self.trouble = self.notice = ""
        self.entered = now
        self._insisted = None
        for number, run in enumerate(self.runs):
            if run.state != "pending" and not run.over:
                state = "waiting" if run.state == "late" else run.state
                self.runs[number] = replace(run, state=state, began=now, step_began=now)
        return [
            number
            for number, run in enumerate(self.runs)
            if run.state == "running" and isinstance(run.step, Act)
        ]

    # --- what happened ---------------------------------------------------------------------------

    def prepared(self, moment: Moment, trouble: str = "") -> list[Order]:
        """The cluster stands, or why it does not."""

        def then() -> None:
            self.preparing = False
            self.trouble = self.notice = trouble
            if trouble:
                self.need = None
                self._orders.append(FallBack(self.place, trouble))
            self._entered(moment)

        return self._collected(then)

    def did(self, run: int, moment: Moment, said: str, *, done: bool = True) -> list[Order]:
        """An act has been done, or could not be."""

        def then() -> None:
            if run >= len(self.runs) or self.runs[run].state != "running":
                return  # of a slide that was left
            self.runs[run] = replace(self.runs[run], said=said)
            if not done:
                self.notice = said
                self._end(run, "failed", moment)
            else:
                self._on(run, moment)

        return self._collected(then)

    def tick(self, moment: Moment) -> list[Order]:
        """Time went by."""
        return self._collected(lambda: self._tick(moment))

    def _tick(self, moment: Moment) -> None:
        if self.preparing:
            return
        for number, run in enumerate(self.runs):
            if run.state == "pending" and self._due(run.cue, moment):
                self._begin(number, moment)
        for number in range(len(self.runs)):
            self._look(number, moment)

    def _due(self, cue: Cue, moment: Moment) -> bool:
        if self._back:
            return False
        match cue.trigger.kind:
            case "enter":
                return True
            case "after":
                return moment.now - self.entered >= cue.trigger.delay_us
            case "at":
                predicate = cue.trigger.predicate
                return predicate is not None and moment.met(predicate) is True
            case "key":
                return False

    def _look(self, number: int, moment: Moment) -> None:
        """Whether what a cue waits for has come."""
        run = self.runs[number]
        if run.state not in ("waiting", "late"):
            return
        waited = moment.now - run.step_began
        match run.step:
            case Sleep(us=us):
                if waited >= us or moment.stands_for(run):
                    self._on(number, moment)
            case Wait() as wait:
                allowed = round(wait.within_us * moment.stretch)
                if moment.met(wait.predicate) is True:
                    self.runs[number] = replace(run, late_by=max(run.late_by, waited - allowed))
                    self._on(number, moment)
                elif waited > allowed and run.state == "waiting":
                    self.runs[number] = replace(run, state="late", late_by=waited - allowed)
                    if wait.fallback and not self.alone:
                        why = f"{wait.predicate.text} did not come in time"
                        self._orders.append(FallBack(self.place, why))
                elif self.alone and waited > GIVE_UP * allowed:
                    self.runs[number] = replace(run, said=f"never: {wait.predicate.text}")
                    self._end(number, "failed", moment)
            case Say() | Show() | Freeze() | Hold() | Act() | None:
                self._do(number, moment)  # more of them than one turn may bring about

    # --- slides ----------------------------------------------------------------------------------

    def _open(self, place: int, moment: Moment, *, back: bool, fresh: bool) -> None:
        self.place = max(0, min(place, len(self.deck.slides) - 1))
        slide = self.slide
        self.step = slide.steps if back else 0
        self._back = back
        self.runs = [Run(cue) for cue in slide.cues]
        self.caption = ""
        self.frozen = False
        self.live = slide.lives[0] if slide.lives else None
        self._insisted = None
        self.visit += 1
        wanted = self.needed(self.place)
        if wanted is None and self.every:
            wanted = Need()
        if wanted is None:
            # A cluster that is still being made for the slide before is waited for: it enters then.
            if not self.preparing:
                self._entered(moment)
            return
        stands = self.need is not None and self.need.same_as(wanted)
        # A slide of words alone can be shown on the way to the next while nothing is touched.
        touched = self.dirty and (back or slide.need is not None)
        again = fresh or (wanted.fresh and slide.need is not None)
        if stands and not touched and not again and not self.every:
            if not self.preparing:
                self._entered(moment)
            return
        self.preparing = True
        self.need, self.dirty = wanted, False
        self._orders.append(Prepare(wanted, again, slide.number))

    def needed(self, place: int) -> Need | None:
        """The cluster that a slide begins with: its own word, or the last one before it."""
        for slide in reversed(self.deck.slides[: place + 1]):
            if slide.need is not None:
                return slide.need
        return None

    def _entered(self, moment: Moment) -> None:
        """Its cues begin with the next tick: what they wait for is not judged by the slide before."""
        self.entered = moment.now
        self._insisted = None
        self._orders.append(Enter(self.place))

    # --- cues ------------------------------------------------------------------------------------

    def _begin(self, number: int, moment: Moment) -> None:
        self.runs[number] = run = replace(self.runs[number], state="running", began=moment.now)
        if not any(isinstance(step, Act) for step in run.cue.steps):
            self._orders.append(Finish(self.place, number, run.cue.alias))
        self._do(number, moment)

    def _on(self, number: int, moment: Moment) -> None:
        """A step is done: the next."""
        run = self.runs[number]
        ended = run.step
        self.runs[number] = run = replace(run, at=run.at + 1, state="running")
        # What a cue is called by is its first act: claims count from there, not from what follows.
        if isinstance(ended, Act) and not any(
            isinstance(s, Act) for s in run.cue.steps[: run.at - 1]
        ):
            self._orders.append(Finish(self.place, number, run.cue.alias))
        self._do(number, moment)

    def _do(self, number: int, moment: Moment) -> None:
        """Do what comes next, as far as nothing is awaited."""
        for _ in range(TURN_MAX):
            run = self.runs[number]
            self.runs[number] = run = replace(run, step_began=moment.now)
            match run.step:
                case None:
                    self._end(number, "done", moment)
                    return
                case Act() as act:
                    self.dirty |= act.verb not in HARMLESS
                    self._orders.append(Perform(number, act))
                    return
                case Wait() | Sleep():
                    self.runs[number] = replace(run, state="waiting")
                    self._look(number, moment)
                    return
                case Hold():
                    self.runs[number] = replace(run, state="holding")
                    return
                case Say(text=text):
                    self.caption = text
                case Show(live=live):
                    self.live = live
                case Freeze(on=on):
                    self.frozen = on
            self.runs[number] = replace(run, at=run.at + 1)
        self.runs[number] = replace(
            self.runs[number], state="waiting"
        )  # the rest with the next tick

    def _end(self, number: int, state: State, moment: Moment) -> None:
        self.runs[number] = replace(self.runs[number], state=state, ended=moment.now)

    def _first(self, *states: State) -> int | None:
        return next((n for n, run in enumerate(self.runs) if run.state in states), None)

    def _pending_key(self) -> int | None:
        """The next cue that a key begins; of a slide that was come back to, any."""
        for number, run in enumerate(self.runs):
            if run.state == "pending" and (self._back or run.cue.trigger.kind == "key"):
                return number
        return None

    def _collected(self, work: Callable[[], None]) -> list[Order]:
        work()
        orders, self._orders = self._orders, []
        return orders
