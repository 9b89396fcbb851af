"""Writes a `.rec` file: record after record, never going back, ended by an index and a footer.

Every record is given to the kernel at once, so that our own death costs what was not yet cut into a
chunk: a quarter of a second. A file that was not ended is read all the same (`tui.timeline.recording`).
Who writes a file holds a lock on it, so that whoever reads it can tell a recording that goes on from
one that was cut off. The lock is on the open file and not on its name, and ends with its process.
Memory is bounded: what is known of records written is given away with each index.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Literal

from cluster.model.facts import Fact
from tui.fold import fold
from tui.timeline.cutter import Chunk, Cutter, Kept, Note, keep
from tui.timeline.rec import INDEX_CHUNKS, MAGIC, VERSION, Header, Index, Origin, footer, record
from tui.view import ClusterView

APP: Final = "masterless 0.1.0"
CLOCK: Final = "node+collector"
"""How times are made: both clocks are in every fact."""
FLUSH_US: Final = 250_000
"""How long facts may wait for a chunk to fill: what a crash may lose."""


class Writer:
    """One file. A shelf for a cutter, too. Raises OSError when the disk refuses."""

    def __init__(self, file: BinaryIO, header: Header) -> None:
        self._file = file
        self._offset = 0
        self._entries: list[tuple[int, int, int, str]] = []
        self._chunks = 0
        self._index = 0
        self.facts = 0
        self.view_bytes = 0
        self._write(MAGIC)
        self._write(record(header))

    @property
    def bytes_written(self) -> int:
        """So far."""
        return self._offset

    def chunk(self, chunk: Chunk) -> None:
        """The next facts."""
        self._put(chunk.t0, chunk.seq0, "E", record(chunk))
        self.facts += chunk.count
        self._chunks += 1
        if self._chunks % INDEX_CHUNKS == 0:
            self._put_index()

    def keep(self, view: ClusterView, t: int, seq: int) -> None:
        """The view after all facts so far."""
        self.kept_view(keep(view, t, seq))

    def kept_view(self, kept: Kept) -> None:
        """The same, packed."""
        self.view_bytes = len(kept.blob)
        self._put(kept.t, kept.seq, "S", record(kept))

    def mark(self, note: Note) -> None:
        """A mark."""
        self._put(note.t, note.seq, "M", record(note))

    def put(self, piece: Chunk | Kept | Note) -> None:
        """Any of them."""
        match piece:
            case Chunk():
                self.chunk(piece)
            case Kept():
                self.kept_view(piece)
            case Note():
                self.mark(piece)

    def carry(self, data: bytes) -> None:
        """A record of a type that this version does not know, as it is."""
        self._write(data)

    def end(self) -> None:
        """The index of what is left, the footer. The file is whole from now on."""
        self._put_index()
        self._write(footer(self._index))
        os.fsync(self._file.fileno())

    def _put(self, t: int, seq: int, kind: str, data: bytes) -> None:
        self._entries.append((t, seq, self._offset, kind))
        self._write(data)

    def _put_index(self) -> None:
        index = Index(self._index, self._entries)
        self._index, self._entries = self._offset, []
        self._write(record(index))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()
        self._offset += len(data)


def create(path: Path) -> BinaryIO:
    """A new file for our eyes only, locked until it is closed. Raises OSError, also when there is one
    already."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    with suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def being_written(file: BinaryIO) -> bool:
    """Whether somebody writes this open file now. False, too, where a file system has no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


Standing = Literal["", "moved", "removed", "replaced"]
"""What became of a file's name while it was written: it stands (empty), the file has another name now,
nothing has its name, or another file has."""


def header_of(view: ClusterView, name: str, now: int, source: Origin = "live") -> Header:
    """What is known of a cluster when its recording begins."""
    node = next((node for node in view.nodes.values() if node.ring is not None), None)
    replicas = node.ring.replicas if node is not None and node.ring is not None else 0
    r, w = (node.read_quorum, node.write_quorum) if node is not None else (0, 0)
    return Header(VERSION, now, name, replicas, r, w, CLOCK, APP, source)


class Recorder:
    """Records a stream as it comes: folds it for the snapshots, and cuts it. Ends as a context."""

    def __init__(self, path: Path, name: str, now: int, source: Origin = "live") -> None:
        self.view = ClusterView()
        self.began = now
        self._name = name
        self._source: Origin = source
        self._path = path
        self._file = create(path)
        self._stood: Standing = ""
        self._open: tuple[Writer, Cutter] | None = None
        """Only once there is something to say in the header."""
        self._notes: list[Note] = []
        """Marks from before that."""

    @property
    def facts(self) -> int:
        """Heard so far."""
        return self._open[1].count if self._open else 0

    @property
    def written(self) -> int:
        """Facts that the file holds already."""
        return self._open[0].facts if self._open else 0

    @property
    def bytes_written(self) -> int:
        """So far."""
        return self._open[0].bytes_written if self._open else 0

    @property
    def standing(self) -> Standing:
        """Whether the file that is written is still the one of that name; once it is closed, whether
        it was then."""
        if self._file.closed:
            return self._stood
        ours = os.fstat(self._file.fileno())
        try:
            named = self._path.stat()
        except OSError:
            return "moved" if ours.st_nlink else "removed"
        if os.path.samestat(ours, named):
            return ""
        return "moved" if ours.st_nlink else "replaced"

    def hear(self, facts: Sequence[Fact], now: int) -> None:
        """Facts that have just come, or none: then what waits may be written."""
        before = self.view
        if facts:
            self.view = fold(before, facts)
        if facts or self._open:
            _, cutter = self._open or self._begin(before, min(facts[0].at, now))
            cutter.add(facts, self.view, now)
            cutter.tick(now)

    def renew(self, now: int, later: int = 0) -> None:
        """Another cluster takes the place of this one: the view begins anew. `later`: how much is
        added to its clock, so that the file's time does not run backwards."""
        self.view = ClusterView()
        if self._open:
            self._open[1].renew(self.view, now, later)

    def note(self, label: str, kind: str, now: int) -> None:
        """A mark of one's own."""
        if self._open:
            writer, cutter = self._open
            writer.mark(Note(now + cutter.later, label, kind, cutter.count))
        else:
            self._notes.append(Note(now, label, kind))

    def end(self) -> None:
        """What waits, the index and the footer."""
        writer, cutter = self._open or self._begin(self.view, self.began)
        cutter.cut()
        writer.end()

    def _begin(self, view: ClusterView, t: int) -> tuple[Writer, Cutter]:
        header = header_of(self.view, self._name, self.began, self._source)
        writer = Writer(self._file, header)
        cutter = Cutter(writer, FLUSH_US)
        self._open = writer, cutter
        cutter.begin(view, t)
        for note in self._notes:
            writer.mark(note)
        self._notes = []
        return self._open

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not isinstance(error, OSError):
                self.end()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the file, ended or not."""
        self._stood = self.standing
        with suppress(OSError, ValueError):
            # Closing is not enough: a child that was forked meanwhile may hold the file open, too.
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._file.close()
