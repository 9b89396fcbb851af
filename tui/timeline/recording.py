"""Reads `.rec` files: any moment of one, also of one that was cut off, and mends those.

A file that was ended is opened by its footer and the chain of its indexes: two small reads for each
four minutes at 1,000 facts/s. One that was not is read through once, up to the first record that is
not whole; what lies behind that is lost, and said. Nothing but the indexes is held in memory. A
chunk or a view that turns out damaged later is passed over, and said (`trouble`).
"""

from __future__ import annotations

import os
import zlib
from bisect import insort
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from cluster.model.facts import Fact, FactsLost
from tui.timeline.cutter import Chunk, Kept, Note
from tui.timeline.pack import CODEC, DamagedError, Span, unpack
from tui.timeline.rec import (
    BODY_BYTES_MAX,
    HEAD,
    INDEX_CHUNKS,
    MAGIC,
    OFFSET,
    TAIL_BYTES,
    Body,
    Header,
    Index,
    body_of,
    footer,
    record,
)
from tui.timeline.reel import Reel, read_view
from tui.view import OBSERVER, ClusterView

CHUNK_COUNT_MAX: Final = 100_000
"""More facts in one chunk is damage."""
MARKS_READ: Final = 10_000
"""Marks held of one file."""


class NotARecordingError(Exception):
    """One sentence: what is wrong with this file, and what to do."""


