"""What is left of a `.rec` file: every whole record, wherever damage lies, and the file mended.

A file is read record by record. Where one is not whole (its checksum, its length, a hole), the next
whole one is looked for byte by byte and reading goes on there. Facts that are missing between two
chunks are known by their numbers; one `FactsLost` stands in their place, so that the picture
before the gap and the one after it are two. What a file says twice (appended to itself) is kept
once. Ignores what chunks and views hold; whoever unpacks them finds that out.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.model.facts import Fact, FactsLost
from tui.timeline.cutter import Chunk, Kept, Note
from tui.timeline.pack import CODEC, DamagedError, Span, pack
from tui.timeline.rec import (
    BODY_BYTES_MAX,
    HEAD,
    MAGIC,
    OFFSET,
    TAIL_BYTES,
    Body,
    Header,
    Index,
    body_of,
    footer,
)
from tui.timeline.writer import Writer, create
from tui.view import OBSERVER

CHUNK_COUNT_MAX: Final = 100_000
"""More facts in one chunk is damage."""
WINDOW_BYTES: Final = 1_048_576
"""Of a damaged place, looked through at once. More costs memory, less costs reads."""
TRIED_BYTES_MAX: Final = 1_073_741_824
"""Checksummed of one file on suspicion that a record begins there: a second or so. What a file
made to delay us can cost; beyond it the rest of the file counts as lost."""
COPIES_MAX: Final = 1_000
"""`x.rec.damaged`, `x.rec.damaged-2` and so on."""
_BEGINS: Final = re.compile(rb"[HESMI](?=.{4}[\x80-\x8f])|Z", re.DOTALL)
"""A record's letter, its checksum, and the map that is its body."""

Entry = tuple[int, int, int, str]
"""[t, seq, offset, type] of one record, its seq counted anew without what is lost. Of a gap the
type is "lost" and the offset the number of facts that are missing."""


class Survey(Struct):
    """All that is whole in one file, in its order."""

    entries: list[Entry]
    strange: list[int]
    """Offsets of whole records of types that this version does not know."""
    facts: int = 0
    views: int = 0
    missing: int = 0
    """Facts known to be lost between others."""
    places: int = 0
    """Stretches of bytes that are no whole record."""
    lost_bytes: int = 0
    """In those."""
    tail_bytes: int = 0
    """Of them the last, where the file ends within such a stretch."""
    twice: int = 0
    """Facts that the file says once more."""
    ended: bool = False
    """A footer and the magic are its last bytes."""

    @property
    def sound(self) -> bool:
        """Nothing is wrong with it, except perhaps that it was never ended."""
        return not (self.places or self.missing or self.twice)

    @property
    def sentence(self) -> str:
        """What is wrong with it; empty when nothing is."""
        parts: list[str] = []
        if self.places:
            where = "one place" if self.places == 1 else f"{self.places:,} places"
            parts.append(f"{self.lost_bytes:,} bytes in {where} are not readable")
        if self.missing:
            was = "fact is" if self.missing == 1 else "facts are"
            parts.append(f"{self.missing:,} {was} missing between those that are kept")
        if self.twice:
            parts.append(f"{self.twice:,} facts were in it twice")
        return ", ".join(parts)


class Records:
    """The records of a file that is open."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        self._tried = 0

    def at(self, offset: int, length: int) -> bytes:
        """So many bytes, or fewer at the end. Raises DamagedError when the disk does not give them."""
        try:
            self._file.seek(offset)
            return self._file.read(length)
        except OSError as error:
            raise DamagedError(f"the disk does not give it back ({error.strerror})") from None

    def record(self, offset: int) -> tuple[str, Body | None, int]:
        """The record at an offset (no body: of a type unknown here), and where the next one is.

        Raises DamagedError.
        """
        head = self.at(offset, HEAD.size)
        if len(head) < HEAD.size:
            raise DamagedError("it ends within a record")
        length, letter, crc = HEAD.unpack(head)
        if length > min(BODY_BYTES_MAX, self.size - offset - HEAD.size):
            raise DamagedError("a record is longer than the file")
        data = self.at(offset + HEAD.size, length)
        if len(data) < length or zlib.crc32(data, zlib.crc32(letter)) != crc:
            raise DamagedError(f"the record at byte {offset:,} is damaged")
        kind = letter.decode("latin-1")
        return kind, body_of(kind, data), offset + HEAD.size + length

    def next_whole(self, offset: int) -> int:
        """Where the next whole record begins, at or after an offset; the file's end if nowhere."""
        while offset < self.size:
            try:
                window = self.at(offset, WINDOW_BYTES + HEAD.size)
            except DamagedError:
                return self.size
            for found in _BEGINS.finditer(window):
                place = found.start() - 4  # the length comes before the letter
                if place >= 0 and self._whole(offset + place, window[place : place + 4]):
                    return offset + place
            offset += WINDOW_BYTES
        return self.size

    def _whole(self, offset: int, length: bytes) -> bool:
        wanted = int.from_bytes(length)
        room = self.size - offset - HEAD.size
        if wanted > room or self._tried > TRIED_BYTES_MAX:
            return False
        self._tried += wanted
        try:
            self.record(offset)
        except DamagedError:
            return False
        return True


