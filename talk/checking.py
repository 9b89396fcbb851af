"""A talk told to nobody: every slide, every cue, every claim, and what came of them.

Goes on as soon as a slide has nothing more to show: its cues are over and none of its claims waits
for a deadline. On a simulated ground that takes seconds of virtual time; on a real one, as long as the
cluster needs. Slides off the way (questions, the appendix) come after the last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from cluster.config import MS, SECOND
from talk.claims.judging import Judgement
from talk.deck.deck import Claim, Deck, Slide
from talk.grounds.ground import Ground
from talk.stage.orders import Run
from talk.stage.performance import Listener, Performance

STEP_US: Final = 50 * MS
SLIDE_US_MAX: Final = 300 * SECOND
"""Of the cluster's time; a slide that takes longer is stuck."""
PATIENCE_S: Final = 300.0
"""Of real time, for one slide."""
UNBIDDEN_US: Final = 30 * SECOND
"""How long a cue that begins when something is so is waited for, once nothing else is to come."""
STANDS_MAX: Final = 200
"""Looks at a clock that does not move: a slide without a cluster, or the end of a recording."""


class SlideReport(Struct, frozen=True):
    """What came of one slide."""

    slide: Slide
    judgements: tuple[Judgement, ...]
    runs: tuple[Run, ...]
    took_us: int
    stuck: str = ""
    """What it waited for in the end; empty: it came to its end."""

    @property
    def broken(self) -> tuple[Judgement, ...]:
        """Claims that did not hold, or for which nothing could be measured."""
        return tuple(j for j in self.judgements if j.state != "held")

    @property
    def late(self) -> tuple[Run, ...]:
        """Cues that came late, or never."""
        return tuple(r for r in self.runs if r.state != "done" or r.late_by > 0)


class Report(Struct, frozen=True):
    """What came of a deck."""

    deck: Deck
    slides: tuple[SlideReport, ...]
    ground: str

    @property
    def claims(self) -> tuple[Judgement, ...]:
        """All that were judged."""
        return tuple(j for slide in self.slides for j in slide.judgements)

    @property
    def code(self) -> int:
        """0, or 1: a claim is broken, or 2: a cue was late or failed."""
        if any(slide.broken for slide in self.slides):
            return 1
        return 2 if any(slide.late or slide.stuck for slide in self.slides) else 0


def order(deck: Deck) -> list[int]:
    """Places of all slides that are shown, those on the way first."""
    shown = [place for place, slide in enumerate(deck.slides) if not slide.still]
    off = [p for p in shown if deck.slides[p].question or deck.slides[p].appendix]
    return [p for p in shown if p not in off] + off


def pairs_of(deck: Deck, only: int | None = None) -> list[str]:
    """Every pair that some slide plays or claims something of."""
    found: dict[str, None] = {}
    for slide in deck.slides if only is None else (deck.slides[only],):
        found.update(dict.fromkeys(claim.pair for claim in slide.claims if claim.pair))
    return list(found)


async def check(
    deck: Deck,
    ground: Ground,
    told: Callable[[SlideReport], None],
    *,
    only: int | None = None,
    looking: Callable[[Performance], None] | None = None,
    listeners: Sequence[Listener] = (),
) -> Report:
    """Tell the whole deck; `told` hears of each slide as it is left, `looking` is called with each
    step of each slide once all there is to see at that step is there. `only`: this place alone."""
    performance = Performance(deck, ground, alone=True)
    performance.listeners += listeners
    reports: list[SlideReport] = []
    try:
        for place in order(deck) if only is None else (only,):
            performance.go(place)
            stuck = await _through(performance, looking or (lambda _performance: None))
            director = performance.director
            runs, began = tuple(director.runs), director.entered
            took = ground.now - began
            before = len(performance.shown)
            performance.finish()
            shown = performance.shown[before:]
            judged = _unplayed(deck.slides[place], shown[-1].judgements if shown else ())
            stuck = f"no cluster: {director.trouble}" if director.trouble else stuck
            report = SlideReport(deck.slides[place], judged, runs, took, stuck)
            reports.append(report)
            told(report)
    finally:
        await performance.stop()
    kind = "simulated nodes" if ground.simulated else "real processes"
    return Report(deck, tuple(reports), kind if ground.makes else "a recording")


def _unplayed(slide: Slide, judged: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """The claims of a pair that was never played are claims all the same."""
    seen = {j.claim.pair for j in judged}
    missing = [c for c in slide.claims if c.pair and c.pair not in seen]
    return (*judged, *(_unknown(claim) for claim in missing))


def _unknown(claim: Claim) -> Judgement:
    return Judgement(claim, "unknown", f"{claim.pair} was not played")


async def _through(performance: Performance, looking: Callable[[Performance], None]) -> str:
    """To the end of the slide that is on; what it still waits for, if that never comes."""
    director, ground = performance.director, performance.ground
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    place, quiet, stands = director.place, 0, 0
    while True:
        await performance.settled()
        performance.tick()
        if performance.busy:
            quiet = 0
            continue  # what an act brought about is heard before anything is decided
        waits = director.waits_for()
        if waits not in ("key", "end") or _deadlines(performance):
            quiet = 0
        elif _more(performance):
            quiet = 0
            looking(performance)
            performance.forward()
            assert director.place == place, "a key that shows more stays on its slide"
            continue
        elif not _unbidden(performance) or quiet >= UNBIDDEN_US or stands > STANDS_MAX:
            looking(performance)
            return ""
        else:
            quiet += STEP_US
        over = ground.now - director.entered > SLIDE_US_MAX or loop.time() > until
        if over or stands > STANDS_MAX:
            doing = [str(run.step) for run in director.runs if not run.over]
            return "; ".join(doing) or "a claim's deadline"
        before = ground.now
        await ground.pass_time(STEP_US)
        stands = stands + 1 if ground.now == before else 0


def _deadlines(performance: Performance) -> bool:
    return performance.docket is not None and any(j.deadline for j in performance.docket.open)


def _more(performance: Performance) -> bool:
    """Whether one more key shows more of this very slide."""
    director = performance.director
    return director.step < director.slide.steps or any(
        run.state == "holding" or (run.state == "pending" and run.cue.trigger.kind == "key")
        for run in director.runs
    )


def _unbidden(performance: Performance) -> bool:
    """Whether a cue may still begin because something is so."""
    return any(
        run.state == "pending" and run.cue.trigger.kind == "at" for run in performance.director.runs
    )
