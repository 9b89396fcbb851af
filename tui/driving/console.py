"""The line at hand and the lines entered before: what the dashboard gives its keys to meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from tui.driving.line import HISTORY_MAX, Kind, Line, completed, edited, typed, walked

Offer = Callable[[str], tuple[str, ...]]
"""What a line may become."""

ENTERS: Final = ("enter", "ctrl+j")
"""The second is what an Enter becomes that was typed before the terminal was ours: until then the
kernel makes a line feed of it."""


class Console:
    """At most one line at a time; a history for each kind."""

    def __init__(self, offer: Offer) -> None:
        self.line: Line | None = None
        self.history: dict[Kind, list[str]] = {":": [], "/": []}
        self._offer = offer

    def open(self, kind: Kind, text: str = "") -> None:
        """Begin a line."""
        self._show(Line(kind, text, len(text)))

    def key(self, key: str, character: str | None) -> Line | None:
        """A key was pressed. Answers with the line if it was entered; then none is open."""
        line = self.line
        if line is None:
            return None
        if key in ENTERS:
            self.line = None
            self._remember(line)
            return line
        if key in ("up", "down"):
            self._show(walked(line, self.history[line.kind], 1 if key == "up" else -1))
        elif key in ("tab", "shift+tab"):
            step = 1 if key == "tab" else -1
            self._show(completed(line, self._possible(line), step))
        elif character is not None and character.isprintable():
            self._show(typed(line, character))
        else:
            self._show(edited(line, key))
        return None

    def paste(self, text: str) -> None:
        """Text came at once."""
        if self.line is not None:
            self._show(typed(self.line, text))

    def _possible(self, line: Line) -> tuple[str, ...]:
        return self._offer(line.text) if line.kind == ":" else ()

    def _show(self, line: Line | None) -> None:
        if line is not None and line.place < 0:
            line = replace(line, offered=self._possible(line))
        self.line = line

    def _remember(self, line: Line) -> None:
        entered = self.history[line.kind]
        if line.text.strip() and entered[-1:] != [line.text]:
            entered.append(line.text)
            del entered[:-HISTORY_MAX]
