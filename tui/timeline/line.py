"""What the screens are told of time: how far the time line reaches and where on it they stand."""

from __future__ import annotations

from msgspec import Struct

from cluster.model.facts import Fact
from tui.timeline.cutter import Note


class TimeLine(Struct, frozen=True):
    """One time line at one moment. Times are microseconds since 1970."""

    begin: int
    end: int
    """Of a live cluster: now."""
    live: bool
    """It is one whose end moves."""
    following: bool
    """The picture is that of the end."""
    playing: bool = False
    pace: str = "1×"
    marks: tuple[Note, ...] = ()
    """By time."""
    fact: Fact | None = None
    """The fact that was just stepped on."""
    label: str = ""
    """The mark that was just jumped to."""
