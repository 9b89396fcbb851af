"""A performance: the director, the claims and a ground, held together on one event loop.

Owns the tasks that make clusters and do acts, the view that facts are folded into, and what came of
each slide. Decides nothing itself: what happens next is the director's, whether something is so is
the docket's. Whoever shows it calls `tick` some thirty times a second; whoever drives it calls
`forward`, `backward`, `again`, `go`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from msgspec import Struct

from cluster.model.facts import Fact
from cluster.sim.pairs.record import Played
from talk.claims.judging import Docket, Judgement
from talk.deck.deck import Act, Deck, Predicate
from talk.grounds.ground import Ground, GroundError
from talk.stage.director import Director
from talk.stage.orders import Enter, FallBack, Finish, Moment, Order, Perform, Prepare, Run
from tui.fold import fold
from tui.view import ClusterView

SAID_MAX = 200
"""Words of progress kept of one act."""


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
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

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

    def _keyed(self, key: Callable[[Moment], list[Order]]) -> None:
        place, runs = self.director.place, tuple(self.director.runs)
        orders = key(self._moment())
        if any(isinstance(order, Prepare | Enter) for order in orders):
            self._leave(place, runs)
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
        if not self.director.preparing:
            self.heard = self.ground.take()
            if self.heard:
                self.view = fold(self.view, self.heard)
        now = self.ground.now
        if self.docket is not None and not self.director.preparing:
            self.docket.hear(self.heard, self.view, now, self.ground.stretch)
        self._carry_out(self.director.tick(self._moment()))
        runs = self.director.runs
        if self.docket is not None and runs and all(r.over for r in runs) and not self._closed:
            self._closed = True
            self.docket.close(self.view, now)

    def _moment(self) -> Moment:
        return Moment(self.ground.now, self._met, self.ground.stretch)

    def _met(self, predicate: Predicate) -> bool | None:
        if self.docket is None or self.director.preparing:
            return None
        return self.docket.met(predicate, self.view, self.ground.now)

    # --- orders ----------------------------------------------------------------------------------

    def _carry_out(self, orders: list[Order]) -> None:
        for order in orders:
            match order:
                case Prepare():
                    self._begin(self._prepare(order))
                case Perform(run=run, act=act):
                    self._begin(self._perform(self.director.place, run, act))
                case Enter():
                    self.docket = Docket(self.director.slide, self.view, self.ground.now)
                    self._closed = False
                case Finish(alias=alias):
                    if self.docket is not None:
                        self.docket.finished(alias, self.view, self.ground.now)
                case FallBack(why=why):
                    self.fallback = why

    async def _prepare(self, order: Prepare) -> None:
        trouble = ""
        self.said = []
        try:
            if await self.ground.prepare(order.need, fresh=order.fresh, tell=self._told):
                self.view = ClusterView()
                self.renewed += 1
        except GroundError as error:
            trouble = str(error)
        facts = self.ground.take()
        self.view = fold(self.view, facts)
        self.heard = facts
        self._carry_out(self.director.prepared(self._moment(), trouble))

    async def _perform(self, place: int, run: int, act: Act) -> None:
        self.said = []
        done, said = True, ""
        try:
            came = await self.ground.perform(act, self._told)
            said = came.said
            if came.played is not None:
                self.played[came.played.name] = came.played
                if self.docket is not None and self.director.place == place:
                    self.docket.played(came.played)
        except GroundError as error:
            done, said = False, str(error)
        if self.director.place == place:
            self._carry_out(self.director.did(run, self._moment(), said, done=done))

    def _told(self, said: str) -> None:
        self.said = [*self.said, said][-SAID_MAX:]

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
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
        self.shown.append(Shown(place, tuple(docket.judgements), runs, docket.entered.at, now))

    async def stop(self) -> None:
        """End what is under way, and the ground."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        await self.ground.stop()
