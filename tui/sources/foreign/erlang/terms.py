"""Erlang's terms as values, and how they are written in the external term format.

Knows every term that another node can send (OTP 23 to 29). What a reader has no use for (functions)
is kept as it came, and not looked into. Reading is `decoding.py`'s. The format is erts'
erl_ext_dist.
"""

from __future__ import annotations

from struct import pack
from typing import Final, TypeAlias

from msgspec import Struct

VERSION: Final = 131
"""Comes before every term that is not inside another."""
ATOM_MAX: Final = 255
"""Characters; so says Erlang."""
INTEGER_BYTES_MAX: Final = 1_024


Identity: TypeAlias = "Pid | Port | Ref"
Flat: TypeAlias = "int | float | Atom | bytes | Bits | Opaque | Identity"
Parts: TypeAlias = "list[Term] | tuple[Term, ...] | Improper | Map | Record"
Term: TypeAlias = "Flat | Parts"
"""Any of them."""


class TermError(Exception):
    """Bytes that are no term, or one that is larger than anything a reader asks for."""


class Atom(str):
    """A name. Compares with text, so that `term == "ok"` reads as it does there."""

    __slots__ = ()


class Pid(Struct, frozen=True):
    """A process."""

    node: Atom
    id: int
    serial: int
    creation: int


class Port(Struct, frozen=True):
    """A port."""

    node: Atom
    id: int
    creation: int


class Ref(Struct, frozen=True):
    """A reference: unique words of one node."""

    node: Atom
    creation: int
    words: tuple[int, ...]


class Bits(Struct, frozen=True):
    """A binary whose last byte counts only `last` bits."""

    data: bytes
    last: int


class Map(Struct, frozen=True):
    """A map, as pairs: keys may be of any kind."""

    pairs: tuple[tuple[Term, Term], ...]


class Improper(Struct, frozen=True):
    """A list that does not end in an empty one."""

    items: tuple[Term, ...]
    tail: Term


class Record(Struct, frozen=True):
    """A native record (OTP 29): whose, its name, and its fields in order."""

    module: Atom
    name: Atom
    fields: tuple[Atom, ...]
    values: tuple[Term, ...]
    flags: int = 0
    """1: other modules may look into it."""


class Opaque(Struct, frozen=True):
    """Something that only Erlang can use, as it came, its tag included."""

    raw: bytes


NIL: Final = b"j"
INT_MIN: Final = -(1 << 31)
INT_END: Final = 1 << 31


def encoded(term: Term) -> bytes:
    """A whole term, with the version before it. Raises TermError."""
    parts = [bytes((VERSION,))]
    _write(term, parts)
    return b"".join(parts)


def _write(term: Term, parts: list[bytes]) -> None:
    match term:
        case Atom():
            parts.append(_atom(term))
        case int():
            parts.append(_integer(term))
        case float():
            parts.append(pack(">Bd", 70, term))
        case bytes():
            parts += (pack(">BI", 109, len(term)), term)
        case Bits():
            parts += (pack(">BIB", 77, len(term.data), term.last), term.data)
        case Opaque():
            parts.append(term.raw)
        case Pid() | Port() | Ref():
            _write_identity(term, parts)
        case tuple() | list() | Improper() | Map() | Record():
            _write_parts(term, parts)


def _write_parts(term: Parts, parts: list[bytes]) -> None:
    inner: list[Term] = []
    end: Term | None = None
    match term:
        case tuple():
            small = len(term) < 256
            parts.append(pack(">BB", 104, len(term)) if small else pack(">BI", 105, len(term)))
            inner += term
        case list():
            if term:
                parts.append(pack(">BI", 108, len(term)))
            inner, end = term, []
        case Improper():
            parts.append(pack(">BI", 108, len(term.items)))
            inner, end = list(term.items), term.tail
        case Map():
            parts.append(pack(">BI", 116, len(term.pairs)))
            inner += (each for pair in term.pairs for each in pair)
        case Record():
            parts.append(pack(">BIB", 67, len(term.fields), term.flags))
            inner += (term.module, term.name, *term.fields, *term.values)
    for each in inner:
        _write(each, parts)
    if isinstance(end, list) and not end:
        parts.append(NIL)
    elif end is not None:
        _write(end, parts)


def _write_identity(term: Pid | Port | Ref, parts: list[bytes]) -> None:
    match term:
        case Pid():
            tail = pack(">III", term.id, term.serial, term.creation)
            parts += (b"X", _atom(term.node), tail)
        case Port():
            parts += (b"x", _atom(term.node), pack(">QI", term.id, term.creation))
        case Ref():
            words = term.words
            head, tail = (
                pack(">BH", 90, len(words)),
                pack(f">{len(words) + 1}I", term.creation, *words),
            )
            parts += (head, _atom(term.node), tail)


def _atom(name: str) -> bytes:
    raw = name.encode()
    if len(name) > ATOM_MAX:
        raise TermError(f"{name[:20]}… is longer than an atom may be")
    if len(raw) < 256:
        return pack(">BB", 119, len(raw)) + raw
    return pack(">BH", 118, len(raw)) + raw


def _integer(value: int) -> bytes:
    if 0 <= value < 256:
        return bytes((97, value))
    if INT_MIN <= value < INT_END:
        return pack(">Bi", 98, value)
    size = (abs(value).bit_length() + 7) // 8
    if size > INTEGER_BYTES_MAX:
        raise TermError("an integer larger than any that is asked for")
    head = pack(">BBB", 110, size, value < 0) if size < 256 else pack(">BIB", 111, size, value < 0)
    return head + abs(value).to_bytes(size, "little")