def survey(records: Records) -> Survey:
    """Read the whole file."""
    found = Survey([], [])
    sorter = _Sorter(found)
    for offset, kind, body in _walk(records, found):
        sorter.take(offset, kind, body)
    return found


def _walk(records: Records, found: Survey) -> Iterator[tuple[int, str, Body | None]]:
    """Each whole record, footers left out; damage is counted on the way."""
    offset = len(MAGIC)
    while offset < records.size:
        found.ended = False
        try:
            kind, body, after = records.record(offset)
        except DamagedError:
            whole = records.next_whole(offset + 1)
            found.places += 1
            found.lost_bytes += whole - offset
            found.tail_bytes = whole - offset if whole == records.size else 0
            offset = whole
            continue
        if kind == "Z":
            offset = after
            while records.at(offset, len(MAGIC)) == MAGIC:
                offset += len(MAGIC)  # twice where a file was appended to another
                found.ended = True
            continue
        yield offset, kind, body
        offset = after


class _Sorter:
    """Counts places anew, leaves out what comes again, and notices gaps."""

    def __init__(self, found: Survey) -> None:
        self._found = found
        self._due = -1
        """The number of facts, as the file counts them, before the next one. -1: not known yet."""
        self._place = 0
        """As we count them."""
        self._t = 0
        self._notes: set[tuple[int, str]] = set()

    def take(self, offset: int, kind: str, body: Body | None) -> None:
        """The next record."""
        found = self._found
        match body:
            case Chunk():
                self._chunk(offset, body)
            case Kept() if self._reaches(body.seq, body.t):
                found.entries.append((body.t, self._place, offset, kind))
                found.views += 1
            case Note() if (body.t, body.label) not in self._notes:
                self._notes.add((body.t, body.label))
                found.entries.append((body.t, self._place, offset, kind))
            case None:
                found.strange.append(offset)
            case Kept() | Note() | Header() | Index():
                pass

    def _chunk(self, offset: int, chunk: Chunk) -> None:
        if not 0 < chunk.count <= CHUNK_COUNT_MAX:
            return
        if not self._reaches(chunk.seq0, chunk.t0):
            self._found.twice += chunk.count
            return
        self._found.entries.append((chunk.t0, self._place, offset, "E"))
        self._found.facts += chunk.count
        self._due += chunk.count
        self._place += chunk.count
        self._t = max(chunk.t1, chunk.t0)

    def _reaches(self, seq: int, t: int) -> bool:
        """Whether this comes next, after a gap perhaps; False: it is from before."""
        if self._due < 0:
            self._due = self._place = seq
        if seq < self._due or t < self._t:
            return False
        if seq > self._due:
            missing = seq - self._due
            self._found.entries.append((t, self._place, missing, "lost"))
            self._found.missing += missing
            self._due = seq
            self._place += 1
        self._t = t
        return True


def gap(missing: int, t: int) -> Span:
    """What stands where facts are missing."""
    return Span([Fact(OBSERVER, 0, 0, t, t, FactsLost(missing), (), "inferred")], [t])


def mend(path: Path, header: Header, records: Records, found: Survey) -> str:
    """Write what is whole to a new file in this one's place; the old one is kept if anything of it
    is lost. Says what was done. Raises OSError, and then everything is as it was.
    """
    made = path.with_name(f"{path.name}.mending-{os.getpid()}")
    file = create(made)
    try:
        with file:
            _copy(Writer(file, header), records, found)
        kept = "" if found.sound else _put_aside(path)
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    said = f"{path} is whole again: {found.facts:,} facts are kept"
    if found.sentence:
        said += f"; {found.sentence}"
    return f"{said}; {kept} is the file as it was" if kept else said


def _copy(writer: Writer, records: Records, found: Survey) -> None:
    for offset in found.strange:
        _, _, after = records.record(offset)
        writer.carry(records.at(offset, after - offset))
    for t, seq, offset, kind in found.entries:
        if kind == "lost":
            span = gap(offset, t)
            writer.put(Chunk(t, t, seq, 1, CODEC, pack(span.facts, span.seen)))
            continue
        _, body, _ = records.record(offset)
        match body:
            case Chunk():
                writer.put(replace(body, seq0=seq))
            case Kept() | Note():
                writer.put(replace(body, seq=seq))
            case Header() | Index() | None:
                pass
    writer.end()


def _put_aside(path: Path) -> Path:
    """Give the damaged file a second name that nobody has."""
    for number in range(1, COPIES_MAX):
        name = f"{path.name}.damaged" if number == 1 else f"{path.name}.damaged-{number}"
        aside = path.with_name(name)
        try:
            os.link(path, aside)
        except FileExistsError:
            continue
        except OSError:  # a file system without second names
            if aside.exists():
                continue
            path.rename(aside)
        return aside
    raise OSError(f"there are {COPIES_MAX - 1:,} damaged copies of {path.name} already")


def footed(records: Records) -> int:
    """Where the last index is, by the footer at the file's end; -1: there is no footer."""
    tail = records.at(max(0, records.size - TAIL_BYTES), TAIL_BYTES)
    if len(tail) < TAIL_BYTES or not tail.endswith(MAGIC):
        return -1
    offset = int(OFFSET.unpack_from(tail, HEAD.size)[0])
    return offset if tail == footer(offset) else -1