class Recording(Reel):
    """One file, open until `close`."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises NotARecordingError; OSError when the disk does."""
        super().__init__()
        self.path = path
        self._file = path.open("rb")
        self._chunks: list[int] = []
        """Offsets."""
        self._views: list[int] = []
        self.cut_off = False
        """It was never ended."""
        self.entries: list[tuple[int, int, int, str]] = []
        """What an index would say; of a file that has one, empty."""
        self.lost_bytes = 0
        """At its end, that nothing can be made of."""
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            self.header = self._header()
            if not self._by_index():
                self._by_scan()
            self._measure()
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

    def _header(self) -> Header:
        if self._at(0, len(MAGIC)) != MAGIC:
            raise NotARecordingError(f"{self.path} is no recording: it does not begin like one")
        try:
            kind, body, _ = self._record(len(MAGIC))
        except DamagedError:
            raise NotARecordingError(
                f"{self.path} is cut off before its first record: nothing was recorded"
            ) from None
        if not isinstance(body, Header):
            raise NotARecordingError(f"{self.path} begins with a {kind}, not with a header")
        return body

    def _by_index(self) -> bool:
        """Find everything through the footer; False when there is none, or it leads nowhere."""
        found: list[Index] = []
        try:
            tail = self._at(max(0, self.size - TAIL_BYTES), TAIL_BYTES)
            if len(tail) < TAIL_BYTES or not tail.endswith(MAGIC):
                return False
            offset = int(OFFSET.unpack_from(tail, HEAD.size)[0])
            if tail != footer(offset):
                return False
            while offset:
                _, body, _ = self._record(offset)
                if not isinstance(body, Index) or body.prev >= offset:
                    return False
                found.append(body)
                offset = body.prev
            for index in reversed(found):
                for entry in index.entries:
                    self._list(*entry)
        except DamagedError:
            self._chunks, self._views, self.marks = [], [], []
            self.starts, self.times, self.kept = [], [], []
            return False
        return True

    def _by_scan(self) -> None:
        """Read it through, up to the first record that is not whole."""
        self.cut_off = True
        end = len(MAGIC)
        for offset, kind, body, after in self._records():
            end = after
            match body:
                case Chunk():
                    self.entries.append((body.t0, body.seq0, offset, kind))
                case Kept() | Note():
                    self.entries.append((body.t, body.seq, offset, kind))
                case Header() | Index() | None:
                    pass
        for entry in self.entries:
            self._list(*entry)
        self.lost_bytes = self.size - end

    def _list(self, t: int, seq: int, offset: int, kind: str) -> None:
        match kind:
            case "E":
                self._chunks.append(offset)
                self.starts.append(seq)
                self.times.append(t)
            case "S":
                self._views.append(offset)
                self.kept.append(seq)
                if len(self._views) == 1:
                    self.begin_us = t
            case "M" if len(self.marks) < MARKS_READ:
                _, body, _ = self._record(offset)
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
        if not self._chunks:
            raise NotARecordingError(f"{self.path} has no facts in it: nothing was recorded")
        self.first = self.starts[0]
        self.begin_us = self.begin_us or self.times[0]
        try:
            _, last, _ = self._record(self._chunks[-1])
        except DamagedError as error:
            raise NotARecordingError(f"{self.path} is damaged at its end: {error}") from None
        if not isinstance(last, Chunk) or not 0 < last.count <= CHUNK_COUNT_MAX:
            raise NotARecordingError(f"{self.path} has an index that leads to the wrong places")
        self.count = last.seq0 + last.count
        self.end_us = max(last.t1, self.begin_us)

    # --- records -----------------------------------------------------------------------------------

    def _records(self) -> Iterator[tuple[int, str, Body | None, int]]:
        """(offset, type, body, the offset after it) of each whole record, from the first on."""
        offset = len(MAGIC)
        while True:
            try:
                kind, body, after = self._record(offset)
            except DamagedError:
                return
            if kind == "Z":
                return
            yield offset, kind, body, after
            offset = after

    def _record(self, offset: int) -> tuple[str, Body | None, int]:
        """The record at an offset (no body: of a type unknown here), and where the next one is.

        Raises DamagedError.
        """
        head = self._at(offset, HEAD.size)
        if len(head) < HEAD.size:
            raise DamagedError("it ends within a record")
        length, letter, crc = HEAD.unpack(head)
        if length > min(BODY_BYTES_MAX, self.size - offset - HEAD.size):
            raise DamagedError("a record is longer than the file")
        data = self._at(offset + HEAD.size, length)
        if len(data) < length or zlib.crc32(data, zlib.crc32(letter)) != crc:
            raise DamagedError(f"the record at byte {offset:,} is damaged")
        kind = letter.decode("latin-1")
        return kind, body_of(kind, data), offset + HEAD.size + length

    def _at(self, offset: int, length: int) -> bytes:
        try:
            self._file.seek(offset)
            return self._file.read(length)
        except OSError as error:
            raise DamagedError(f"the disk does not give it back ({error.strerror})") from None

    # --- the shelf ---------------------------------------------------------------------------------

    def read_span(self, chunk: int) -> Span:
        """A chunk's facts; in place of what cannot be read, facts that tell nothing."""
        start = self.starts[chunk]
        after = self.starts[chunk + 1] if chunk + 1 < len(self.starts) else self.count
        count = after - start
        try:
            _, body, _ = self._record(self._chunks[chunk])
            if not isinstance(body, Chunk) or body.codec != CODEC:
                raise DamagedError("it is packed in a way that this version does not know")
            span = unpack(body.blob)
            if len(span.facts) != count:
                raise DamagedError("it does not hold as many facts as it says")
        except DamagedError as error:
            self.trouble = f"facts {start + 1:,} to {after:,} cannot be read: {error}"
            t = self.times[chunk]
            nothing = [Fact(OBSERVER, 0, 0, t, t, FactsLost(0), (), "inferred")] * count
            return Span(nothing, [t] * count)
        return span

    def read_kept(self, number: int) -> ClusterView:
        """A whole view. Raises DamagedError."""
        _, body, _ = self._record(self._views[number])
        if not isinstance(body, Kept) or body.codec != CODEC:
            raise DamagedError("it is packed in a way that this version does not know")
        return read_view(body.blob)


def repair(path: Path) -> str:
    """End a recording that was cut off, in place; says what was done. Raises as `Recording`."""
    with Recording(path) as reel:
        if not reel.cut_off:
            return f"{path} is whole: nothing to repair"
        kept = reel.size - reel.lost_bytes
        with path.open("r+b") as file:
            file.truncate(kept)
            file.seek(kept)
            _end(file, reel.entries, kept)
            os.fsync(file.fileno())
    said = f"{path} is whole again: {reel.count - reel.first:,} facts"
    if reel.lost_bytes:
        said += f"; {reel.lost_bytes:,} bytes at its end were no whole record"
    return said


def _end(file: BinaryIO, entries: list[tuple[int, int, int, str]], offset: int) -> None:
    prev, step = 0, INDEX_CHUNKS
    for start in range(0, max(1, len(entries)), step):
        data = record(Index(prev, entries[start : start + step]))
        file.write(data)
        prev, offset = offset, offset + len(data)
    file.write(footer(prev))
