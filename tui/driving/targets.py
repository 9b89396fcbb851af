"""What a place on the screen means: filled in by whoever draws, read by mouse and keyboard alike.

A painter that draws a thing says `frame.hit(x, y, width, height, target)`. There is one mechanism for
all screens: a click follows the target under it, tab walks through those that are `Jump`s. A plain
string is a node's name, or a room's behind `ROOM`. What following does is `tui.driving.pointer`'s
business; nothing here knows a screen's layout.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cluster.model.member import NodeId
from tui.keys import Action
from tui.scene import ScreenName

ROOM: Final = "room/"
"""Before a room's name in a target: no node is called so."""


class Button(Struct, frozen=True):
    """The same as a key."""

    action: Action


class Along(Struct, frozen=True):
    """A stretch of time laid out over the region's width."""

    begin: int
    end: int

    def at(self, column: int, width: int) -> int:
        """The moment under a column of a region of this width."""
        if width < 2:
            return self.begin
        return self.begin + (self.end - self.begin) * min(max(column, 0), width - 1) // (width - 1)


class Jump(Struct, frozen=True):
    """From something said to what explains it: a screen, what is chosen there, and when."""

    screen: ScreenName
    node: NodeId | None = None
    room: str = ""
    at: int = 0
    """A moment of the time line; 0: the one that is looked at."""

    @property
    def said(self) -> str:
        """Where it leads, in words."""
        of = f" of {self.node}" if self.node else f" of {self.room}" if self.room else ""
        return f"{self.screen}{of}{' at that moment' if self.at else ''}"


Target = str | Button | Along | Jump
