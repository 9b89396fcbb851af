"""Reading the external term format: bytes of another machine, so nothing in them is believed.

Every length is compared with what is there before anything of that length is made, and a term may
have so many parts and be nested so deep and no more. Whatever is wrong is one error, `TermError`.
Not read: the atom cache and distribution headers (we say that we do not know them), compressed
terms and terms that only their own node can read (neither is sent to another node).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from struct import Struct as Layout
from typing import Final

from tui.sources.foreign.erlang.terms import (
    ATOM_MAX,
    INTEGER_BYTES_MAX,
    VERSION,
    Atom,
    Bits,
    Improper,
    Map,
    Opaque,
    Pid,
    Port,
    Record,
    Ref,
    Term,
    TermError,
)

DEPTH_MAX: Final = 64
PARTS_MAX: Final = 500_000
"""In one term, all of its parts and theirs counted."""
REF_WORDS_MAX: Final = 5
U16: Final = Layout(">H")
U32: Final = Layout(">I")
I32: Final = Layout(">i")
U64: Final = Layout(">Q")
FLOAT: Final = Layout(">d")
FLOAT_TEXT: Final = 31


def decoded(data: bytes, at: int = 0) -> tuple[Term, int]:
    """(the term that begins at `at`, where it ends). Raises TermError."""
    reader = Reader(data, at)
    if reader.byte() != VERSION:
        raise TermError("no version before a term")
    return reader.term(0), reader.at


def addressed(data: bytes, at: int = 0) -> Term:
    """The first of the two parts of a pair, whatever the second is. Raises TermError."""
    reader = Reader(data, at)
    if reader.take(3) != bytes((VERSION, 104, 2)):
        raise TermError("no pair")
    return reader.term(1)


class Reader:
    """Where in some bytes the reading is."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at
        self.parts = 0

    # --- plain pieces ----------------------------------------------------------------------------

    def take(self, size: int) -> bytes:
        """So many bytes."""
        end = self.at + size
        if end > len(self.data):
            raise TermError("a term that ends early")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def byte(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def number(self, layout: Layout) -> int:
        """One number of fixed size."""
        value: int = layout.unpack(self.take(layout.size))[0]
        return value

    def count(self, layout: Layout, least: int) -> int:
        """How many parts follow, each of at least so many bytes."""
        found = self.byte() if layout is U8 else self.number(layout)
        self.parts += found
        if self.parts > PARTS_MAX or found * least > len(self.data) - self.at:
            raise TermError("a term of more parts than were sent or are asked for")
        return found

    # --- terms -----------------------------------------------------------------------------------

    def term(self, depth: int) -> Term:
        """One term, without a version before it."""
        if depth > DEPTH_MAX:
            raise TermError("a term nested deeper than any that is asked for")
        read = KINDS.get(self.byte())
        if read is None:
            raise TermError(f"a term of an unknown kind ({self.data[self.at - 1]})")
        return read(self, depth + 1)

    def atom(self) -> Atom:
        """A term that has to be an atom: the name of a node, a module, a field."""
        found = self.term(DEPTH_MAX)
        if not isinstance(found, Atom):
            raise TermError("a name that is no atom")
        return found

    def named(self, raw: bytes, encoding: str = "utf-8") -> Atom:
        """An atom of these bytes."""
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            raise TermError("an atom that is no text") from None
        if len(text) > ATOM_MAX:
            raise TermError("an atom longer than one may be")
        return Atom(text)

    def several(self, count: int, depth: int) -> list[Term]:
        """So many terms."""
        return [self.term(depth) for _ in range(count)]

    def listed(self, depth: int) -> Term:
        """A list, and how it ends."""
        items = self.several(self.count(U32, 1), depth)
        tail = self.term(depth)
        if isinstance(tail, list) and not tail:
            return items
        return Improper(tuple(items), tail)

    def mapped(self, depth: int) -> Term:
        """A map."""
        count = self.count(U32, 2)
        return Map(tuple((self.term(depth), self.term(depth)) for _ in range(count)))

    def record(self, depth: int) -> Record:
        """A native record: names of all its fields, then their values."""
        count = self.count(U32, 3)  # an empty atom and its value
        flags = self.byte()
        module, name = self.atom(), self.atom()
        fields = tuple(self.atom() for _ in range(count))
        return Record(module, name, fields, tuple(self.several(count, depth)), flags)

    def integer(self, size: int) -> int:
        """A large one: its sign, then its bytes from the lowest."""
        if size > INTEGER_BYTES_MAX:
            raise TermError("an integer larger than any that is asked for")
        negative = self.byte()
        value = int.from_bytes(self.take(size), "little")
        return -value if negative else value

    def float(self) -> float:
        """Eight bytes; Erlang has neither infinities nor what is no number."""
        value: float = FLOAT.unpack(self.take(8))[0]
        return _finite(value)

    def float_text(self) -> float:
        """Written out, as very old nodes did."""
        text = self.take(FLOAT_TEXT).partition(b"\0")[0]
        try:
            return _finite(float(text))
        except ValueError:
            raise TermError("a float that is none") from None

    def bits(self) -> Bits:
        """A binary that ends within a byte."""
        size = self.number(U32)
        last = self.byte()
        if not 1 <= last <= 8 or not size:
            raise TermError("a bit string that ends nowhere")
        return Bits(self.take(size), last)

    def reference(self, words: int, creation: Layout) -> Ref:
        """Its node, its creation, its words."""
        if not 1 <= words <= REF_WORDS_MAX:
            raise TermError("a reference of an unknown length")
        node = self.atom()
        born = self.byte() if creation is U8 else self.number(creation)
        return Ref(node, born, tuple(self.number(U32) for _ in range(words)))

    def port(self, number: Layout, creation: Layout) -> Port:
        """Its node, its number, its creation."""
        node, id_ = self.atom(), self.number(number)
        return Port(node, id_, self.byte() if creation is U8 else self.number(creation))

    def pid(self, creation: Layout) -> Pid:
        """Its node, its number, its serial, its creation."""
        node, id_, serial = self.atom(), self.number(U32), self.number(U32)
        return Pid(node, id_, serial, self.byte() if creation is U8 else self.number(creation))

    def function(self) -> Opaque:
        """A closure: its size comes first, and counts itself."""
        began = self.at
        size = self.number(U32)
        if size < U32.size:
            raise TermError("a function without a body")
        self.take(size - U32.size)
        return Opaque(b"p" + self.data[began : self.at])

    def export(self) -> Opaque:
        """fun module:name/arity."""
        began = self.at
        self.atom()
        self.atom()
        if self.byte() != 97:
            raise TermError("a function without an arity")
        self.byte()
        return Opaque(b"q" + self.data[began : self.at])


U8: Final = Layout(">B")
Read = Callable[[Reader, int], Term]
KINDS: Final[dict[int, Read]] = {
    67: lambda r, depth: r.record(depth),
    70: lambda r, _: r.float(),
    77: lambda r, _: r.bits(),
    88: lambda r, _: r.pid(U32),
    89: lambda r, _: r.port(U32, U32),
    90: lambda r, _: r.reference(r.number(U16), U32),
    97: lambda r, _: r.byte(),
    98: lambda r, _: r.number(I32),
    99: lambda r, _: r.float_text(),
    100: lambda r, _: r.named(r.take(r.number(U16)), "latin-1"),
    102: lambda r, _: r.port(U32, U8),
    103: lambda r, _: r.pid(U8),
    104: lambda r, depth: tuple(r.several(r.count(U8, 1), depth)),
    105: lambda r, depth: tuple(r.several(r.count(U32, 1), depth)),
    106: lambda _r, _: [],
    107: lambda r, _: list(r.take(r.number(U16))),
    108: lambda r, depth: r.listed(depth),
    109: lambda r, _: r.take(r.number(U32)),
    110: lambda r, _: r.integer(r.byte()),
    111: lambda r, _: r.integer(r.number(U32)),
    112: lambda r, _: r.function(),
    113: lambda r, _: r.export(),
    114: lambda r, _: r.reference(r.number(U16), U8),
    115: lambda r, _: r.named(r.take(r.byte()), "latin-1"),
    116: lambda r, depth: r.mapped(depth),
    118: lambda r, _: r.named(r.take(r.number(U16))),
    119: lambda r, _: r.named(r.take(r.byte())),
    120: lambda r, _: r.port(U64, U32),
}
"""By tag."""


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise TermError("a float that Erlang does not have")
    return value
