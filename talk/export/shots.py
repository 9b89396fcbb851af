"""Pictures of a talk while it is told to nobody: each step of each slide, once all there is to see is there.

What was seen is kept as it was and drawn at the end, so that films, which are made beside the talk, are on
their pictures. A picture that moves is several: its run in `FRAMES` moments, the last one its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from talk.appendix.queues import SLOWER
from talk.appendix.quiz import TAKES_US as QUIZ_US
from talk.deck.deck import Live
from talk.deck.words import MESH, WAVES
from talk.export.picture import svg
from talk.live.filming import Film, Flood
from talk.live.mesh import DRAWN_US
from talk.live.screening import FLOOD, KIND, MOVING
from talk.live.showing import STANDS_US, length_us
from talk.stage.painting import Sheet, paint
from talk.stage.performance import Performance
from talk.stage.pictures import Playing, label
from tui.draw.theme import Palette
from tui.scene import ON_STAGE, Scene

FRAMES: Final = 10
"""Of a picture that moves. One is some 20 KB of text."""


class Shot(Struct, frozen=True):
    """One step of one slide."""

    place: int
    """Of the slide in the deck."""
    step: int
    frames: tuple[str, ...]
    """The picture; of one that moves its moments, the last one as it stands in the end."""
    caption: str


class Camera:
    """Keeps them; a callable that `talk.checking.check` calls with each step."""

    def __init__(
        self, width: int, height: int, palette: Palette = "dark", *, zone_us: int = 0, seed: int = 1
    ) -> None:
        self.film: Film = ()
        """Of the overlay, once it was made."""
        self.flood: Flood = ()
        self._size = width, height
        self._palette: Palette = palette
        self._zone_us = zone_us
        self._seed = seed
        self._kept: list[tuple[int, Sheet]] = []
        self._clock = _Clock()

    def __call__(self, performance: Performance) -> None:
        """Keep what is seen now."""
        sheet = sheet_of(
            performance, zone_us=self._zone_us, elapsed_s=self._clock.hear(performance)
        )
        self._kept.append((performance.director.place, sheet))

    def developed(self) -> list[Shot]:
        """All of them, drawn."""
        shots: list[Shot] = []
        for place, sheet in self._kept:
            frames = tuple(svg(paint(s, *self._size), self._palette) for s in self._moments(sheet))
            shot = Shot(place, sheet.step, frames, sheet.caption)
            if not [s for s in shots[-1:] if (s.place, s.frames) == (place, frames)]:
                shots.append(shot)
        return shots

    def _moments(self, sheet: Sheet) -> Iterator[Sheet]:
        live = sheet.live
        length = self._length_us(live) if live is not None else 0
        for number in range(1, FRAMES + 1) if length else (FRAMES,):
            playing = replace(
                sheet.playing,
                film=self.film,
                flood=self.flood,
                film_us=length * number // FRAMES,
                seed=self._seed,
            )
            yield replace(sheet, playing=playing)

    def _length_us(self, live: Live) -> int:
        """How long a picture moves; 0: it does not."""
        if live.kind not in MOVING:
            return 0
        if live.kind == KIND and live.subject == MESH:
            return DRAWN_US
        if live.kind == KIND and not self.film:
            return 0
        if live.kind == KIND:
            shown = (self.film[WAVES.index(live.subject)],) if live.subject else self.film
            return sum(map(length_us, shown)) - STANDS_US
        if live.kind == FLOOD:
            return max((c.pulses[-1].at_us for c in self.flood), default=0) * SLOWER
        return QUIZ_US


class _Clock:
    """How long the talk has been on, by its clusters' clocks: the time of those that were, and of this."""

    def __init__(self) -> None:
        self._before_us = 0
        self._slide_us = 0
        self._visit = 0

    def hear(self, performance: Performance) -> int:
        """Seconds since the second slide; asked at every step."""
        director = performance.director
        if director.visit != self._visit:
            self._before_us, self._visit = self._before_us + self._slide_us, director.visit
        on = performance.ground.now - director.entered if director.place > 0 else 0
        self._slide_us = max(0, on)
        return (self._before_us + self._slide_us) // 1_000_000


def sheet_of(performance: Performance, *, zone_us: int = 0, elapsed_s: int = 0) -> Sheet:
    """What the audience would see now."""
    director, ground = performance.director, performance.ground
    following = director.following
    return Sheet(
        slide=director.slide,
        step=director.step,
        total=director.total,
        scene=Scene(
            view=performance.view,
            now=ground.now,
            own=False,
            motion=False,
            zone_us=zone_us,
            source=ON_STAGE,
        ),
        live=director.live,
        caption=director.caption,
        judgements=performance.judgements,
        playing=Playing(tuple(performance.said), performance.played),
        label=label(director.live, ground.label()),
        following=following.title if following is not None else "",
        elapsed_s=elapsed_s,
        late=director.late,
    )
