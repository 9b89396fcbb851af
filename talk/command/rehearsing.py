"""Recordings of a talk: `talk --rehearse` makes one, `--from` tells the talk out of one, `R` falls back to one."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui.command.saying import NOT_FINE, CommandError, say, warn

if TYPE_CHECKING:
    from talk.deck.deck import Deck
    from talk.grounds.recorded import RecordedGround
    from talk.rehearsal import Rehearsal
    from talk.stage.performance import Performance


def recorded(deck: Deck, path: Path, *, real: bool) -> RecordedGround:
    """The ground of a recording that was asked for by name."""
    from talk.grounds.ground import GroundError
    from talk.grounds.recorded import open_recording

    try:
        ground = open_recording(path, deck, real=real)
    except GroundError as error:
        raise CommandError(str(error), NOT_FINE) from None
    warn(ground.trouble)
    return ground


def fallback(deck: Deck, performance: Performance) -> None:
    """Give it the recording that the deck names, if it is there and can be used."""
    from talk.grounds.ground import GroundError
    from talk.grounds.recorded import open_recording

    path = Path(deck.path).parent / deck.fallback if deck.fallback else None
    if path is None or not path.exists():
        return
    try:
        performance.recording = recording = open_recording(path, deck)
        performance.director.notice = recording.trouble
    except GroundError as error:
        performance.director.notice = str(error)


@contextmanager
def rehearsed(deck: Deck, path: Path, *, paced: bool) -> Generator[Rehearsal]:
    """Something that records a performance in a new file. `paced`: somebody speaks, so how long it
    took is kept too."""
    from talk.pace import PaceError, keep
    from talk.rehearsal import Rehearsal
    from tui.sources.live import wall

    try:
        rehearsal = Rehearsal(path, deck, wall())
    except FileExistsError:
        raise CommandError(f"{path} is there already: choose another name", NOT_FINE) from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}", NOT_FINE) from None
    try:
        with rehearsal:
            yield rehearsal
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}", NOT_FINE) from None
    say(f"{path}: {rehearsal.facts:,} facts of {len(rehearsal.telling.slides)} slides")
    if rehearsal.telling.slides and paced:
        try:
            say(f"how long they took is kept in {keep(deck, rehearsal.telling)}")
        except PaceError as error:
            say(str(error))
