"""The one Textual widget: shows Frames through the Line API, repainting only rows that changed.

A row that is the same as in the frame before keeps its Strip object, and with it everything that
Textual caches in a Strip. Every Segment has a style with a background (Textual's filters need
one). `render_lines` is not overridden: it would skip those filters, and NO_COLOR with them.
"""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.draw.frame import Frame, Hit
from tui.draw.glyphs import ascii_only
from tui.driving.dress import Worn


class FrameView(Widget):
    """Shows the latest frame it was given."""

    DEFAULT_CSS = "FrameView { width: 1fr; height: 1fr; }"

    class Resized(Message):
        """The widget has another size: whoever paints should paint again."""

    class Chosen(Message):
        """A click fell on something that means something."""

        def __init__(self, hit: Hit, x: int) -> None:
            super().__init__()
            self.hit = hit
            self.x = x

    class Turned(Message):
        """The wheel was turned: 1 down, -1 up, over that region or none."""

        def __init__(self, hit: Hit | None, step: int) -> None:
            super().__init__()
            self.hit = hit
            self.step = step

    def __init__(self, worn: Worn) -> None:
        super().__init__()
        self._worn, self._theme = worn, worn.theme
        self._frame = Frame(0, 0)
        self._strips: list[Strip] = []
        self.rows_changed = 0
        """In all frames so far: what the benchmark and the tests read."""

    def show(self, frame: Frame) -> None:
        """Put a frame on the screen. The frame belongs to the widget from now on."""
        before = self._frame
        self._frame = frame
        if (before.width, before.height) != (frame.width, frame.height):
            self._strips = [self._strip(y) for y in range(frame.height)]
            self.rows_changed += frame.height
            self.refresh()
            return
        changed = [
            y
            for y in range(frame.height)
            if frame.chars[y] != before.chars[y] or frame.inks[y] != before.inks[y]
        ]
        for y in changed:
            self._strips[y] = self._strip(y)
        if changed:
            self.rows_changed += len(changed)
            self.refresh(*_regions(changed, frame.width))

    def wear(self, worn: Worn) -> None:
        """Other colours and shapes from now on."""
        self._worn, self._theme = worn, worn.theme
        self._strips = [self._strip(y) for y in range(self._frame.height)]
        self.refresh()

    def _strip(self, y: int) -> Strip:
        line = "".join(self._frame.chars[y])
        if self._worn.glyphs == "ascii":
            line = ascii_only(line)
        inks = self._frame.inks[y]
        style = self._theme.style
        segments: list[Segment] = []
        start, ink = 0, inks[0] if inks else 0
        for x, here in enumerate(inks):
            if here != ink:
                segments.append(Segment(line[start:x], style(ink)))
                start, ink = x, here
        segments.append(Segment(line[start:], style(ink)))
        return Strip(segments, self._frame.width)

    def render_line(self, y: int) -> Strip:
        """One row, as Textual asks for it."""
        if y < len(self._strips):
            return self._strips[y]
        width = self.size.width
        return Strip([Segment(" " * width, self._theme.style(0))], width)

    def on_resize(self) -> None:
        """Ask for a frame of the new size."""
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        """Say what was clicked, if anything was."""
        hit = self._frame.hit_at(event.x, event.y)
        if hit is not None:
            self.post_message(self.Chosen(hit, event.x))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """One notch of the wheel."""
        event.stop()
        self.post_message(self.Turned(self._frame.hit_at(event.x, event.y), 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """One notch of the wheel, the other way."""
        event.stop()
        self.post_message(self.Turned(self._frame.hit_at(event.x, event.y), -1))


def _regions(rows: list[int], width: int) -> list[Region]:
    """Full-width regions of neighbouring rows."""
    regions: list[Region] = []
    first = last = rows[0]
    for y in rows[1:]:
        if y != last + 1:
            regions.append(Region(0, first, width, last - first + 1))
            first = y
        last = y
    return [*regions, Region(0, first, width, last - first + 1)]
