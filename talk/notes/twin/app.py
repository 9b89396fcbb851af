"""The presenter's view in a terminal: paints what the stage tells, asks for the same keys.

One line to the stage (`talk.notes.line`), one FrameView. Repaints what came and the clock; while
nothing is heard it says so over what was heard last.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from time import localtime, strftime
from typing import ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from talk.notes.asking import Do
from talk.notes.line import Line
from talk.notes.sheet import Desk, Programme, Told
from talk.notes.twin.painting import Looks, paint
from tui.draw.frame import Frame
from tui.driving.dress import Dress, dressed
from tui.widgets.frameview import FrameView

CLOCK_S: Final = 0.5
TYPED_MAX: Final = 4
ASKS: Final[dict[str, Do]] = {
    "space,right,enter,pagedown,l,n": "next",
    "left,backspace,pageup,h,p": "back",
    "N": "again",
    "R": "recording",
    "S": "still",
    "B,full_stop": "black",
}


class TwinApp(App[int]):
    """One view of one stage."""

    CSS = "Screen { background: #121212; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, f"ask('{do}')", show=False, priority=True) for keys, do in ASKS.items()),
        Binding("g", "type", show=False, priority=True),
        Binding("up,k", "scroll(-1)", show=False, priority=True),
        Binding("down,j", "scroll(1)", show=False, priority=True),
        Binding("q,ctrl+c", "leave", show=False, priority=True),
    ]

    def __init__(self, line: Line, dress: Dress, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(ansi_color=True)
        self.worn = dressed(dress, environ)
        self.never = ""
        """Why there was nothing to see at all."""
        self._line = line
        self._canvas = FrameView(self.worn)
        self._programme: Programme | None = None
        self._desk: Desk | None = None
        self._broken = "waiting for the stage"
        self._scroll = 0
        self._typed: str | None = None
        self._listening: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[bool]] = set()

    def compose(self) -> ComposeResult:
        """The whole terminal."""
        yield self._canvas

    def on_mount(self) -> None:
        """Listen."""
        self._listening = asyncio.create_task(self._listen())
        self.set_interval(CLOCK_S, self.show)

    async def _listen(self) -> None:
        await self._line.run(self._told, self._broke)
        self.never = self._line.refused
        self.exit(1)

    def _told(self, told: Told) -> None:
        self._broken = ""
        if isinstance(told, Programme):
            self._programme = told
            return
        if self._desk is None or told.number != self._desk.number:
            self._scroll = 0
        self._desk = told
        self.show()

    def _broke(self, why: str) -> None:
        self._broken = why
        self.show()

    # --- keys ------------------------------------------------------------------------------------

    def action_ask(self, do: Do) -> None:
        """A key of the stage; while a slide's number is typed, enter ends and backspace mends it."""
        if self._typed is None:
            self._ask(do)

    def action_type(self) -> None:
        """A slide's number follows."""
        self._typed = ""
        self.show()

    def action_scroll(self, by: int) -> None:
        """Further in the notes."""
        self._scroll = max(0, self._scroll + by)
        self.show()

    def action_leave(self) -> None:
        """Leave; the stage goes on."""
        if self._listening is not None:
            self._listening.cancel()
        self.exit(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Typing has the keyboard, but for leaving."""
        return action == "leave" or self._typed is None

    def on_key(self, event: events.Key) -> None:
        """Digits of a slide's number."""
        if self._typed is None:
            return
        event.stop()
        if event.key == "enter":
            typed, self._typed = self._typed, None
            if typed and self._programme and 1 <= int(typed) <= len(self._programme.cards):
                self._ask("go", int(typed))
        elif event.key == "escape":
            self._typed = None
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        elif (event.character or "") in "0123456789" and event.character:
            self._typed = (self._typed + event.character)[:TYPED_MAX]
        self.show()

    def _ask(self, do: Do, slide: int = 0) -> None:
        task = asyncio.create_task(self._line.ask(do, slide))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    # --- the picture -----------------------------------------------------------------------------

    def show(self) -> None:
        """Paint this moment."""
        width, height = self._canvas.size
        if width and height:
            self._canvas.show(self.picture(width, height))

    def picture(self, width: int, height: int) -> Frame:
        """What is on the screen."""
        if self._programme is None or self._desk is None:
            frame = Frame(width, height)
            frame.text(2, 1, (self._broken or "waiting for the stage")[: width - 4], "muted")
            frame.text(2, 3, "q quits"[: width - 4], "muted")
            return frame
        looks = Looks(
            time=strftime("%H:%M:%S", localtime()),
            scroll=self._scroll,
            typed=self._typed,
            broken=self._broken,
            glyphs=self.worn.glyphs,
        )
        return paint(self._programme, self._desk, looks, width, height)

    def on_frame_view_resized(self) -> None:
        """Another size."""
        self.show()
