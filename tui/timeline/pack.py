"""Facts as the bytes of one chunk, and back: columns for the envelopes, rows for the payloads.

What repeats in every envelope is told once a chunk or as a difference from the fact before (lives,
numbers, clocks), which leaves zlib little to do: measured on `tests.bench.timeline.tape`, 14 bytes a
fact where the facts' own msgpack is 101. Each fact keeps both clocks: its node's (`at`) and the
collector's (`seen`), which never runs backwards and is what the time line is made of.

A kind of fact that this version does not know is kept in its place as a `KindUnknown`, and counted. Ignores files (`tui.timeline.rec`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from operator import add, sub
from typing import Final

import msgspec
from msgspec import Struct

from cluster.api.reading import read_payload
from cluster.model.facts import Basis, Fact, FactId, KindUnknown, Payload
from cluster.model.member import NodeId

LEVEL: Final = 1
"""zlib's. 6 would save 15 % of the bytes and cost three times the time."""
CODEC: Final = 1
"""Of what `pack` makes: columns, then zlib. Another way of packing takes another number."""
CHUNK_BYTES_MAX: Final = 64 * 1_048_576
"""Of one chunk unpacked: what a damaged or hostile file can make us hold."""


class DamagedError(Exception):
    """These bytes are not what we wrote. One sentence."""


class Columns(Struct, frozen=True, array_like=True):
    """The envelopes of a chunk. Lists have one entry a fact."""

    lives: list[tuple[NodeId, int]]
    """(node, epoch) of each life that speaks here."""
    who: list[int]
    """Place in `lives`."""
    seq: list[int]
    """Number, from the number before of the same life."""
    at: list[int]
    """The node's clock, from the fact before."""
    hlc: list[int]
    """Hybrid clock, from `at`."""
    seen: list[int]
    """The collector's clock, from the fact before."""
    causes: dict[int, tuple[FactId, ...]]
    """Of the few that have any, by place."""
    basis: dict[int, Basis]
    """Of those that are not "reported", by place."""
    payloads: list[msgspec.Raw]


class Span(Struct, frozen=True):
    """The facts of one chunk."""

    facts: list[Fact]
    seen: list[int]
    """By the collector's clock, microseconds since 1970, never falling."""
    strange: int = 0
    """Facts among them of kinds that this version does not know."""


_encoder = msgspec.msgpack.Encoder()
_columns = msgspec.msgpack.Decoder(Columns)
_payloads = msgspec.msgpack.Decoder(list[Payload])


def pack(facts: Sequence[Fact], seen: Sequence[int]) -> bytes:
    """The bytes of a chunk. `seen` has one time a fact."""
    lives: dict[tuple[NodeId, int], int] = {}
    latest: list[int] = []
    who: list[int] = []
    seq: list[int] = []
    for fact in facts:
        name = (fact.node, fact.epoch)
        life = lives.get(name)
        if life is None:
            life = lives[name] = len(lives)
            latest.append(0)
        who.append(life)
        seq.append(fact.seq - latest[life])
        latest[life] = fact.seq
    clocks = [fact.at for fact in facts]
    at = list(map(sub, clocks, [0, *clocks]))
    hlc = [fact.hlc - fact.at for fact in facts]
    causes = {place: fact.causes for place, fact in enumerate(facts) if fact.causes}
    basis = {place: fact.basis for place, fact in enumerate(facts) if fact.basis != "reported"}
    steps = list(map(sub, seen, [0, *seen]))
    payloads = [fact.payload for fact in facts]
    columns = (list(lives), who, seq, at, hlc, steps, causes, basis, payloads)
    return zlib.compress(_encoder.encode(columns), LEVEL)


def inflate(blob: bytes, bytes_max: int) -> bytes:
    """What was compressed. Raises DamagedError when it is not that, or is more than the bound."""
    engine = zlib.decompressobj()
    try:
        data = engine.decompress(blob, bytes_max)
    except zlib.error as error:
        raise DamagedError(f"it does not unpack ({error})") from None
    if not engine.eof:
        raise DamagedError("it is cut short, or unpacks to more than any chunk")
    return data


def unpack(blob: bytes) -> Span:
    """The facts of a chunk. Raises DamagedError, nothing else."""
    try:
        columns = _columns.decode(inflate(blob, CHUNK_BYTES_MAX))
        payloads, strange = _read(columns.payloads)
        return _whole(columns, payloads, strange)
    except (msgspec.MsgspecError, IndexError, ValueError, RecursionError) as error:
        raise DamagedError(f"it does not read as facts ({error})") from None


def _whole(columns: Columns, payloads: list[Payload], strange: int) -> Span:
    count = len(payloads)
    sizes = {
        len(each) for each in (columns.who, columns.seq, columns.at, columns.hlc, columns.seen)
    }
    if sizes != {count}:
        raise ValueError("its columns are not equally long")
    latest = [0] * len(columns.lives)
    numbers: list[int] = []
    for who, step in zip(columns.who, columns.seq, strict=True):
        number = latest[who] = latest[who] + step
        numbers.append(number)
    nodes = [columns.lives[who][0] for who in columns.who]
    epochs = [columns.lives[who][1] for who in columns.who]
    clocks = list(accumulate(columns.at))
    hybrid = map(add, clocks, columns.hlc)
    no_causes: tuple[FactId, ...] = ()
    causes = map(columns.causes.get, range(count), repeat(no_causes))
    basis: Iterable[Basis] = repeat("reported")
    if columns.basis:
        basis = [columns.basis.get(place, "reported") for place in range(count)]
    facts = list(map(Fact, nodes, epochs, numbers, clocks, hybrid, payloads, causes, basis))
    return Span(facts, list(accumulate(columns.seen)), strange)


def _read(rows: list[msgspec.Raw]) -> tuple[list[Payload], int]:
    """The payloads, and how many of them are of no kind that we know."""
    try:
        return _payloads.decode(_encoder.encode(rows)), 0
    except msgspec.ValidationError:
        pass
    payloads: list[Payload] = []
    strange = 0
    for row in rows:
        payload = read_payload(row)
        strange += isinstance(payload, KindUnknown)
        payloads.append(payload)
    return payloads, strange
