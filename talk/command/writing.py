"""What a writer of decks asks: every word there is (`talk --words`), what is poor about a deck (`--lint`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.command.saying import FINE, NOT_FINE, CommandError, show

if TYPE_CHECKING:
    from talk.deck.deck import Deck
    from talk.deck.lint import Complaint


DECK_WRONG: Final = 3
"""The exit code for a deck with a mistake in it."""


def words() -> int:
    """List them."""
    from cluster.sim.pairs.registry import PAIRS
    from talk.claims.measures import MEASURES
    from talk.deck.manual import manual

    return show(manual(MEASURES, {name: pair.do for name, pair in PAIRS.items()}))


def complaints(deck: Deck) -> list[Complaint]:
    """All there are about a deck that could be read, file by file."""
    from talk.deck.lint import lint
    from talk.deck.presenterm import refused
    from talk.deck.reading import from_disk
    from talk.stage.overflow import overflowing

    files = list(dict.fromkeys([deck.path, *(slide.path for slide in deck.slides)]))
    found = [*lint(deck), *overflowing(deck)]
    found += [said for path in files for said in refused(from_disk(path), path)]
    return sorted(found, key=lambda said: (files.index(said.path), said.line))


def lint(path: Path) -> int:
    """Say all that is wrong about one, or else all that is poor; not fine when there is any."""
    from cluster.sim.pairs.registry import PAIRS
    from talk.claims.measures import MEASURES
    from talk.deck.reading import mistakes, open_deck

    known, pairs = MEASURES, frozenset(PAIRS)
    wrong = mistakes(str(path), measures=known, pairs=pairs)
    if wrong:
        raise CommandError("\n".join(map(str, wrong)), DECK_WRONG)
    deck = open_deck(str(path), measures=known, pairs=pairs)
    found = complaints(deck)
    show([str(complaint) for complaint in found] or f"{deck.path}: nothing to complain of")
    return NOT_FINE if found else FINE
