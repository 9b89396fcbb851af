"""`view_at(t)`: any moment of a stream of facts, from the nearest whole view and what follows it.

A place in a stream is how many facts have come (`seq`): many facts may share one moment, and
stepping goes from fact to fact. A moment t is the place after the last fact seen at or before t.
Whatever was folded on the way is remembered for a while, so that going on from a place, or a step
back, costs a chunk and not a seek. Where chunks and views lie is the shelf's business (`Tape` keeps
them in memory, `Recording` reads a file); this file only ever folds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from typing import Final

import msgspec

from cluster.model.facts import Fact
from tui.fold import fold
from tui.timeline.cutter import Note
from tui.timeline.pack import DamagedError, Span, inflate
from tui.view import ClusterView

SPANS_KEPT: Final = 12
"""Unpacked chunks, about 0.5 MB each."""
VIEWS_KEPT: Final = 24
"""Views made on the way, about 0.5 MB each when nothing is shared between them."""
FOLDED_AT_ONCE: Final = 1_024
"""Facts, about, on the way to a place. Each view made on the way costs a third of a millisecond."""
VIEW_BYTES_MAX: Final = 256 * 1_048_576
OPENING_FACTS_MAX: Final = 20_000
"""Looked through for the first picture (a second's folding): a stream without views may have none."""

_views = msgspec.msgpack.Decoder(ClusterView)


def read_view(blob: bytes) -> ClusterView:
    """A whole view. Raises DamagedError, nothing else."""
    try:
        return _views.decode(inflate(blob, VIEW_BYTES_MAX))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DamagedError(f"it does not read as a view ({error})") from None


def has_picture(view: ClusterView) -> bool:
    """Whether a node has said enough for a screen to be drawn."""
    return any(node.ring is not None or node.ringless for node in view.nodes.values())


class Reel:
    """A stream that can be looked at from anywhere."""

    growing = False
    """Whether more may come."""

    def __init__(self) -> None:
        self.first = 0
        """The earliest place that can be shown."""
        self.count = 0
        """The last place."""
        self.begin_us = 0
        self.end_us = 0
        """When the last fact was seen."""
        self.marks: list[Note] = []
        """By time."""
        self.starts: list[int] = []
        """Of each chunk: its first fact."""
        self.times: list[int] = []
        """Of each chunk: when its first fact was seen."""
        self.kept: list[int] = []
        """The places of whole views."""
        self.trouble = ""
        """What could not be read; empty when all could."""
        self.strange = 0
        """Facts met of kinds that this version does not know."""
        self._spans: OrderedDict[int, Span] = OrderedDict()
        self._made: OrderedDict[int, ClusterView] = OrderedDict()
        self._opening = (-1, -1)
        """The first place with a picture, and what was the earliest place then."""

    # --- the shelf's -------------------------------------------------------------------------------

    def read_span(self, chunk: int) -> Span:
        """A chunk's facts. Raises DamagedError."""
        raise NotImplementedError

    def read_kept(self, number: int) -> ClusterView:
        """A whole view. Raises DamagedError."""
        raise NotImplementedError

    # --- where and when ----------------------------------------------------------------------------

    def place_at(self, t: int) -> int:
        """The place of a moment."""
        chunk = bisect_right(self.times, t) - 1
        if chunk < 0:
            return self.first
        span = self._span(chunk)
        place = self.starts[chunk] + bisect_right(span.seen, t)
        return min(max(place, self.first), self.count)

    def fact(self, seq: int) -> tuple[Fact, int]:
        """The fact that leads to place `seq`, and when it was seen. Needs first < seq <= count."""
        chunk = bisect_right(self.starts, seq - 1) - 1
        span = self._span(chunk)
        place = seq - 1 - self.starts[chunk]
        return span.facts[place], span.seen[place]

    def between(self, after: int, upto: int) -> list[Fact]:
        """The facts that lead from one place to another."""
        facts: list[Fact] = []
        after, upto = max(after, self.first), min(upto, self.count)
        while after < upto:
            chunk = bisect_right(self.starts, after) - 1
            start = self.starts[chunk]
            part = self._span(chunk).facts[after - start : upto - start]
            facts += part
            after += len(part)
        return facts

    def view(self, seq: int) -> ClusterView:
        """The view at a place."""
        seq = min(max(seq, self.first), self.count)
        place, view = self._nearest(seq)
        last = bisect_right(self.starts, seq - 1) - 1
        chunk = bisect_right(self.starts, place) - 1
        waiting: list[Fact] = []
        while place + len(waiting) < seq and chunk < len(self.starts):
            span = self._span(chunk)
            start = self.starts[chunk]
            waiting += span.facts[max(0, place + len(waiting) - start) : seq - start]
            chunk += 1
            # The last chunk is folded by itself: from its beginning, the next step back is short.
            if waiting and (len(waiting) >= FOLDED_AT_ONCE or chunk >= last):
                place, view = place + len(waiting), fold(view, waiting)
                waiting = []
                self._remember(place, view)
        return view

    def opening(self) -> int:
        """The earliest place with a picture; the earliest of all, when none is found near it."""
        if self._opening[1] != self.first:
            self._opening = self._first_picture(), self.first
        return self._opening[0]

    def _first_picture(self) -> int:
        place, view = self.first, self.view(self.first)
        end = min(self.count, self.first + OPENING_FACTS_MAX)
        while not has_picture(view):
            if place >= end:
                return self.first
            after = min(bisect_right(self.starts, place), len(self.starts) - 1)
            upto = max(self.starts[after], place + 1) if self.starts[after] > place else end
            facts = self.between(place, upto)
            if not has_picture(fold(view, facts)):
                place, view = upto, fold(view, facts)
                continue
            for fact in facts:
                place, view = place + 1, fold(view, [fact])
                if has_picture(view):
                    break
        return place

    def view_at(self, t: int) -> ClusterView:
        """The view at a moment."""
        return self.view(self.place_at(t))

    def _nearest(self, seq: int) -> tuple[int, ClusterView]:
        """The latest view at or before a place that is there without folding."""
        made = max((place for place in self._made if place <= seq), default=-1)
        number = bisect_right(self.kept, seq) - 1
        while number >= 0 and self.kept[number] > made:
            try:
                view = self.read_kept(number)
            except DamagedError as error:
                self.trouble = str(error)
                number -= 1
                continue
            self._remember(self.kept[number], view)
            return self.kept[number], view
        if made >= 0:
            self._made.move_to_end(made)
            return made, self._made[made]
        return self.first, ClusterView()

    def _remember(self, place: int, view: ClusterView) -> None:
        self._made[place] = view
        self._made.move_to_end(place)
        while len(self._made) > VIEWS_KEPT:
            self._made.popitem(last=False)

    def _span(self, chunk: int) -> Span:
        start = self.starts[chunk]
        span = self._spans.get(start)
        if span is None:
            span = self._spans[start] = self.read_span(chunk)
            self.strange += span.strange
            while len(self._spans) > SPANS_KEPT:
                self._spans.popitem(last=False)
        else:
            self._spans.move_to_end(start)
        return span
