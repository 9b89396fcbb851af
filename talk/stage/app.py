"""The stage: a performance on the whole terminal, driven by a few keys that the audience never sees.

One clock of `FPS` ticks lets the performance go on and paints when the picture can have changed. What
happens next is the director's, how it looks is `talk.stage.painting`'s. Space is enough for the whole
talk; the other keys are the way out when something goes wrong.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from time import localtime, monotonic
from typing import ClassVar, Final

from msgspec import Struct
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from talk.live.screening import KIND, Screening
from talk.notes.asking import Do
from talk.stage.dial import Dial
from talk.stage.painting import Sheet, paint
from talk.stage.performance import Performance
from talk.stage.pictures import Playing, label
from tui.draw.flights import in_flight
from tui.draw.frame import Frame
from tui.draw.theme import Palette
from tui.driving.dress import Dress, dressed
from tui.scene import ON_STAGE, Scene
from tui.view import ClusterView
from tui.widgets.frameview import FrameView

FPS: Final = 30
CALM_S: Final = 0.125
IDLE_S: Final = 0.5
FILM_S: Final = 1 / 15
ASKED: Final[dict[Do, str]] = {
    "next": "forward",
    "back": "backward",
    "again": "again",
    "black": "black",
    "still": "still",
    "recording": "recording",
}
"""What the presenter's view asks, as this stage's own keys."""
KEYS: Final[dict[str, str]] = {
    "space,right,enter,pagedown,j,l,n": "forward",
    "left,backspace,pageup,k,h,p": "backward",
    "N": "again",
    "B,full_stop": "black",
    "S": "still",
    "R": "recording",
    "home": "first",
    "question_mark": "ask",
    **{digit: digit for digit in "0123456789"},
    "q,ctrl+c": "leave",
}


class Manner(Struct, frozen=True):
    """How the stage is set."""

    dress: Dress = Dress()
    start: int = 0
    """The slide it begins with, its place in the deck."""
    seed: int = 1
    """Of the thousand peers that pictures of the overlay show."""


class StageApp(App[int]):
    """One FrameView, one performance."""

    CSS = "Screen { background: #121212; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, f"press('{what}')", show=False, priority=True) for keys, what in KEYS.items()
    ]

    def __init__(
        self,
        performance: Performance,
        manner: Manner,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(ansi_color=True)
        self.performance = performance
        self.worn = dressed(manner.dress, environ)
        self.failure: BaseException | None = None
        self.on_tick: list[Callable[[], None]] = []
        """Called after each tick: the presenter's view, a rehearsal that is being recorded."""
        self.black = False
        self.stilled = False
        """The live part is left away."""
        self._manner = manner
        self._clock = clock
        self._began = 0.0
        """When the talk's second slide was entered: the timer starts there."""
        self.screening = Screening(manner.seed)
        self._canvas = FrameView(self.worn)
        self._frame = Frame(0, 0)
        self._dial = Dial()
        self._painted = 0.0
        self._dirty = True
        self._frozen: tuple[ClusterView, int] | None = None
        self._zone_us = localtime().tm_gmtoff * 1_000_000
        self._leaving: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """The whole terminal is the stage."""
        yield self._canvas

    def on_mount(self) -> None:
        """Begin."""
        self.screening.begin(self.performance.deck)
        self.performance.go(self._manner.start)
        self.set_interval(1 / FPS, self.tick)

    # --- keys ------------------------------------------------------------------------------------

    def action_press(self, what: str) -> None:
        """One of the few."""
        self._dirty = True
        if self.black and what != "leave":
            self.black = False
            if what == "black":
                return
        if what.isdigit() or what == "ask":
            self._dial = self._dial.typed(what) if what.isdigit() else self._dial.asked()
            return
        dialled, self._dial = self._dial, Dial()
        if dialled.used and what == "forward":
            self._jump(dialled)
            return
        match what:
            case "forward":
                self.performance.forward()
            case "backward":
                self.performance.backward()
            case "again":
                self.performance.again()
            case "first":
                self.performance.go(0)
            case "black":
                self.black = True
            case "still":
                self.stilled = not self.stilled
            case "leave":
                self.leave()
            case _:
                self.performance.turn()

    def _jump(self, dialled: Dial) -> None:
        place = dialled.place(self.performance.deck)
        if isinstance(place, int):
            self.performance.go(place)
        else:
            self.performance.director.notice = place

    def press(self, do: Do, slide: int = 0) -> None:
        """A key, pressed in the presenter's view. `slide`: its number, of `go`."""
        if self._leaving is not None:
            return
        self._dial = Dial()
        if do == "go":
            self.performance.go(slide - 1)
            self.black = False
            self._dirty = True
        else:
            self.action_press(ASKED[do])

    def leave(self) -> None:
        """End the cluster, then the stage; a second time, at once."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())
        else:
            self.exit(0)

    async def _leave(self) -> None:
        self.performance.finish()
        await self.screening.stop()
        await self.performance.stop()
        self.exit(0)

    # --- the clock -------------------------------------------------------------------------------

    def tick(self) -> None:
        """Let the talk go on; paint if the picture can have changed."""
        if self._leaving is not None:
            return
        performance = self.performance
        before = self._state()
        performance.tick()
        if not self._began and performance.director.place > 0:
            self._began = self._clock()
        for then in self.on_tick:
            then()
        now = self._clock()
        waited = now - self._painted
        heard = bool(performance.heard)
        if (
            self._dirty
            or self._state() != before
            or (heard and waited >= CALM_S)
            or waited >= IDLE_S
            or (waited >= FILM_S and self._rolling())
            or self._flying()
        ):
            self.show(now)

    def _state(self) -> tuple[object, ...]:
        director = self.performance.director
        states = tuple(run.state for run in director.runs)
        judged = tuple(j.state for j in self.performance.judgements)
        words = len(self.performance.said)
        place = (director.place, director.step, director.caption, director.notice)
        return (place, director.live, director.preparing, states, judged, words)

    def _flying(self) -> bool:
        live = self.performance.director.live
        if live is None or live.kind != "ring" or not self.worn.motion:
            return False
        return in_flight(self.performance.view, self.performance.ground.now)

    def _rolling(self) -> bool:
        live = self.performance.director.live
        return live is not None and live.kind == KIND and self.worn.motion

    def show(self, now: float) -> None:
        """Paint this moment."""
        self._dirty = False
        self._painted = now
        width, height = self._canvas.size
        if width and height:
            self._frame = paint(self.sheet(), width, height)
            self._canvas.show(self._frame)

    @property
    def frame(self) -> Frame:
        """What was painted last: the wall's page shows it, and the presenter's."""
        return self._frame

    @property
    def slide_title(self) -> str:
        """Of the slide that is on."""
        return self.performance.director.slide.title

    @property
    def palette(self) -> Palette:
        """The theme that it is painted in."""
        return self.worn.palette

    def on_frame_view_resized(self) -> None:
        """Another size."""
        self._dirty = True

    # --- what is painted -------------------------------------------------------------------------

    def sheet(self) -> Sheet:
        """This moment of the stage."""
        performance, director = self.performance, self.performance.director
        view, now = performance.view, performance.ground.now
        if director.frozen:
            self._frozen = self._frozen or (view, now)
            view, now = self._frozen
        else:
            self._frozen = None
        scene = Scene(
            view=view,
            now=now,
            own=False,
            frozen=director.frozen,
            motion=self.worn.motion,
            glyphs=self.worn.glyphs,
            colour=self.worn.depth != "none",
            zone_us=self._zone_us,
            source=ON_STAGE,
        )
        following = director.following
        return Sheet(
            slide=director.slide,
            step=director.step,
            total=director.total,
            scene=scene,
            live=None if self.stilled else director.live,
            caption=director.caption,
            judgements=performance.judgements,
            playing=Playing(
                tuple(performance.said),
                performance.played,
                self.screening.film,
                self.screening.shown_us(director.live, self._clock(), frozen=director.frozen),
                self.screening.seed,
                self.screening.beam.course,
                self.screening.flood,
            ),
            label=label(director.live, performance.ground.label()),
            following=following.title if following is not None else "",
            elapsed_s=int(self._clock() - self._began) if self._began else 0,
            preparing=self._preparing(),
            notice=director.notice,
            typed=self._dial.says(performance.deck),
            late=director.late,
            black=self.black,
        )

    def _preparing(self) -> str:
        if not self.performance.director.preparing:
            return ""
        said = self.performance.said
        return said[-1] if said else "the cluster is being made ready"
