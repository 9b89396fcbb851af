"""The live buffer: the last quarter of an hour in memory, as the pieces that a file is made of.

Facts stay packed (`tui.timeline.cutter`), whole views too: as objects the views of 15 minutes would
hold every message they ever showed. What falls out at the old end goes with its whole view, so that
the buffer always begins with one. Bounded by time, by facts and by bytes, whatever comes first.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Final

from cluster.model.facts import Fact
from tui.timeline.cutter import MARKS_KEPT, Chunk, Cutter, Kept, Note, compressed, encode
from tui.timeline.pack import Span, unpack
from tui.timeline.reel import Reel, read_view
from tui.view import ClusterView

TAPE_US: Final = 15 * 60_000_000
"""How far back one can look. Longer costs 6 MB a minute at 1,000 facts/s."""
TAPE_FACTS_MAX: Final = 4_000_000
TAPE_BYTES_MAX: Final = 192 * 1_048_576
"""Of packed facts and views."""
VIEW_FACTS: Final = 1_500
"""Memory is cheaper than a file's bytes: a quarter of an hour at 1,000 facts/s takes 85 MB."""
WAIT_US: Final = 2_000_000
"""How long facts may wait for a chunk to fill: nothing is lost here by waiting."""


class Tape(Reel):
    """What was heard lately. `add` is called with each batch that is folded."""

    growing = True

    def __init__(
        self,
        us: int = TAPE_US,
        bytes_max: int = TAPE_BYTES_MAX,
        before: ClusterView | None = None,
    ) -> None:
        """`before`: the view that the first facts are folded onto."""
        super().__init__()
        self._before = before or ClusterView()
        self._us = us
        self._bytes_max = bytes_max
        self._chunks: list[Chunk] = []
        self._views: list[Kept] = []
        self._bytes = 0
        self.view_bytes = 0
        self._waiting: ClusterView | None = None
        """The last of the views, as long as it is not packed."""
        self._encoded = b""
        self._cutter = Cutter(self, WAIT_US, VIEW_FACTS)

    @property
    def bytes_held(self) -> int:
        """Of packed facts and views."""
        return self._bytes

    def add(self, facts: Sequence[Fact], view: ClusterView, heard: int) -> None:
        """Facts that were just heard and folded, and the view after them."""
        if not facts:
            return
        cutter = self._cutter
        if not self._views:
            first = min(facts[0].at, heard)
            cutter.begin(self._before, first)
            self._before = ClusterView()
            self.begin_us = self.end_us = first
        self._close_open()
        cutter.add(facts, view, heard)
        cutter.tick(heard)
        if cutter.facts:
            self.starts.append(cutter.count - len(cutter.facts))
            self.times.append(cutter.times[0])
        self.count, self.end_us = cutter.count, cutter.seen
        self._forget()

    def pieces(self) -> Iterator[Chunk | Kept | Note]:
        """Everything held, in the order of a file. What comes meanwhile is left out."""
        self._close_open()
        self._cutter.cut()
        self._pack()
        chunks, views, notes = self._chunks.copy(), self._views.copy(), self.marks.copy()
        pieces: list[tuple[int, int, Chunk | Kept | Note]] = []
        pieces += [(kept.seq, 0, kept) for kept in views]
        pieces += [(chunk.seq0, 1, chunk) for chunk in chunks]
        pieces += [(max(note.seq, self.first), 2, note) for note in notes]
        pieces.sort(key=lambda piece: piece[:2])
        return (piece for _, _, piece in pieces)

    # --- what can wait for a moment between two pictures --------------------------------------------

    @property
    def owes(self) -> bool:
        """Whether there is something to pack."""
        return self._waiting is not None

    def rest(self) -> None:
        """Do a part of it: 2 to 4 ms."""
        if self._waiting is None:
            return
        if not self._encoded:
            self._encoded = encode(self._waiting)
            return
        last = self._views[-1]
        self._views[-1] = kept = compressed(self._encoded, last.t, last.seq)
        self.view_bytes = len(kept.blob)
        self._bytes += self.view_bytes
        self._waiting, self._encoded = None, b""

    def _pack(self) -> None:
        while self.owes:
            self.rest()

    # --- the shelf ---------------------------------------------------------------------------------

    def chunk(self, chunk: Chunk) -> None:
        """The next facts."""
        self._chunks.append(chunk)
        self.starts.append(chunk.seq0)
        self.times.append(chunk.t0)
        self._bytes += len(chunk.blob)

    def keep(self, view: ClusterView, t: int, seq: int) -> None:
        """The view after all facts so far: packed when there is time for it."""
        self._pack()
        self._views.append(Kept(t, seq, 1, b""))
        self.kept.append(seq)
        self._waiting = view

    def mark(self, note: Note) -> None:
        """A mark, which may lie a little back."""
        insort(self.marks, note, key=lambda mark: mark.t)

    def read_span(self, chunk: int) -> Span:
        """A chunk's facts."""
        return unpack(self._chunks[chunk].blob)

    def read_kept(self, number: int) -> ClusterView:
        """A whole view."""
        if self._waiting is not None and number == len(self._views) - 1:
            return self._waiting
        return read_view(self._views[number].blob)

    def _span(self, chunk: int) -> Span:
        if chunk == len(self._chunks):  # the one that is not full yet is not packed, and grows
            return Span(self._cutter.facts, self._cutter.times)
        return super()._span(chunk)

    def _close_open(self) -> None:
        """The chunk in the making is listed last, and listed anew when it has grown."""
        del self.starts[len(self._chunks) :]
        del self.times[len(self._chunks) :]

    def _forget(self) -> None:
        """Let go of what is too old, or too much."""
        views = self._views
        while len(views) > 1 and (
            views[1].t <= self.end_us - self._us
            or self._bytes > self._bytes_max
            or self.count - views[1].seq > TAPE_FACTS_MAX
        ):
            self._bytes -= len(views.pop(0).blob)
            del self.kept[0]
            self.first, self.begin_us = views[0].seq, views[0].t
            gone = 0
            while gone < len(self._chunks) and self._chunks[gone].seq0 < self.first:
                self._bytes -= len(self._chunks[gone].blob)
                gone += 1
            del self._chunks[:gone], self.starts[:gone], self.times[:gone]
            for place in [place for place in self._made if place < self.first]:
                del self._made[place]
        while self.marks and (self.marks[0].t < self.begin_us or len(self.marks) > MARKS_KEPT):
            del self.marks[0]
