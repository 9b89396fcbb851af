"""A performance: the director, the claims and a ground, held together on one event loop.

Owns the tasks that make clusters and do acts, the view that facts are folded into, and what came of
each slide. Decides nothing itself: what happens next is the director's, whether something is so is
the docket's. Whoever shows it calls `tick` some thirty times a second; whoever drives it calls
`forward`, `backward`, `again`, `go`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Final, Protocol

from msgspec import Struct

from cluster.config import MS
from cluster.model.facts import Fact
from cluster.sim.pairs.record import Played
from talk.claims.judging import Docket, Judgement
from talk.deck.deck import Act, Deck, Predicate
from talk.grounds.ground import Ground, GroundError, Recorded
from talk.stage.director import Director
from talk.stage.orders import Enter, FallBack, Finish, Moment, Order, Perform, Prepare, Run
from tui.fold import fold
from tui.view import ClusterView

SAID_MAX: Final = 200
"""Words of progress kept of one act."""
LOOK_US: Final = 250 * MS
"""What came all at once is judged in steps of so much of the cluster's time: an act on a simulated
ground lets seconds pass, and what was so in between is not to be missed."""
STRETCH_STEP: Final = 0.1
"""Listeners hear of how slow the machine is when it has changed by so much."""
PLAYED_BESIDE: Final = frozenset({"play"})
"""Acts that do not touch the cluster."""
PATIENT: Final = frozenset({"put", "audit"})
"""Acts that may take long and can be left at any time."""


class Listener(Protocol):
    """Whoever keeps what a performance was: a rehearsal that is being recorded."""

    def renewed(self, now: int, label: str) -> None:
        """Another cluster took the place of the one before: all before it is void."""
        ...

    def heard(self, facts: Sequence[Fact], now: int) -> None:
        """Facts were folded."""
        ...

    def marked(self, label: str, now: int) -> None:
        """Something of the talk happened: "slide 4", "slide 4 step 1", "act kill n4",
        "did kill n4", "cue die", "stretch 1.5"."""
        ...

    def played(self, record: Played) -> None:
        """A pair was played."""
        ...

    def left(self, shown: Shown) -> None:
        """A slide was left."""
        ...


class Shown(Struct, frozen=True):
    """What came of one slide, each time it was on."""

    place: int
    judgements: tuple[Judgement, ...]
    runs: tuple[Run, ...]
    entered: int
    left: int


class Performance:
    """One telling of one deck on one ground."""

    def __init__(self, deck: Deck, ground: Ground, *, alone: bool = False) -> None:
        self.deck = deck
        self.ground = ground
        self.director = Director(deck, alone=alone)
        self.director.every = not ground.makes
        self.view = ClusterView()
        self.docket: Docket | None = None
        self.shown: list[Shown] = []
        """Slides that were left, in the order in which they were."""
        self.said: list[str] = []
        """Words of what is being done now: a pair that is played tells its steps."""
        self.played: dict[str, Played] = {}
        """Records of the pairs that were played."""
        self.fallback = ""
        """Why the stage should go on from the recording; empty: it need not."""
        self.heard: list[Fact] = []
        """What the last tick folded, for whoever records or draws."""
        self.renewed = 0
        """How often another cluster took the place of the one before: all before it is void."""
        self.listeners: list[Listener] = []
        self.recording: Recorded | None = None
        """From which the talk can go on."""
        self._cluster: Ground | None = None
        """The cluster's ground, while the recording is shown."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._acts: dict[asyncio.Task[None], str] = {}
        """What is being done to the cluster, by its verb."""
        self._making = asyncio.Lock()
        self._wanted: Prepare | None = None
        self._looked = 0
        self._closed = False
        self._stretch = 1.0
        """As it was last told to listeners."""

    # --- keys ------------------------------------------------------------------------------------

    def go(self, place: int, *, back: bool = False) -> None:
        """To a slide."""
        self._keyed(lambda moment: self.director.go(place, moment, back=back))

    def forward(self) -> None:
        """The presenter's one key."""
        self._keyed(self.director.forward)

    def backward(self) -> None:
        """One step back."""
        self._keyed(self.director.backward)

    def again(self) -> None:
        """The slide from its beginning, on another cluster."""
        self._keyed(self.director.again)

    def turn(self) -> bool:
        """Go on from the recording at this very moment of the slide; or back on the cluster, with the
        slide from its beginning. Whether it could be done; if not, the notice says why."""
        if self.ground.makes:
            if self.recording is None:
                self.director.notice = "there is no recording of this talk: --rehearse makes one"
                return False
            try:
                self._turned(self.recording)
            except GroundError as error:
                self.director.notice = str(error)
                return False
            return True
        if self._cluster is None:
            self.director.notice = "there is only the recording"
            return False
        self.ground, self._cluster = self._cluster, None
        self.director.every, self.director.need = False, None
        self.director.preparing = False
        self.again()
        return True

    def _turned(self, recorded: Recorded) -> None:
        """What was done on this slide had been done in the recording too: from its beginning until
        then it is judged again, so that words, picture and claims are of one piece."""
        director = self.director
        recorded.seek(director.slide.number)
        self.ground, self._cluster = recorded, self.ground
        self._wanted = None
        director.every = True
        self.fallback = ""
        self.view = recorded.beginning()
        self._looked = recorded.now
        docket = self.docket = Docket(director.slide, self.view, recorded.now)
        self._closed = False
        for record in self.played.values():
            docket.played(record)
        for run in sorted(director.runs, key=lambda run: run.began):
            acts = [step for step in run.cue.steps[: run.at] if isinstance(step, Act)]
            for number, act in enumerate(acts):
                recorded.skip(act)
                self._hear()
                if not number:
                    docket.finished(run.cue.alias, self.view, recorded.now)
            if run.state != "pending" and not any(isinstance(s, Act) for s in run.cue.steps):
                docket.finished(run.cue.alias, self.view, recorded.now)
        for number in director.moved(recorded.now):
            step = director.runs[number].step
            if isinstance(step, Act):
                self._carry_out([Perform(number, step)])

    def _keyed(self, key: Callable[[Moment], list[Order]]) -> None:
        director = self.director
        place, runs, visit, step = (
            director.place,
            tuple(director.runs),
            director.visit,
            director.step,
        )
        orders = key(self._moment())
        if director.visit != visit:
            self._leave(place, runs)
        elif director.step != step:
            self._mark(f"slide {director.slide.number} step {director.step}")
        self._carry_out(orders)

    # --- time ------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a cluster is being made or an act done."""
        return bool(self._tasks)

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """The claims of the slide that is on."""
        return tuple(self.docket.judgements) if self.docket is not None else ()

    def tick(self) -> None:
        """Fold what came, judge, and let the director go on."""
        self.heard = []
        now = self.ground.now
        if not self.director.preparing:
            now = self._hear()
            self._stretched()
        self._looked = now
        self._carry_out(self.director.tick(self._moment()))
        runs = self.director.runs
        if self.docket is not None and runs and all(r.over for r in runs) and not self._closed:
            self._closed = True
            self.docket.close(self.view, now)

    def _hear(self) -> int:
        """Fold and judge what came; the ground's clock after that."""
        self.heard = self.ground.take()
        now = self.ground.now
        for facts, at in self._looks(self.heard, now):
            self._fold(facts)
            if self.docket is not None:
                self.docket.hear(facts, self.view, at, self.ground.stretch)
        self._told_all(self.heard, now)
        self._looked = now
        return now

    def _looks(self, facts: list[Fact], now: int) -> Iterator[tuple[list[Fact], int]]:
        """What came, cut where it is to be judged, with those moments; the last is now."""
        at, looked = self._looked, self._looked
        part: list[Fact] = []
        if not looked or now - looked <= 2 * LOOK_US:
            yield facts, now
            return
        for fact in facts:
            at = max(at, min(fact.at, now))
            if at - looked >= LOOK_US and part:
                yield part, at
                part, looked = [], at
            part.append(fact)
        yield part, now

    def _fold(self, facts: list[Fact]) -> None:
        if facts:
            self.view = fold(self.view, facts)

    def _told_all(self, facts: Sequence[Fact], now: int) -> None:
        for listener in self.listeners if self.ground.makes else ():
            listener.heard(facts, now)

    def _stretched(self) -> None:
        stretch = self.ground.stretch
        if abs(stretch - self._stretch) >= STRETCH_STEP:
            self._stretch = stretch
            self._mark(f"stretch {stretch:.2f}")

    def _mark(self, label: str) -> None:
        for listener in self.listeners if self.ground.makes else ():
            listener.marked(label, self.ground.now)

    def _moment(self) -> Moment:
        ground = self.ground
        return Moment(ground.now, self._met, ground.stretch, ground.stands)

    def _met(self, predicate: Predicate) -> bool | None:
        if self.docket is None or self.director.preparing:
            return None
        return self.docket.met(predicate, self.view, self.ground.now)

    # --- orders ----------------------------------------------------------------------------------

    def _carry_out(self, orders: list[Order]) -> None:
        for order in orders:
            match order:
                case Prepare():
                    self._wanted = order
                    self._begin(self._prepare(order))
                case Perform(run=run, act=act):
                    self._mark(f"act {act.words}")
                    task = self._begin(self._perform(self.director.visit, run, act))
                    if act.verb not in PLAYED_BESIDE:
                        self._acts[task] = act.verb
                case Enter():
                    self.docket = Docket(self.director.slide, self.view, self.ground.now)
                    self._closed = False
                    self._looked = self.ground.now
                    self._mark(f"slide {self.director.slide.number}")
                case Finish(alias=alias):
                    if self.docket is not None:
                        self.docket.finished(alias, self.view, self.ground.now)
                    if alias:
                        self._mark(f"cue {alias}")
                case FallBack(why=why):
                    self.fallback = why
                    if self.recording is not None and self.ground.makes and self.turn():
                        return  # whatever else was ordered is ordered again there

    async def _prepare(self, order: Prepare) -> None:
        """One cluster is made at a time, and none while something is done to the one before it. Of
        several orders the last one counts."""
        async with self._making:
            if self._wanted is not order:
                return
            ground = self.ground
            if ground.makes:
                await self._acts_over()
            self.said = []
            trouble = ""
            try:
                made = await ground.prepare(
                    order.need, fresh=order.fresh, tell=self._told, slide=order.slide
                )
                if made and ground is self.ground:
                    self.view = ground.beginning()
                    self.renewed += 1
                    for listener in self.listeners:
                        listener.renewed(ground.now, ground.label())
            except GroundError as error:
                trouble = str(error)
            except Exception as error:  # whatever it is, the talk goes on
                trouble = f"{type(error).__name__}: {error}"
            if ground is not self.ground:
                return  # the talk went on from the recording meanwhile
            facts = ground.take()
            self._fold(facts)
            self._told_all(facts, ground.now)
        if self._wanted is order:
            self._wanted = None
            self._carry_out(self.director.prepared(self._moment(), trouble))

    async def _acts_over(self) -> None:
        """Until nothing is done to the cluster; what takes long is left."""
        for task, verb in list(self._acts.items()):
            if verb in PATIENT:
                task.cancel()
        if self._acts:
            await asyncio.wait(list(self._acts))

    async def _perform(self, visit: int, run: int, act: Act) -> None:
        self.said = []
        done, said = True, ""
        try:
            came = await self.ground.perform(act, self._told)
            said = came.said
            if came.played is not None:
                self._heed(came.played, visit)
        except GroundError as error:
            done, said = False, str(error)
        except Exception as error:  # whatever it is, the talk goes on
            done, said = False, f"{type(error).__name__}: {error}"
        if self.director.visit == visit:
            self._mark(f"did {act.words}")
            self._hear()  # what it brought about is known before anything waits for it
            self._carry_out(self.director.did(run, self._moment(), said, done=done))

    def _heed(self, record: Played, visit: int) -> None:
        self.played[record.name] = record
        for listener in self.listeners:
            listener.played(record)
        if self.docket is not None and self.director.visit == visit:
            self.docket.played(record)

    def _told(self, said: str) -> None:
        self.said = [*self.said, said][-SAID_MAX:]

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._acts.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            self.director.notice = f"{type(task.exception()).__name__}: {task.exception()}"

    async def settled(self) -> None:
        """Until nothing is being made or done."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    # --- leaving ---------------------------------------------------------------------------------

    def finish(self) -> None:
        """The talk is over: the last slide is left too."""
        self._leave(self.director.place, tuple(self.director.runs))

    def _leave(self, place: int, runs: tuple[Run, ...]) -> None:
        """What came of a slide is written down."""
        docket, self.docket = self.docket, None
        if docket is None:
            return
        now = self.ground.now
        docket.close(self.view, now)
        shown = Shown(place, tuple(docket.judgements), runs, docket.entered.at, now)
        self.shown.append(shown)
        for listener in self.listeners:
            listener.left(shown)

    async def stop(self) -> None:
        """End what is under way, and the ground."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        for ground in (self.ground, self._cluster, self.recording):
            if ground is not None:
                await ground.stop()
