"""What a writer of decks asks: every word there is (`talk --words`), what is poor about a deck (`--lint`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.command.saying import FINE, NOT_FINE, show

if TYPE_CHECKING:
    from talk.deck.deck import Deck
    from talk.deck.lint import Complaint


def words() -> int:
    """List them."""
    from cluster.sim.pairs.registry import PAIRS
    from talk.claims.measures import MEASURES
    from talk.deck.manual import manual

    return show(manual(MEASURES, {name: pair.do for name, pair in PAIRS.items()}))


def complaints(deck: Deck) -> list[Complaint]:
    """All there are about a deck that could be read, by line."""
    from talk.deck.lint import lint
    from talk.deck.presenterm import refused
    from talk.deck.reading import from_disk
    from talk.stage.overflow import overflowing

    found = [*lint(deck), *refused(from_disk(deck.path), deck.path), *overflowing(deck)]
    return sorted(found, key=lambda complaint: complaint.line)


def lint(deck: Deck) -> int:
    """Say them; not fine when there are any."""
    found = complaints(deck)
    said = [f"{deck.path}:{complaint.line}: {complaint.sentence}" for complaint in found]
    show(said or f"{deck.path}: nothing to complain of")
    return NOT_FINE if found else FINE
