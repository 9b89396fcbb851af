"""The dashboard: facts in, keys in, frames out.

One clock of `FPS` ticks drains what arrived, folds it (looked at or not) and keeps it on the time
line (`tui.timeline.deck`), and paints only when the picture can have changed.
Painting is the screens' business (pure), looking is `tui.desk`'s (pure); this file owns what is
neither: time, the terminal, tasks, and the hands that act on a cluster of ours.

Imports here stay few: the first frame is on the screen before any of aiohttp or the lab is read.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from time import localtime, time_ns
from typing import ClassVar, Final, get_args

from msgspec import Struct
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key, Paste

from cluster.model.facts import Fact
from tui.acts import Acts, Hands
from tui.arena import Arena
from tui.desk import Desk, press
from tui.draw.flights import in_flight
from tui.draw.frame import Frame
from tui.driving.collector import tidy
from tui.driving.dress import Dress, changed, dressed
from tui.driving.options import DEFAULT, Options, stage_of
from tui.driving.painting import get_ahead, paint_screen, read_ahead
from tui.driving.pointer import Pointer
from tui.driving.wheel import Wheel
from tui.fold import fold
from tui.inspecting.asker import Asker
from tui.keys import BOUND, KEYS, NOT_REMOTE, Action, meant
from tui.saving import Saver
from tui.scene import Scene
from tui.screens.help import paint_help
from tui.screens.ring import Stage
from tui.screens.start import paint_start
from tui.sources.clocks import Now
from tui.sources.clocks import recorded as recorded
from tui.sources.clocks import wall as wall
from tui.sources.clockwork import Clockwork
from tui.sources.source import Recorded, Source, Take
from tui.timeline.deck import Deck
from tui.timeline.player import Move
from tui.timeline.reel import Reel, has_picture
from tui.view import ClusterView
from tui.widgets.frameview import FrameView

FPS: Final = 30
FACTS_AT_ONCE: Final = 500
"""Folded together: 2 ms or so. More are hardly cheaper each."""
FOLD_US: Final = 8_000
"""After so much of a tick no more facts are begun with; a flood is caught up with over the next ticks
(40,000 facts a second). More would catch up sooner, and let keys wait for it."""
READ_AHEAD_US: Final = 3_000_000
"""From the first picture until other screens are read in idle ticks: nodes start first."""
NOTICE_US: Final = 5_000_000
SMALLEST: Final = (40, 12)

__all__ = ["MasterlessApp", "Options", "Recorded", "Source", "Take", "recorded", "wall"]


class Still(Struct, frozen=True):
    """The picture that stands while all is being stopped."""

    view: ClusterView
    now: int


Begin = Callable[[Take], Awaitable[tuple[Source, Hands | None]]]
"""Called once, after the first frame: reads and makes what is needed, starts nothing yet."""
MOVES: Final[dict[Action, Move]] = {move: move for move in get_args(Move)}
"""Keys that move through time."""


class MasterlessApp(App[int]):
    """One FrameView, one clock."""

    CSS = "Screen { background: ansi_default; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(key.keys), f"do('{key.action}')", show=False, priority=True)
        for key in KEYS
        if key.keys
    ]

    def __init__(
        self,
        begin: Begin,
        options: Options = DEFAULT,
        *,
        now: Now = wall,
        clockwork: Clockwork | None = None,
        environ: Mapping[str, str] = os.environ,
        reel: Reel | None = None,
    ) -> None:
        super().__init__(ansi_color=True)
        self.worn = dressed(options.dress, environ)
        self.options = options
        self.view = ClusterView()
        self.desk = Desk(screen=options.screen)
        self.deck = Deck(reel)
        self.failure: BaseException | None = None
        """Why it ended by itself: for the caller to raise once the terminal is itself again."""
        self.frames = 0
        self.facts: deque[Fact] = deque()
        self._begin = begin
        self._now = now
        self.clockwork = clockwork
        self._zone_us = localtime().tm_gmtoff * 1_000_000
        self._canvas = FrameView(self.worn)
        self.acts = Acts(
            self.say, self._did, ask=options.foreign, past=lambda: not self.deck.following
        )
        self.asker = Asker(self._changed)
        self._arena = Arena(self._changed, self.say)
        self._wheel = Wheel(self)
        self._pointer = Pointer(self)
        self._notice = self._trouble = ""
        self._notice_until = self._ticked_at = 0
        self._painted_at = self._began = 0
        self._unread = self._dirty = True
        self._heard_since_paint = False
        self._stage: Stage | None = None
        self._source: asyncio.Task[None] | None = None
        self._saver = Saver(self.say)
        self._leaving: asyncio.Task[None] | None = None
        self._last: Still | None = None
        """The picture that stands while all is being stopped: what ends now is no news."""
        self._ended = False

    def compose(self) -> ComposeResult:
        """The whole screen is one picture."""
        yield self._canvas

    def on_mount(self) -> None:
        """Paint, then start what there is to start."""
        self.set_interval(1 / FPS, self.tick)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self._source = asyncio.create_task(self._run(), name="facts")
        self._source.add_done_callback(self._source_ended)

    async def _run(self) -> None:
        source, hands = await self._begin(self.facts.append)
        self.acts.hands = hands
        if self.options.greeting:
            self.say(self.options.greeting)
        await source.run(self.facts.append)

    def _source_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._ended = True
            self._dirty = True
        else:
            self.failure = error
            self.exit(1)

    # --- the clock -------------------------------------------------------------------------------

    def tick(self) -> None:
        """Fold what arrived; paint if the picture can have changed."""
        if self.facts and self._last is None:
            self._fold(time_ns() // 1_000 + FOLD_US)
        now = self._now(self.view)
        self._play(now)
        real = time_ns() // 1_000
        standing = self.acts.busy or self.acts.asking or self._last is not None
        if self._notice and real > self._notice_until and not standing:
            self._notice = ""
            self._dirty = True
        waited = real - self._painted_at
        stands = self.worn.stands_us(news=self._heard_since_paint, large=bool(self.view.sample))
        if self._dirty or waited >= stands:
            self.paint(now)
            return
        if self._last is not None:
            return
        if waited + 1_000_000 // FPS >= stands:
            get_ahead(self.desk.screen, self.scene(now + stands - waited), *self._canvas.size)
        elif self._unread and real - self._began > READ_AHEAD_US:
            self._unread = read_ahead()
        if self._stage is not None and self.worn.motion:
            view, shown = self.deck.moment(self.view, now)
            if in_flight(view, shown):
                self._canvas.show(self._pointer.paint(self._stage.play(view, shown)))
                self.frames += 1

    def _fold(self, until: int) -> None:
        """Take in what arrived, all of it or as much as there is time for."""
        while self.facts and time_ns() // 1_000 < until:
            count = min(len(self.facts), FACTS_AT_ONCE)
            batch = [self.facts.popleft() for _ in range(count)]
            self.view = fold(self.view, batch)
            self.deck.hear(batch, self.view, self._now(self.view))
        self._heard_since_paint = True
        between = asyncio.get_running_loop().call_later  # this picture and the next
        for work in (self.deck.rest, tidy):
            between(0.5 / FPS, work)

    def _play(self, now: int) -> None:
        """Go on in what is being replayed, by as much time as went by since the last tick."""
        at = time_ns() // 1_000
        went, self._ticked_at = at - (self._ticked_at or at), at
        if self.deck.player.playing and self._last is None:
            self.deck.advance(went, now)
            self._heard_since_paint = True
            self._dirty |= not self.deck.player.playing
        if self.deck.reel.trouble != self._trouble:
            self._trouble = self.deck.reel.trouble
            self.say(self._trouble)

    def paint(self, now: int) -> None:
        """Make the whole frame of this moment and show it."""
        width, height = self._canvas.size
        self._dirty = self._heard_since_paint = False
        self._painted_at = time_ns() // 1_000
        self._began = self._began or self._painted_at
        self._stage = None
        if width and height:
            self.frames += 1
            scene = self.scene(now)
            self.asker.follow(scene, looking=self.desk.screen == "key")
            self._canvas.show(self._pointer.paint(self.frame(scene, width, height)))

    def scene(self, now: int) -> Scene:
        """What the painters are given now."""
        view, shown = self.deck.moment(self.view, now)
        if self._last is not None:
            view, shown = self._last.view, self._last.now
        selected = self.desk.selected
        return Scene(
            view=view,
            now=shown,
            selected=selected if selected in view.nodes else None,
            look=self.desk.look,
            plot=self.desk.plot,
            inspection=self.asker.seen,
            room=self.desk.room if self.desk.room in view.rooms.by_name else "",
            own=self.acts.hands is not None,
            guest=self.options.remote,
            foreign=self.options.foreign,
            frozen=not self.deck.following,
            live=not self._ended and any(node.connected for node in view.nodes.values()),
            notice=self._notice,
            motion=self.worn.motion,
            glyphs=self.worn.glyphs,
            colour=self.worn.depth != "none",
            zone_us=self._zone_us,
            source=self.options.title,
            simulated=self.clockwork.state() if self.clockwork is not None else None,
            contest=self._arena.contest,
            line=self.deck.line(now) if self.deck.reel.count else None,
            sieve=self._wheel.sieve,
            scroll=self.desk.scroll,
            typing=self._wheel.line,
        )

    def frame(self, scene: Scene, width: int, height: int) -> Frame:
        """The picture of a scene at a size."""
        if width < SMALLEST[0] or height < SMALLEST[1]:
            frame = Frame(width, height)
            frame.text(0, 0, f"Please make this larger than {SMALLEST[0]}x{SMALLEST[1]}."[:width])
            return frame
        if not has_picture(scene.view):
            stage = stage_of(self.options, scene.view)
            return paint_start(scene, width, height, stage, self.options.expected)
        screen = self.desk.screen
        if screen == "ring":
            stage = Stage(scene, width, height)
            frame = stage.play(scene.view, scene.now)
            still = scene.frozen and not self.deck.player.playing
            self._stage = None if still or self.desk.help else stage
        else:
            frame = paint_screen(screen, scene, width, height)
        if self.desk.help:
            paint_help(frame, scene, screen)
        return frame

    def action_do(self, action: Action) -> None:
        """A key from the one table."""
        self.do(meant(action, self.desk.screen))
        self._dirty = True
        if time_ns() // 1_000 - self._painted_at >= 1_000_000 // FPS:
            self.paint(self._now(self.view))  # a held key repaints no more often than the clock

    def do(self, action: Action) -> None:
        """What an action does, wherever it came from."""
        if action == "quit":
            self.leave()
        elif self.options.remote and action in NOT_REMOTE:
            self.say("not from this page: nothing is saved or played here")
        elif self._last is not None:
            return
        elif self._pointer.takes(action) or self._taken(action):
            pass
        elif action in ("kill", "start", "pause", "isolate", "add", "undo"):
            self.acts.do(action, self.view, self.desk.selected)
        elif action in ("command", "filter", "mark"):
            self._wheel.open(action)
        elif action == "picture":
            svg = self.export_screenshot(title=f"masterless {self.desk.screen}")
            self._saver.picture(svg, self.desk.screen, self._moment()[1])
        elif action == "save":
            name, now = self.options.title, self._now(self.view)
            self._saver.buffer(self.deck.tape, self.view, name, now)
        elif action in MOVES:
            self.say(self.deck.press(MOVES[action], self._now(self.view)))
        else:
            self.desk = press(self.desk, action, *self._moment())
            if action == "key":
                self.asker.ask_for_a_name()

    def _moment(self) -> tuple[ClusterView, int]:
        """What is looked at, and its clock."""
        return self.deck.moment(self.view, self._now(self.view))

    def _taken(self, action: Action) -> bool:
        """Whether a key was for the comparison, or turned the time of a simulated world."""
        if self.desk.screen == "compare" and self._arena.press(action):
            return True
        if action == "step_on" and self.deck.at_end and self.clockwork is not None:
            self.deck.press("live", self._now(self.view))
        looks_back = not self.deck.following and action not in ("rewind", "step_event")
        if self.clockwork is None or looks_back:
            return False
        said = self.clockwork.press(action, self._moment()[1])
        if said:
            self.say(said)
        return said is not None

    def begin_again(self, view: ClusterView | None = None) -> None:
        """All that was told is void: the facts come anew, from the first, or after a view."""
        self.facts.clear()
        self.view = view or ClusterView()
        self.deck = Deck(before=self.view, kept=self.deck.own_notes())
        self._pointer.forget()
        self._dirty = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While a name or a command is typed, keys are its letters."""
        return not (self.asker.typing or self._wheel.line or self.acts.asking)

    def on_key(self, event: Key) -> None:
        """A letter of a name or of a command, or an answer."""
        if self.acts.answered(event.key):
            return
        if self._wheel.line is not None:
            if event.key == "ctrl+c":
                self.leave()
            self._wheel.key(event.key, event.character)
            self._dirty = True
            return
        if self.asker.typing:
            if not self.asker.typed(event.key, event.character):
                self.desk = press(self.desk, "back", *self._moment())
        elif event.key in BOUND:
            # Pressed before the Enter before it was obeyed: it was taken for a letter then.
            self.action_do(BOUND[event.key])

    def on_paste(self, event: Paste) -> None:
        """What was pasted belongs to the line."""
        self._wheel.console.paste(event.text)
        self._dirty = True

    def dress(self, dress: Dress) -> None:
        """Other colours, shapes or motion."""
        self.worn = changed(self.worn, dress)
        self._canvas.wear(self.worn)

    def present(self) -> int:
        """The live moment."""
        return self._now(self.view)

    def seen(self) -> Scene:
        """What is on the screen."""
        return self.scene(self._now(self.view))

    def on_frame_view_chosen(self, message: FrameView.Chosen) -> None:
        """A click on something that means something."""
        if self._pointing():
            self._pointer.click(message.hit, message.x)

    def on_frame_view_turned(self, message: FrameView.Turned) -> None:
        """A notch of the wheel."""
        if self._pointing():
            self._pointer.turn(message.hit, message.step)

    def _pointing(self) -> bool:
        """Whether the mouse is listened to: not while a line is typed, nor at the end."""
        self._dirty = True
        typing = self._wheel.line is not None or self.asker.typing
        return not (typing or self._last is not None or self.acts.answered(""))

    def press_schedule(self, name: str) -> bool:
        """Choose what is compared, if that is its name."""
        return self.desk.screen == "compare" and self._arena.choose(name)

    def on_frame_view_resized(self) -> None:
        """Paint at the new size at once, not at the next tick."""
        self.paint(self._now(self.view))

    def say(self, notice: str) -> None:
        """One line for a few seconds."""
        if self._last is not None:
            return
        self._notice = notice
        self._notice_until = time_ns() // 1_000 + NOTICE_US
        self._dirty = True

    def _changed(self) -> None:
        self._dirty = True

    def _did(self, sentence: str) -> None:
        """Something was done to the cluster; a frozen picture cannot show it."""
        if not self.deck.following:
            sentence = f"{sentence.rstrip('.')}; this picture is of the past, L returns to live"
        self.say(sentence)

    def leave(self) -> None:
        """Stop everything, then end. Asked twice, it ends at once."""
        if self._leaving is not None:
            self.exit(0)
            return
        ours = self.acts.hands is not None and not self.options.remote
        self.say(self.acts.parting if ours else "hanging up…")
        self._last = Still(*self._moment())
        self._leaving = asyncio.create_task(self._leave(), name="leave")

    async def _leave(self) -> None:
        if self._source is not None:
            self._source.cancel()
        await self._saver.finish()
        await self._arena.stop()
        await self.asker.stop()
        await self.acts.stop()
        if self._source is not None:
            await asyncio.wait([self._source])
        self.exit(0)
