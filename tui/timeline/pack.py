"""Facts as the bytes of one chunk, and back: columns for the envelopes, rows for the payloads.

What repeats in every envelope is told once a chunk or as a difference from the fact before (lives,
numbers, clocks), which leaves zlib little to do: measured on `tests.bench.timeline.tape`, 14 bytes a
fact where the facts' own msgpack is 101. Each fact keeps both clocks: its node's (`at`) and the
collector's (`seen`), which never runs backwards and is what the time line is made of.

A kind of fact that this version does not know is kept in its place as a `FactsLost(0)`, which a
fold shows nothing of, and counted. Ignores files (`tui.timeline.rec`).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from cluster.model.facts import Basis, Fact, FactId, FactsLost, Payload
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
_payload = msgspec.msgpack.Decoder(Payload)


def pack(facts: Sequence[Fact], seen: Sequence[int]) -> bytes:
    """The bytes of a chunk. `seen` has one time a fact."""
    lives: dict[tuple[NodeId, int], int] = {}
    latest: list[int] = []
    who: list[int] = []
    seq: list[int] = []
    at: list[int] = []
    hlc: list[int] = []
    causes: dict[int, tuple[FactId, ...]] = {}
    basis: dict[int, Basis] = {}
    before = 0
    for place, fact in enumerate(facts):
        life = lives.get((fact.node, fact.epoch))
        if life is None:
            life = lives[fact.node, fact.epoch] = len(lives)
            latest.append(0)
        who.append(life)
        seq.append(fact.seq - latest[life])
        latest[life] = fact.seq
        at.append(fact.at - before)
        before = fact.at
        hlc.append(fact.hlc - fact.at)
        if fact.causes:
            causes[place] = fact.causes
        if fact.basis != "reported":
            basis[place] = fact.basis
    steps = [now - then for then, now in zip([0, *seen], seen, strict=False)]
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
    latest = [0] * len(columns.lives)
    at = seen = 0
    facts: list[Fact] = []
    times: list[int] = []
    clocks = zip(columns.at, columns.hlc, columns.seen, strict=True)
    rows = zip(columns.who, columns.seq, clocks, payloads, strict=True)
    no_causes: tuple[FactId, ...] = ()
    causes, basis = columns.causes, columns.basis
    for place, (who, seq, (step, hlc, pause), payload) in enumerate(rows):
        node, epoch = columns.lives[who]
        latest[who] += seq
        at += step
        seen += pause
        cause = causes.get(place, no_causes) if causes else no_causes
        how: Basis = basis.get(place, "reported") if basis else "reported"
        facts.append(Fact(node, epoch, latest[who], at, at + hlc, payload, cause, how))
        times.append(seen)
    return Span(facts, times, strange)


def _read(rows: list[msgspec.Raw]) -> tuple[list[Payload], int]:
    """The payloads, and how many of them are of no kind that we know."""
    try:
        return _payloads.decode(_encoder.encode(rows)), 0
    except msgspec.ValidationError:
        pass
    payloads: list[Payload] = []
    strange = 0
    for row in rows:
        try:
            payloads.append(_payload.decode(row))
        except msgspec.ValidationError:
            payloads.append(FactsLost(0))
            strange += 1
    return payloads, strange
