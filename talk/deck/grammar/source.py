"""Where a mistake is, and what to write instead; and the pieces every block of a deck is made of.

Decides how a line of a block is cut into words, what a comment in it is, how a duration and a number
are written, and how the nearest known word is found. Ignores what the words mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NamedTuple

from talk.deck.deck import DeckError

US: Final[dict[str, int]] = {
    "us": 1,
    "ms": 1000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
}
"""Units of time, in microseconds."""
NUMBER: Final = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
_DURATION: Final = re.compile(rf"({NUMBER})\s*(us|ms|s|min|h)")
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(?<![^\s])#(?=\s|$).*|[^\s"]+|(")')
_LONGEST_S: Final = 24 * 3600
"""A day: a longer duration in a talk is a slip of the pen."""
_SHOWN_MAX: Final = 60
"""Characters of what somebody wrote that an error repeats."""


class Word(NamedTuple):
    """One word of a line; of a quoted one, what stands between the quotes."""

    text: str
    quoted: bool = False


class Source:
    """One file being read: makes errors that name it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def error(self, line: int, sentence: str) -> DeckError:
        """A mistake on a line (from 1)."""
        return DeckError(self.path, max(1, line), sentence)

    def words(self, text: str, line: int) -> list[Word]:
        """A line's words, without its comment. Raises when a quote is not closed."""
        if text.lstrip().startswith("#"):
            return []
        found: list[Word] = []
        for match in _WORD.finditer(text):
            if match[2]:
                raise self.error(line, 'a " is opened and never closed; end the caption with "')
            if match[1] is not None:
                found.append(Word(re.sub(r"\\(.)", r"\1", match[1]), quoted=True))
            elif not match[0].startswith("#") or match[0][1:2].strip():
                found.append(Word(match[0]))
        return found

    def bare(self, text: str, line: int) -> list[str]:
        """A line's words where nothing may be quoted."""
        found = self.words(text, line)
        quoted = next((word for word in found if word.quoted), None)
        if quoted is not None:
            raise self.error(
                line, f"nothing is quoted here; write {shown(quoted.text)} without quotes"
            )
        return [word.text for word in found]

    def duration(self, text: str, line: int, what: str) -> int:
        """Microseconds of `3s`, `250ms`, `1.5min`. `what` it is for, in an error."""
        match = _DURATION.fullmatch(text)
        if match is None:
            hint = f"{text}s" if re.fullmatch(NUMBER, text) else "3s, 500ms or 2min"
            raise self.error(
                line, f"{what} is a time with its unit, as in {hint}, not {shown(text)}"
            )
        us = round(number(match[1]) * US[match[2]])
        if us > _LONGEST_S * US["s"]:
            raise self.error(line, f"{what} is longer than a day: {shown(text)}")
        return us


def number(text: str) -> float:
    """A number as it is written: `0.5`, `499,500`."""
    return float(text.replace(",", ""))


def shown(text: str) -> str:
    """What somebody wrote, quoted and short, for an error."""
    text = " ".join(text.split())
    return f"“{text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + '…'}”"


def instead(word: str, known: Iterable[str], *, most: int = 40) -> str:
    """What to write instead of an unknown word: the nearest known one, or all there are."""
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    if len(names) > most:
        return "see ./demo.sh talk --words"
    return f"write one of: {', '.join(names)}"
