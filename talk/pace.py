"""How long the slides of a deck took when it was told before, in a file beside the deck.

Decides the file's form and what counts as usual: the median of the tellings it keeps. Slides are
told apart by their titles, so that an edited deck keeps what is known of the slides that stayed.
Ignores who tells: a rehearsal adds to the file (`keep`), the presenter's view reads it (`known`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from msgspec import Struct

from talk.deck.deck import Deck, Slide

TELLINGS_MAX: Final = 20
"""Kept in a file, the newest ones. More make the usual time slower to follow a deck that changes."""
BYTES_MAX: Final = 1_048_576
"""Of a file: twenty tellings of a hundred slides are a tenth of it."""


class Telling(Struct, frozen=True):
    """One time that the deck was told."""

    slides: dict[str, float] = {}
    """Seconds on each slide, by `names`."""
    claims: dict[str, float] = {}
    """Seconds until each claim that waits for something held, by its sentence."""


class Pace(Struct, frozen=True):
    """All that is known, oldest first."""

    tellings: tuple[Telling, ...] = ()

    def usual(self, name: str) -> float | None:
        """A slide's median, in seconds; None: it was never shown."""
        took = [telling.slides[name] for telling in self.tellings if name in telling.slides]
        return median(took) if took else None

    def waits(self, claim: str, most: int = 5) -> tuple[float, ...]:
        """How long a claim took the last times, oldest first."""
        took = [telling.claims[claim] for telling in self.tellings if claim in telling.claims]
        return tuple(took[-most:])


UNKNOWN: Final = Pace()


class PaceError(Exception):
    """The file cannot be used. One sentence."""


def names(slides: Sequence[Slide]) -> list[str]:
    """What each slide is called here: its title, and a number where two have the same."""
    seen: Counter[str] = Counter()
    called: list[str] = []
    for slide in slides:
        title = slide.title or "(no title)"
        seen[title] += 1
        called.append(title if seen[title] == 1 else f"{title} ({seen[title]})")
    return called


def file_of(deck: Deck) -> Path:
    """Where it is kept: beside the deck, `talk.md` has `talk.pace.json`."""
    return Path(deck.path).with_suffix(".pace.json")


def known(deck: Deck) -> Pace:
    """What the file says; nothing when there is none. Raises PaceError."""
    path = file_of(deck)
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
        if len(data) > BYTES_MAX:
            raise PaceError(f"{path} is larger than any rehearsals' times: delete it")
        return msgspec.json.decode(data, type=Pace)
    except FileNotFoundError:
        return UNKNOWN
    except OSError as error:
        raise PaceError(f"{path} cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise PaceError(f"{path} holds no rehearsals' times: {error}") from None


def keep(deck: Deck, telling: Telling) -> Path:
    """Add one telling to the file, whole or not at all. Raises PaceError."""
    path = file_of(deck)
    pace = Pace((*known(deck).tellings, telling)[-TELLINGS_MAX:])
    draft = path.with_suffix(".draft")
    try:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(pace), indent=1))
        draft.replace(path)
    except OSError as error:
        raise PaceError(f"{path} cannot be written: {error.strerror}") from None
    return path
