"""How a live picture is written: `KIND [SUBJECT] [key=value ...] [place=right|below|whole]`."""

from __future__ import annotations

import re
from typing import Final, get_args

from talk.deck.deck import Live, Place
from talk.deck.grammar.source import Source, instead, shown
from talk.deck.words import LIVES, OVERLAYS, Shown

PLACES: Final[tuple[Place, ...]] = get_args(Place)
_OPTION: Final = re.compile(r"([a-z][a-z0-9-]*)=(\S+)")


def live(source: Source, words: list[str], line: int, pairs: frozenset[str] | None) -> Live:
    """A picture. `pairs`: the names of those there are; None: any will do."""
    if not words:
        raise source.error(line, f"say what is shown; {instead('', LIVES)}")
    kind = LIVES.get(words[0])
    if kind is None:
        raise source.error(line, f"{shown(words[0])} cannot be shown; {instead(words[0], LIVES)}")
    subjects = [word for word in words[1:] if "=" not in word]
    options: dict[str, str] = {}
    for word in words[1:]:
        if "=" in word:
            match = _OPTION.fullmatch(word)
            if match is None:
                raise source.error(line, f"an option is written key=value, not {shown(word)}")
            if match[1] in options:
                raise source.error(line, f"{match[1]} is given twice")
            options[match[1]] = match[2]
    place = _place(source, options.pop("place", kind.place), line)
    subject = _subject(source, kind, subjects, line)
    if kind.name == "pair" and pairs is not None and subject not in pairs:
        raise source.error(line, f"there is no pair {shown(subject)}; {instead(subject, pairs)}")
    if kind.name == "overlay" and subject and subject not in OVERLAYS:
        raise source.error(line, f"there is no wave {shown(subject)}; {instead(subject, OVERLAYS)}")
    return Live(kind.name, subject, options, place, line)


def _subject(source: Source, kind: Shown, subjects: list[str], line: int) -> str:
    wanted = kind.takes.split()
    if len(subjects) > len(wanted):
        takes = " ".join((kind.name, *wanted))
        raise source.error(
            line, f"write `{takes}`: {kind.name} has no place for {shown(subjects[len(wanted)])}"
        )
    if not subjects and wanted and not wanted[0].startswith("["):
        raise source.error(line, f"say of what: `{kind.name} {kind.takes}`")
    return subjects[0] if subjects else ""


def _place(source: Source, text: str, line: int) -> Place:
    for place in PLACES:
        if place == text:
            return place
    raise source.error(line, f"a picture's place is {', '.join(PLACES)}, not {shown(text)}")
