"""A stream of facts cut into chunks, with a whole view and the marks between them.

The same for the live buffer and for files: whoever keeps the pieces is a `Shelf`. A fact's time is
the collector's: its node's own clock, but never before the fact heard before it and never after
the moment it was heard, so that one wrong clock among many bends nothing but its own facts.

A view is kept after `VIEW_FACTS` facts or `VIEW_US`, whichever comes first, and less often when
it is large (`dear`): a view of a thousand rooms is not packed every few seconds.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from cluster.model.facts import Fact
from tui.folding.marks import makers
from tui.timeline.pack import CODEC, LEVEL, pack
from tui.view import ClusterView, Mark

CHUNK_FACTS: Final = 512
VIEW_FACTS: Final = 3_000
"""More makes seeking slower (all of them may have to be folded: 30 ms), fewer makes files larger: a
view of five busy nodes is 70 to 120 kB, so at 1,000 facts/s views are three quarters of a file."""
VIEW_US: Final = 5_000_000
DEAR_US_PER_BYTE: Final = 4
"""A packed view of 50 kB is kept at most every 0.2 s, one of 10 MB at most every 40 s."""
MARKS_KEPT: Final = 2_000
"""Marks remembered in order to tell new ones from old ones."""


class Chunk(Struct, frozen=True):
    """Facts, packed. `E` of a file."""

    t0: int
    t1: int
    seq0: int
    """How many facts came before, in this stream."""
    count: int
    codec: int
    blob: bytes


class Kept(Struct, frozen=True):
    """A whole view, packed. `S` of a file."""

    t: int
    seq: int
    """How many facts are in it."""
    codec: int
    blob: bytes


class Note(Struct, frozen=True):
    """A mark. `M` of a file."""

    t: int
    label: str
    kind: str
    seq: int = 0
    """How many facts had come with the one that it names."""


class Shelf(Protocol):
    """Whoever keeps the pieces."""

    def chunk(self, chunk: Chunk) -> None:
        """The next facts."""
        ...

    view_bytes: int
    """What the last whole view took, packed; 0 while none is."""

    def keep(self, view: ClusterView, t: int, seq: int) -> None:
        """The view after all facts so far."""
        ...

    def mark(self, note: Note) -> None:
        """A mark, which may lie a little back."""
        ...


_encoder = msgspec.msgpack.Encoder()


def encode(view: ClusterView) -> bytes:
    """A view as bytes, not yet compressed: 2 ms for half a megabyte."""
    return _encoder.encode(view)


def compressed(view: bytes, t: int, seq: int) -> Kept:
    """An encoded view as it is kept: 4 ms more."""
    return Kept(t, seq, 1, zlib.compress(view, LEVEL))


def keep(view: ClusterView, t: int, seq: int) -> Kept:
    """Both at once."""
    return compressed(encode(view), t, seq)


class Cutter:
    """Cuts. `chunk_us`: how long facts may wait for a chunk to fill."""

    def __init__(self, shelf: Shelf, chunk_us: int, view_facts: int = VIEW_FACTS) -> None:
        self.count = 0
        self.seen = 0
        """The time of the last fact."""
        self.facts: list[Fact] = []
        """Those of the chunk that is not full yet."""
        self.times: list[int] = []
        self._shelf = shelf
        self.later = 0
        """How much later than the clock of facts this stream's time is: of a rehearsal, whose simulated
        worlds all begin at the same moment."""
        self._cut = 0
        """How many facts are in chunks."""
        self._chunk_us = chunk_us
        self._view_facts = view_facts
        self._kept_at = 0
        self._kept_seq = 0
        self._marks: tuple[Mark, ...] = ()
        self._view = ClusterView()
        """The view before what comes next."""
        self._noted: dict[tuple[int, str], None] = {}

    def begin(self, view: ClusterView, t: int, seq: int = 0) -> None:
        """The view before the first fact."""
        self.count = self._cut = seq
        self.seen = t
        self._view = view
        self._keep(view, t)

    def renew(self, view: ClusterView, t: int, later: int) -> None:
        """Another cluster: whatever came before is no part of what comes now. `t` is its clock's."""
        self.later = later
        self.seen = max(self.seen, t + later)
        self._marks = ()
        self._view = view
        self._keep(view, self.seen)

    def add(self, facts: Sequence[Fact], view: ClusterView, heard: int) -> None:
        """Facts heard now (`heard`, the collector's clock), and the view after them."""
        if not facts:
            return
        seen = self.seen
        times: list[int] = []
        for fact in facts:
            seen = max(seen, min(fact.at, heard) + self.later)
            self.facts.append(fact)
            self.times.append(seen)
            times.append(seen)
            if len(self.facts) >= CHUNK_FACTS:
                self.cut()
        self.seen = seen
        self.count += len(facts)
        if view.marks is not self._marks:
            self._note(view, facts, times)
        self._view = view
        dear = DEAR_US_PER_BYTE * self._shelf.view_bytes
        crowded = self.count - self._kept_seq >= self._view_facts and seen - self._kept_at > dear
        if crowded or seen - self._kept_at >= max(VIEW_US, dear):
            self._keep(view, seen)

    def tick(self, now: int) -> None:
        """Cut what has waited long enough."""
        if self.times and now + self.later - self.times[0] >= self._chunk_us:
            self.cut()

    def cut(self) -> None:
        """Give what there is to the shelf."""
        if not self.facts:
            return
        facts, times = self.facts, self.times
        self.facts, self.times = [], []
        blob = pack(facts, times)
        self._shelf.chunk(Chunk(times[0], times[-1], self._cut, len(facts), CODEC, blob))
        self._cut += len(facts)

    def _keep(self, view: ClusterView, t: int) -> None:
        self.cut()
        self._kept_at, self._kept_seq = t, self.count
        self._shelf.keep(view, t, self.count)

    def _note(self, view: ClusterView, facts: Sequence[Fact], times: Sequence[int]) -> None:
        """Give new marks to the shelf, each at the fact that made it: a fact stands on the time line
        when it was heard, which may be long after its node's clock says that it was.
        """
        self._marks = view.marks
        news = {(m.at, m.label): m for m in view.marks if (m.at, m.label) not in self._noted}
        made = makers(set(news), self._view.casebook, facts) if news else {}
        for name, mark in news.items():
            self._noted[name] = None
            place = made.get(name, len(facts) - 1)
            seq = self.count - len(facts) + place + 1
            self._shelf.mark(Note(times[place], mark.label, mark.kind, seq))
        while len(self._noted) > MARKS_KEPT:
            del self._noted[next(iter(self._noted))]
