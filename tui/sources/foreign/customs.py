"""What others sent, as it may enter: the one place that all of a foreign cluster passes. Pure.

Whoever is looked at may call himself anything and may count to any number. Names become names that can
be drawn and that recordings hold; text loses what would move a terminal's cursor, turn its lines around
or not be UTF-8; numbers stay within what a file can hold; everything has a length. An adapter checks
what its own protocol needs, and nothing depends on that here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from math import isfinite
from typing import Final

from msgspec.structs import replace

from cluster.model.facts import (
    Payload,
    ProbeMissed,
    SuspicionConfirmed,
    SuspicionRaised,
    SuspicionRefuted,
)
from cluster.model.member import ADDRESS_PATTERN, NOBODY, Address, NodeId
from tui.sources.foreign.seen import NO_ADDRESS, Look, Opinion, Row
from tui.view import LAB, OBSERVER

NAME_MAX: Final = 64
SENTENCE_MAX: Final = 300
LABEL_MAX: Final = 40
WORDS_MAX: Final = 300
LINES_MAX: Final = 40
"""Of what only an engine has."""
NUMBER_MAX: Final = 2**53
"""As `Count`: it can still be added to."""
RATE_MAX: Final = 1e9
_OURS: Final = frozenset({LAB, OBSERVER})
"""Who speaks in facts and is no node: a node of this name would be taken for us."""
_UNNAMEABLE: Final = re.compile(r"[^A-Za-z0-9_.@-]")
_MARK: Final = 5


@lru_cache(maxsize=65_536)
def named(name: str) -> NodeId:
    """A name that screens and recordings can hold; of another name, one that stays apart from all others.

    Empty: it is no name.
    """
    clean = _UNNAMEABLE.sub("-", name[: 4 * NAME_MAX])
    if clean == name and len(name) <= NAME_MAX and name not in _OURS:
        return NodeId(name)
    mark = blake2b(name.encode(errors="surrogatepass"), digest_size=2).hexdigest()
    return NodeId(f"{clean[: NAME_MAX - _MARK]}.{mark}")


def sentence(text: str, most: int = SENTENCE_MAX) -> str:
    """Text of others that can be printed: what is no sign of writing is a question mark."""
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


@lru_cache(maxsize=65_536)
def placed(address: str) -> Address:
    """An address, or none."""
    fits = re.match(ADDRESS_PATTERN, address) and not address.endswith("\n")
    return Address(address) if fits else NO_ADDRESS


def number(given: int) -> int:
    """A count or a time: never less than nothing, never more than fits."""
    return min(max(given, 0), NUMBER_MAX)


def told(payload: Payload) -> Payload:
    """Of what is overheard, the same."""
    match payload:
        case SuspicionRaised() | SuspicionConfirmed():
            subject, accuser = named(payload.subject), payload.accuser
            return replace(payload, subject=subject, accuser=named(accuser) if accuser else NOBODY)
        case SuspicionRefuted(accuser=accuser):
            return replace(payload, accuser=named(accuser) if accuser else NOBODY)
        case ProbeMissed():
            return replace(payload, target=named(payload.target))
        case _:
            return payload


def admitted(look: Look) -> Look:
    """A look, with nothing in it that could harm who sees or keeps it."""
    rows = {row.name: row for row in map(_row, look.rows.values()) if row.name}
    silent = {_silent(name): sentence(why) for name, why in look.silent.items() if name}
    return replace(look, rows=rows, silent={n: why for n, why in silent.items() if n not in rows})


def _silent(name: str) -> NodeId:
    """Who never said its name is known by its address."""
    return NodeId(placed(name)) or named(name)


def _row(row: Row) -> Row:
    ring, rule = row.ring, row.rule
    if ring is not None and any(named(name) != name for name in ring.members):
        ring = replace(ring, members=tuple(map(named, ring.members)))
    rate = row.operations_per_s
    return replace(
        row,
        name=named(row.name),
        opinions={named(n): _opinion(held) for n, held in row.opinions.items() if n},
        window=placed(row.window),
        engine=sentence(row.engine, LABEL_MAX),
        # A time beyond all clocks is none.
        started_at=row.started_at if 0 < row.started_at < NUMBER_MAX else 0,
        health=number(row.health),
        heard=_numbers(row.heard),
        ring=ring,
        rule=replace(
            rule,
            master=named(rule.master) if rule.master else NOBODY,
            term=number(rule.term),
        ),
        reports=_numbers(row.reports),
        keys=number(row.keys),
        operations_per_s=min(max(rate, 0.0), RATE_MAX) if isfinite(rate) else 0.0,
        lag_us=number(row.lag_us),
        resident_bytes=number(row.resident_bytes),
        round_trips=_numbers(row.round_trips),
        extras=tuple(
            (sentence(what, LABEL_MAX), sentence(much, WORDS_MAX))
            for what, much in row.extras[:LINES_MAX]
        ),
    )


def _opinion(held: Opinion) -> Opinion:
    address = placed(held.address)
    return held if address == held.address else Opinion(held.state, address)


def _numbers(given: dict[NodeId, int]) -> dict[NodeId, int]:
    return {named(name): number(each) for name, each in given.items() if name}
