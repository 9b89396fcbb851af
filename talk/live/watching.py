"""A film in a terminal, with nothing around it: what the word `overlay` shows."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from cluster.bounds.overlay import SECOND
from cluster.sim.overlay.wave import Wave
from talk.live.overlay import paint_wave
from talk.live.showing import length_us, showing
from tui.draw.frame import Frame
from tui.driving.dress import Worn
from tui.widgets.frameview import FrameView

PER_S: Final = 15
STILL_PER_S: Final = 1
"""With reduced motion."""
MARGIN: Final = 2


class Watching(App[None]):
    """Plays the waves one after another, in a round."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "quit", "end"),
        Binding("space", "hold", "hold still"),
        Binding("r", "again", "again"),
        *(Binding(str(n), f"part({n})", f"wave {n}") for n in range(1, 5)),
    ]

    def __init__(self, film: tuple[Wave, ...], worn: Worn) -> None:
        super().__init__()
        self._film = film
        self._worn = worn
        self._view = FrameView(worn)
        self._shown_us = 0
        self._holds = False

    def compose(self) -> ComposeResult:
        """One picture."""
        yield self._view

    def on_mount(self) -> None:
        """Begin."""
        rate = PER_S if self._worn.motion else STILL_PER_S
        self.set_interval(1 / rate, lambda: self._tick(SECOND // rate))

    def on_frame_view_resized(self) -> None:
        """Paint at another size."""
        self._paint()

    def _tick(self, passed_us: int) -> None:
        if not self._holds:
            self._shown_us += passed_us
            self._paint()

    def _paint(self) -> None:
        width, height = self._view.size.width, self._view.size.height
        if width <= 2 * MARGIN or height < 4:
            return
        wave, at_us = showing(self._film, self._shown_us)
        worn = self._worn
        frame = Frame(width, height)
        part = paint_wave(
            wave,
            at_us,
            width - 2 * MARGIN,
            height - 3,
            glyphs=worn.glyphs,
            colour=worn.depth != "none",
        )
        frame.paste(part, MARGIN, 1)
        keys = "space holds still   1-4 which wave   r again   q ends"
        frame.text(MARGIN, height - 1, keys, "muted")
        self._view.show(frame)

    def action_hold(self) -> None:
        """Stand still, or go on."""
        self._holds = not self._holds

    def action_again(self) -> None:
        """The wave that is on, from its beginning."""
        left = self._shown_us % sum(map(length_us, self._film))
        began = 0
        while left >= length_us(self._film[began]):
            left -= length_us(self._film[began])
            began += 1
        self.action_part(began + 1)

    def action_part(self, number: int) -> None:
        """One of them."""
        if number <= len(self._film):
            self._shown_us = sum(map(length_us, self._film[: number - 1]))
            self._paint()
