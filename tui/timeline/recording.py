"""Reads `.rec` files: any moment of one, also of one that was cut off, and mends those.

A file that was ended is opened by its footer and the chain of its indexes: two small reads for each
four minutes at 1,000 facts/s. One that was not, or that is damaged, is read through once for what is
whole (`tui.timeline.salvage`); what is lost is said (`trouble`), and the picture begins with the
first whole view. Nothing but the indexes is held in memory. A chunk or a view that turns out
damaged later is passed over, and said.
"""

from __future__ import annotations

from bisect import insort
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from cluster.model.facts import Fact, FactsLost
from tui.timeline.cutter import Chunk, Kept, Note
from tui.timeline.pack import CODEC, DamagedError, Span, unpack
from tui.timeline.rec import MAGIC, VERSION, Header, Index
from tui.timeline.reel import Reel, has_picture, read_view
from tui.timeline.salvage import CHUNK_COUNT_MAX, Records, Survey, footed, gap, mend, survey
from tui.timeline.writer import APP, CLOCK, being_written
from tui.view import OBSERVER, ClusterView

CHECKED_BYTES_MAX: Final = 64 * 1_048_576
"""A file up to this size is read through when it is opened, so that damage is known at once (a
twentieth of a second); a larger one is believed until a part of it is wanted."""
CLOCKS_APART_US: Final = 1_000_000
"""Up to here a recorder's clock is as good as any node's."""
MARKS_READ: Final = 10_000
"""Marks held of one file."""

NO_VIEW: Final = "no whole view of the cluster can be read in this file"


class NotARecordingError(Exception):
    """One sentence: what is wrong with this file, and what to do."""


class NotMendedError(Exception):
    """One sentence: why a file could not be mended and is as it was, and what to do."""


