"""A small deck, and pieces that tests put into it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from talk.deck.deck import Deck, DeckError
from talk.deck.reading import read_deck


@dataclass(frozen=True)
class Measure:
    """As much of a measure as a reader knows."""

    args: tuple[str, ...] = ()
    unit: str = ""


MEASURES = {
    "views": Measure(),
    "deaths": Measure(),
    "suspecting": Measure(("NODE",), "nodes"),
    "queue": Measure(("[NODE]",)),
    "availability": Measure((), "%"),
    "longest-outage-s": Measure((), "s"),
    "lag-ms": Measure((), "ms"),
    "answers-in": Measure(("ROOM",)),
}
PAIRS = frozenset({"two-masters", "write-one"})
CUE = """\
start nodes=5 rooms=12
on enter as die
kill n4
wait suspecting n4 >= 1 within 3s
"""


def read(text: str, **files: str) -> Deck:
    """A deck; `files`: what it can include, `more` for `more.md`."""

    def load(path: str) -> str:
        name = path.removesuffix(".md")
        if name not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return files[name]

    return read_deck(text, "deck.md", measures=MEASURES, pairs=PAIRS, load=load)


def mistake(text: str, **files: str) -> DeckError:
    """What is wrong with it."""
    with pytest.raises(DeckError) as caught:
        read(text, **files)
    return caught.value


def fenced(language: str, body: str) -> str:
    """A fenced block; its first line inside is the second of the text."""
    return f"```{language}\n{body.rstrip()}\n```\n"
