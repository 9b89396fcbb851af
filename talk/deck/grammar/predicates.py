"""How a condition is written: `MEASURE [ARG ...] (> | >= | < | <= | =) BOUND [UNIT]`.

Decides the grammar, and whether a measure, its arguments and its unit are known. What a measure
reads is `talk.claims`' business: here only its name, its arguments' names and its unit matter, so
that a deck can be read without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, get_args

from talk.deck.deck import ALL, Predicate, Relation
from talk.deck.grammar.source import NUMBER, US, Source, instead, number, shown

RELATIONS: Final[tuple[Relation, ...]] = get_args(Relation)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
_NODE: Final = re.compile(r"n([1-9][0-9]{0,2})")
_ROOM: Final = re.compile(r"room-([1-9][0-9]{0,3})")
_PARTS: Final = re.compile(r"(?P<left>[^<>=≤≥≠!]*)(?P<relation>[<>=≤≥≠!]+)(?P<right>.*)")
_BOUND: Final = re.compile(rf"(?P<number>-?{NUMBER})\s*(?P<unit>[^\s0-9].*)?")
_MEANT: Final = {"==": "=", "≥": ">=", "=>": ">=", "≤": "<=", "=<": "<="}


class Known(Protocol):
    """What a reader must know of a measure."""

    @property
    def args(self) -> Sequence[str]:
        """The names of its arguments; one in brackets may be left out."""
        ...

    @property
    def unit(self) -> str:
        """What it is measured in: `s`, `ms`, `%`, a noun, or nothing."""
        ...


Measures = Mapping[str, Known]


def predicate(source: Source, text: str, line: int, measures: Measures | None) -> Predicate:
    """A condition. `measures`: those there are; None: any name will do."""
    parts = _PARTS.fullmatch(text.strip())
    if parts is None:
        raise source.error(
            line,
            f"{shown(text)} compares nothing; write MEASURE, one of > >= < <= =, and a number or `all`",
        )
    left, right = parts["left"].split(), parts["right"].strip()
    known = _measure(source, left, line, measures)
    relation = _relation(source, parts["relation"], line)
    unit = known.unit if known else None
    bound = _bound(source, right, unit, line)
    said = f"{' '.join(left)} {relation} {right}"
    return Predicate(left[0], tuple(left[1:]), relation, bound, said)


def is_node(text: str) -> int:
    """The number of `n4`; 0: it does not name a node."""
    match = _NODE.fullmatch(text)
    return int(match[1]) if match else 0


def is_room(text: str) -> int:
    """The number of `room-7`; 0: it does not name a room."""
    match = _ROOM.fullmatch(text)
    return int(match[1]) if match else 0


def _relation(source: Source, text: str, line: int) -> Relation:
    for relation in RELATIONS:
        if relation == text:
            return relation
    hint = _MEANT.get(text, "one of > >= < <= =")
    raise source.error(line, f"{shown(text)} is no comparison; write {hint}")


def _measure(
    source: Source, words: list[str], line: int, measures: Measures | None
) -> Known | None:
    if not words:
        raise source.error(line, "a condition begins with what is measured, as in `deaths = 0`")
    name, args = words[0], words[1:]
    if measures is None:
        if not _NAME.fullmatch(name):
            raise source.error(line, f"{shown(name)} is not the name of a measure")
        return None
    known = measures.get(name)
    if known is None:
        raise source.error(line, f"{shown(name)} is not measured; {instead(name, measures)}")
    _arguments(source, name, args, known, line)
    return known


def _arguments(source: Source, name: str, args: list[str], known: Known, line: int) -> None:
    wanted = list(known.args)
    least = sum(not arg.startswith("[") for arg in wanted)
    if not least <= len(args) <= len(wanted):
        takes = " ".join((name, *wanted))
        raise source.error(line, f"write `{takes}`, not {shown(' '.join((name, *args)))}")
    for arg, kind in zip(args, wanted, strict=False):
        if "node" in kind.lower() and not is_node(arg):
            raise source.error(line, f"{name} is of a node, as in n4, not {shown(arg)}")
        if kind == "ROOM" and not is_room(arg):
            raise source.error(line, f"{name} is of a room, as in room-7, not {shown(arg)}")


def _bound(source: Source, text: str, unit: str | None, line: int) -> float:
    if text == "all":
        return ALL
    match = _BOUND.fullmatch(text)
    if match is None:
        what = shown(text) if text else "nothing"
        raise source.error(
            line, f"a bound is a number, with a unit if need be, or `all`, not {what}"
        )
    value, given = number(match["number"]), (match["unit"] or "").strip()
    if value < 0:
        raise source.error(line, f"a bound is not below 0: {shown(text)}; `all` is all there are")
    if unit is None or not given or _same(unit, given):
        # Without the measure at hand, times are kept in the unit they are written in.
        return value
    if unit in US and given in US:
        return value * US[given] / US[unit]
    named = f"in {unit}" if unit else "as a bare number"
    if not unit and given not in US and given != "%":
        return value
    raise source.error(line, f"it is measured {named}, so {shown(text)} cannot be its bound")


def _same(unit: str, given: str) -> bool:
    """One noun, in the singular or the plural."""
    if unit in US or given in US or not unit:
        return unit == given
    return unit.rstrip("s") == given.rstrip("s")