class Recording(Reel):
    """One file, open until `close`."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises NotARecordingError; OSError when the disk does."""
        super().__init__()
        self.path = path
        if path.exists() and not path.is_file() and not path.is_dir():
            raise NotARecordingError(f"{path} is a pipe or a device, not a recording's file")
        self._file = path.open("rb")
        self._chunks: list[int] = []
        """Offsets; of a gap, how many facts are missing there, below zero."""
        self._views: list[int] = []
        self._behind_us = 0
        """How far the recorder's clock was behind the nodes': added to every time in the file."""
        self.cut_off = False
        """It was never ended."""
        # Asked before anything is read: a recorder that ends meanwhile has then ended the file.
        self.being_written = being_written(self._file)
        """Somebody records into it: what is there by now is shown, and more comes."""
        try:
            self._records = Records(self._file)
            header = self._header()
            indexed = self._by_index()
            if not indexed or self._records.size <= CHECKED_BYTES_MAX:
                found = survey(self._records)
                if not indexed or not found.sound:
                    self._by_survey(found)
            if header is None and not self._chunks:
                raise NotARecordingError(
                    f"{self.path} is cut off before its first record: nothing was recorded"
                )
            self._measure()
            self._set_clock()
            self._set_out()
            self.header = header or Header(VERSION, self.begin_us, "", 0, 0, 0, CLOCK, APP)
        except DamagedError as error:
            self._file.close()
            raise NotARecordingError(f"{self.path} cannot be read: {error}") from None
        except NotARecordingError:
            self._file.close()
            if not self.being_written:
                raise
            raise NotARecordingError(
                f"{self.path} is still being written, and there is nothing to show yet: try again "
                "in a few seconds"
            ) from None
        except BaseException:
            # Also on Ctrl-C: a recording that could not begin must not hold its file open.
            self._file.close()
            raise

    def close(self) -> None:
        """Done with it."""
        self._file.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- opening -----------------------------------------------------------------------------------

    def _header(self) -> Header | None:
        """Who recorded what; None: that is damaged."""
        if self._records.at(0, len(MAGIC)) != MAGIC:
            raise NotARecordingError(f"{self.path} is no recording: it does not begin like one")
        try:
            kind, body, _ = self._records.record(len(MAGIC))
        except DamagedError:
            return None
        if not isinstance(body, Header):
            raise NotARecordingError(f"{self.path} begins with a {kind}, not with a header")
        return body

    def _by_index(self) -> bool:
        """Find everything through the footer; False when there is none, or it leads nowhere."""
        found: list[Index] = []
        try:
            offset = footed(self._records)
            if offset < 0:
                return False
            while offset:
                _, body, _ = self._records.record(offset)
                if not isinstance(body, Index) or body.prev >= offset:
                    return False
                found.append(body)
                offset = body.prev
            for index in reversed(found):
                for entry in index.entries:
                    self._list(*entry)
            if self._views:
                self.read_kept(0)
        except DamagedError:
            self._unlist()
            return False
        return True

    def _by_survey(self, found: Survey) -> None:
        """List what is whole."""
        self._unlist()
        if self.being_written and found.tail_bytes:  # the record that is being written just now
            found.places, found.lost_bytes = found.places - 1, found.lost_bytes - found.tail_bytes
        self.cut_off = not found.ended
        for entry in found.entries:
            self._list(*entry)
        self.trouble = f"this file is damaged: {found.sentence}" if found.sentence else ""

    def _unlist(self) -> None:
        self._chunks, self._views, self.marks = [], [], []
        self.starts, self.times, self.kept = [], [], []
        self.begin_us = 0

    def _list(self, t: int, seq: int, offset: int, kind: str) -> None:
        match kind:
            case "E":
                self._chunks.append(offset)
                self.starts.append(seq)
                self.times.append(t)
            case "lost":
                self._chunks.append(-offset)
                self.starts.append(seq)
                self.times.append(t)
            case "S":
                self._views.append(offset)
                self.kept.append(seq)
                if len(self._views) == 1:
                    self.begin_us = t
            case "M" if len(self.marks) < MARKS_READ:
                _, body, _ = self._records.record(offset)
                if isinstance(body, Note):
                    insort(self.marks, body, key=lambda mark: mark.t)
            case _:
                pass

    def _measure(self) -> None:
        """How far it reaches."""
        steps = zip(self.starts, self.starts[1:], strict=False)
        ascending = all(a < b <= a + CHUNK_COUNT_MAX for a, b in steps)
        if not ascending or sorted(self.times) != self.times or sorted(self.kept) != self.kept:
            raise NotARecordingError(f"{self.path} has its parts in the wrong order")
        if not any(chunk > 0 for chunk in self._chunks):
            raise NotARecordingError(f"{self.path} has no facts in it: nothing was recorded")
        self.first = self.starts[0]
        self.begin_us = self.begin_us or self.times[0]
        if self._chunks[-1] < 0:
            self.count, self.end_us = self.starts[-1] + 1, max(self.times[-1], self.begin_us)
            return
        try:
            _, last, _ = self._records.record(self._chunks[-1])
        except DamagedError as error:
            raise NotARecordingError(f"{self.path} is damaged at its end: {error}") from None
        if not isinstance(last, Chunk) or not 0 < last.count <= CHUNK_COUNT_MAX:
            raise NotARecordingError(f"{self.path} has an index that leads to the wrong places")
        self.count = self.starts[-1] + last.count
        self.end_us = max(last.t1, self.begin_us)

    def _set_clock(self) -> None:
        """Tell the time as most nodes do, where the recorder's own clock was behind all of theirs."""
        self._behind_us = behind = self._recorder_behind()
        if behind:
            self.begin_us, self.end_us = self.begin_us + behind, self.end_us + behind
            self.times = [t + behind for t in self.times]
            self.marks = [replace(mark, t=mark.t + behind) for mark in self.marks]

    def _recorder_behind(self) -> int:
        """A fact stands no later than it was heard, by the clock of who heard it: if that was behind,
        so is the whole time line, and no picture on it shows the time that the line shows. A single
        node whose clock is ahead says nothing of that.
        """
        try:
            _, last, _ = self._records.record(self._views[-1]) if self._views else ("", None, 0)
            if not isinstance(last, Kept) or last.codec != CODEC:
                return 0
            said = [node.reported_at for node in read_view(last.blob).nodes.values()]
        except DamagedError:
            return 0
        reported = sorted(at for at in said if at)
        behind = reported[(len(reported) - 1) // 2] - last.t if reported else 0
        return behind if behind > CLOCKS_APART_US else 0

    def _set_out(self) -> None:
        """Begin with a whole view: what came before the first that can be read was folded onto
        one that cannot."""
        start = self.first
        if self.kept:
            self.first = max(start, self.kept[0])
        if not self.trouble and self.first == start:
            return
        told = ""
        if self.kept and has_picture(self.view(place := self.opening())):
            if place > start and place in self.kept:  # nothing to see until this view
                self.first, self.begin_us = place, self.fact(place)[1]
        else:
            told = NO_VIEW
        if self.first > start:
            told = f"its first {self.first - start:,} facts come before any whole view"
        self.trouble = "; ".join(part for part in (told, self.trouble) if part)

    # --- the shelf ---------------------------------------------------------------------------------

    def read_span(self, chunk: int) -> Span:
        """A chunk's facts; in place of what cannot be read, facts that tell nothing."""
        start = self.starts[chunk]
        after = self.starts[chunk + 1] if chunk + 1 < len(self.starts) else self.count
        count = after - start
        if self._chunks[chunk] < 0:
            return gap(-self._chunks[chunk], self.times[chunk])
        try:
            _, body, _ = self._records.record(self._chunks[chunk])
            if not isinstance(body, Chunk) or body.codec != CODEC:
                raise DamagedError("it is packed in a way that this version does not know")
            span = unpack(body.blob)
            if len(span.facts) != count:
                raise DamagedError("it does not hold as many facts as it says")
            if self._behind_us:
                span = replace(span, seen=[t + self._behind_us for t in span.seen])
        except DamagedError as error:
            self.trouble = f"facts {start + 1:,} to {after:,} cannot be read: {error}"
            t = self.times[chunk]
            nothing = [Fact(OBSERVER, 0, 0, t, t, FactsLost(0), (), "inferred")] * count
            return Span(nothing, [t] * count)
        return span

    def read_kept(self, number: int) -> ClusterView:
        """A whole view. Raises DamagedError."""
        _, body, _ = self._records.record(self._views[number])
        if not isinstance(body, Kept) or body.codec != CODEC:
            raise DamagedError("it is packed in a way that this version does not know")
        return read_view(body.blob)


def repair(path: Path) -> str:
    """Mend a recording: one that was cut off is ended, of a damaged one every whole record is kept.

    Every record is checked. Says what was done. Raises as `Recording`, also while it is written;
    NotMendedError when the whole file cannot be written beside it.
    """
    with Recording(path) as reel, path.open("rb") as file:
        if reel.being_written:
            raise NotARecordingError(
                f"{path} is still being written: Ctrl-C at its recorder makes it whole, and until "
                "then nothing is to be mended"
            )
        records = Records(file)
        found = survey(records)
        if found.sound and found.ended and not reel.cut_off:
            return f"{path} is whole: nothing to repair"
        try:
            return mend(path, reel.header, records, found)
        except OSError as error:
            raise NotMendedError(
                f"{path} is as it was: {error.strerror or error}; mending writes up to "
                f"{records.size / 1e6:.1f} MB into {path.absolute().parent}: make room there, or copy "
                "the file to a directory that has room and mend the copy"
            ) from None
