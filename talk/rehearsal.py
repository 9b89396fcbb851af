"""A rehearsal: everything that a performance was, in a `.rec` file that the dashboard can show too.

Facts go in as they are folded, through the writer that `masterless record` uses. Between them stand
marks of kind `talk`: "slide 4: its title" when a slide was entered, "slide 4 step 1", "act kill n4" and
"did kill n4" around each act, "cue die" where claims begin to count, "slide left". Another cluster makes
the view begin anew there ("another cluster"), so one file holds a whole talk.

A file's time never runs backwards, but simulated worlds all begin at the same moment: each cluster's
clock is moved on so that it begins after the one before, and the mark says by how much ("another cluster,
5000000 later: simulated, 3 nodes"). On real processes that is nothing. Records of pairs stand beside, in `NAME.pairs.json`.
Ignores who presses the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from cluster.model.facts import Fact
from cluster.sim.pairs.record import Played
from talk.deck.deck import Deck
from talk.pace import Telling, names
from tui.timeline.writer import Recorder

if TYPE_CHECKING:
    from talk.stage.performance import Shown

KIND: Final = "talk"
"""Of the marks that a rehearsal makes."""
RENEWED: Final = "another cluster"
LEFT: Final = "slide left"
GAP_US: Final = 1_000
"""Between the last moment of one cluster and the first of the next, in the file's time."""


class Rehearsal:
    """Listens to one performance. Ends as a context; `telling` says how long everything took."""

    def __init__(
        self, path: Path, deck: Deck, now: int, clock: Callable[[], float] = monotonic
    ) -> None:
        """A new file. Raises OSError, also when there is one already."""
        self.path = path
        self.telling = Telling()
        self._recorder = Recorder(path, deck.title, now, "talk")
        self._called = names(deck.slides)
        self._clock = clock
        self._began = clock()
        self._pairs: dict[str, Played] = {}
        self._later = 0
        """How much later than its cluster's clock the file's time is."""
        self._last = 0
        self._slides: dict[str, float] = {}
        self._claims: dict[str, float] = {}

    @property
    def facts(self) -> int:
        """Recorded so far."""
        return self._recorder.facts

    # --- what a performance tells ------------------------------------------------------------------

    def renewed(self, now: int, label: str) -> None:
        """Another cluster took the place of the one before."""
        self._later = max(0, self._last + GAP_US - now) if self._last else 0
        self._recorder.renew(now, self._later)
        self._mark(f"{RENEWED}, {self._later} later: {label}", now)

    def heard(self, facts: Sequence[Fact], now: int) -> None:
        """Facts were folded."""
        self._recorder.hear(facts, now)
        self._last = max(self._last, now + self._later)

    def marked(self, label: str, now: int) -> None:
        """Something of the talk happened."""
        word, _, rest = label.partition(" ")
        if word == "slide" and rest.isdecimal():
            label = f"{label}: {self._called[int(rest) - 1]}"
            self._began = self._clock()
        self._mark(label, now)

    def played(self, record: Played) -> None:
        """A pair was played."""
        self._pairs[record.name] = record

    def left(self, shown: Shown) -> None:
        """A slide was left."""
        name = self._called[shown.place]
        self._slides[name] = self._slides.get(name, 0.0) + self._clock() - self._began
        for judgement in shown.judgements:
            if judgement.state == "held" and judgement.claim.when == "within":
                self._claims[judgement.text] = (judgement.at - judgement.since) / 1e6
        self._mark(LEFT, shown.left)

    def _mark(self, label: str, now: int) -> None:
        self._recorder.note(label, KIND, now)
        self._last = max(self._last, now + self._later)

    # --- the end -----------------------------------------------------------------------------------

    def end(self) -> None:
        """The file is whole, the pairs stand beside it."""
        self._recorder.end()
        self.telling = Telling(self._slides, self._claims)
        if self._pairs:
            beside(self.path).write_bytes(msgspec.json.encode(self._pairs))

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None or not issubclass(kind, OSError):
                self.end()
        finally:
            self._recorder.close()


def beside(path: Path) -> Path:
    """Where the records of a recording's pairs are."""
    return path.with_suffix(".pairs.json")
