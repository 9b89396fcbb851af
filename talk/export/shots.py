"""Pictures of a talk while it is told to nobody: each step of each slide, once all there is to see is there."""

from __future__ import annotations

from msgspec import Struct

from talk.export.picture import svg
from talk.stage.painting import Sheet, paint
from talk.stage.performance import Performance
from talk.stage.pictures import Playing
from tui.draw.theme import Palette
from tui.scene import ON_STAGE, Scene


class Shot(Struct, frozen=True):
    """One step of one slide."""

    place: int
    """Of the slide in the deck."""
    step: int
    svg: str
    caption: str


class Camera:
    """Takes them; a callable that `talk.checking.check` calls with each step."""

    def __init__(self, width: int, height: int, palette: Palette = "dark") -> None:
        self.shots: list[Shot] = []
        self._size = width, height
        self._palette: Palette = palette

    def __call__(self, performance: Performance) -> None:
        """Take one."""
        director = performance.director
        picture = svg(paint(sheet_of(performance), *self._size), self._palette)
        shot = Shot(director.place, director.step, picture, director.caption)
        same = [s for s in self.shots[-1:] if (s.place, s.svg) == (shot.place, shot.svg)]
        if not same:
            self.shots.append(shot)


def sheet_of(performance: Performance) -> Sheet:
    """What the audience would see now."""
    director, ground = performance.director, performance.ground
    following = director.following
    return Sheet(
        slide=director.slide,
        step=director.step,
        total=director.total,
        scene=Scene(
            view=performance.view, now=ground.now, own=False, motion=False, source=ON_STAGE
        ),
        live=director.live,
        caption=director.caption,
        judgements=performance.judgements,
        playing=Playing(tuple(performance.said), performance.played),
        label=ground.label() if director.live is not None else "",
        following=following.title if following is not None else "",
    )
