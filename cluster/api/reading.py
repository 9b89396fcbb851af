"""Facts from bytes, also those of a newer version: what cannot be read keeps its place.

A kind of fact that this version does not know, or whose fields have changed, becomes a `KindUnknown`.
Bytes that are no facts at all are an error, as ever.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from cluster.model.facts import Basis, Fact, FactId, KindUnknown, Payload
from cluster.model.member import NodeId

KIND_MAX: Final = 40
"""Characters of a kind's name that are kept."""
_facts = msgspec.msgpack.Decoder(list[Fact])
_payload = msgspec.msgpack.Decoder(Payload)
_parts = msgspec.msgpack.Decoder(list[msgspec.Raw])
_text = msgspec.msgpack.Decoder(str)


class _Envelope(Struct, frozen=True, array_like=True):
    """A fact whose payload is not looked into."""

    node: NodeId
    epoch: int
    seq: int
    at: int
    hlc: int
    payload: msgspec.Raw
    causes: tuple[FactId, ...] = ()
    basis: Basis = "reported"


_one = msgspec.msgpack.Decoder(Fact)
_envelope = msgspec.msgpack.Decoder(_Envelope)
_envelopes = msgspec.msgpack.Decoder(list[_Envelope])


def _fact_of(e: _Envelope) -> Fact:
    payload = read_payload(e.payload)
    return Fact(e.node, e.epoch, e.seq, e.at, e.hlc, payload, e.causes, e.basis)


def read_facts(data: bytes) -> list[Fact]:
    """All facts of a message. Raises msgspec.MsgspecError when it does not hold facts."""
    try:
        return _facts.decode(data)
    except msgspec.ValidationError:
        return [_fact_of(each) for each in _envelopes.decode(data)]


def read_fact(data: bytes) -> Fact:
    """One fact. Raises msgspec.MsgspecError when it is none."""
    try:
        return _one.decode(data)
    except msgspec.ValidationError:
        return _fact_of(_envelope.decode(data))


def read_payload(raw: msgspec.Raw) -> Payload:
    """One payload; one that cannot be read is a `KindUnknown`."""
    try:
        return _payload.decode(raw)
    except msgspec.ValidationError:
        return KindUnknown(_kind(raw))


def _kind(raw: msgspec.Raw) -> str:
    """The tag in front, if there is one that can be shown."""
    try:
        parts = _parts.decode(raw)
        kind = _text.decode(parts[0]) if parts else ""
    except msgspec.ValidationError:
        return ""
    return kind[:KIND_MAX] if kind.isprintable() else ""
