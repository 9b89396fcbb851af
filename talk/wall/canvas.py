"""What is on the wall, as those who look on are told it: once whole, then the rows that changed. Pure.

One picture is drawn, by the stage. It is kept here row by row, each with the number of the picture that
changed it last, so that who missed some of them is told what differs now and nothing twice; all who
kept up are told the very same text.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from talk.export.picture import Run

DRAWN_BYTES_MAX: Final = 8 * 1_048_576
"""Of one message: a whole picture of the largest terminal."""
CELLS_MAX: Final = 1_000
"""Columns, and rows."""


class Drawn(Struct, frozen=True):
    """A picture, or what of it has changed."""

    width: int
    height: int
    ground: str
    """The colour behind everything, #rrggbb."""
    title: str
    """Of the slide: what the page is called."""
    rows: dict[int, list[Run]]


_encoder = msgspec.json.Encoder()
drawings: Final = msgspec.json.Decoder(Drawn)


def framed(drawn: Drawn) -> bytes:
    """A message as it goes to the page's server: its length, and JSON."""
    body = _encoder.encode(drawn)
    return len(body).to_bytes(4, "big") + body


class Canvas:
    """The picture as it stands."""

    def __init__(self) -> None:
        self.version = 0
        """How many pictures there were; 0: nothing was drawn yet."""
        self._drawn = Drawn(0, 0, "", "", {})
        self._rows: list[list[Run]] = []
        self._changed: list[int] = []
        self._texts: dict[int, str] = {}

    def heed(self, drawn: Drawn) -> None:
        """One picture more. One of another size is whole."""
        if not (0 <= drawn.width <= CELLS_MAX and 0 <= drawn.height <= CELLS_MAX):
            return
        self.version += 1
        self._texts.clear()
        if (drawn.width, drawn.height) != (self._drawn.width, self._drawn.height):
            self._rows = [[] for _ in range(drawn.height)]
            self._changed = [self.version] * drawn.height
        self._drawn = drawn
        for y, row in drawn.rows.items():
            if 0 <= y < drawn.height:
                self._rows[y] = row
                self._changed[y] = self.version

    def since(self, version: int) -> str:
        """What differs from the picture of that number, 0 from none, as the page reads it."""
        text = self._texts.get(version)
        if text is None:
            rows = {y: self._rows[y] for y, at in enumerate(self._changed) if at > version}
            drawn = self._drawn
            told = Drawn(drawn.width, drawn.height, drawn.ground, drawn.title, rows)
            text = self._texts[version] = _encoder.encode(told).decode()
        return text
