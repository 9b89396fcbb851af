"""Every screen over the stories that tests tell: who has seen these has seen the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final, get_args

from msgspec.structs import replace

from tests.tui.court.ruled import two_masters
from tests.tui.inspecting.test_key import MOMENTS as INSPECTED
from tests.tui.rooms.tale import EMPTYING, TWINS, fallen, twins
from tests.tui.rooms.tale import scene_at as rooms_at
from tests.tui.screens.test_compare import HALF, WHOLE
from tests.tui.stories.test_flow import missed, put
from tests.tui.story import (
    BACK,
    DEAD,
    KILLED,
    QUIET,
    SECOND,
    STARTED,
    SUSPECTED,
    paused_story,
    removed_story,
    scene_at,
    split_story,
    story,
)
from tui.draw.frame import Frame
from tui.driving.commands import completions
from tui.driving.line import Line
from tui.scene import Scene, ScreenName
from tui.screens.help import paint_help
from tui.screens.start import paint_start
from tui.timeline.cutter import Note
from tui.timeline.line import TimeLine

SCREENS: Final[tuple[ScreenName, ...]] = get_args(ScreenName)
SIZES: Final = ((120, 36), (80, 24))


def paint(screen: ScreenName, scene: Scene, width: int, height: int) -> Frame:
    """One screen."""
    name = f"tui.screens.{screen}"
    module = import_module(name if find_spec(name) else f"tui.screens.detail.{screen}")
    return module.paint(scene, width, height)


@cache
def scenes() -> dict[str, Scene]:
    """Moments that differ, with what a viewer may have chosen, opened and typed."""
    dead = scene_at(DEAD)
    back = replace(scene_at(BACK), frozen=True, line=line(BACK, playing=True))
    typing = Line(":", "kill ", 5, offered=completions("kill ", dead.view, own=True))
    found = {
        "quiet": replace(scene_at(QUIET), selected=None),
        "suspected": scene_at(SUSPECTED),
        "dead": replace(dead, line=line(DEAD)),
        "back": back,
        "frozen": replace(back, line=line(BACK)),
        "stepped": replace(back, line=replace(line(BACK), fact=story()[-1], label="n4 killed")),
        "joining": scene_at(STARTED + SECOND // 2),
        "paused": scene_at(KILLED + SECOND, paused_story),
        "removed": scene_at(KILLED + 11 * SECOND, removed_story),
        "split": replace(scene_at(KILLED + 5 * SECOND, split_story), sieve="n4", notice="cut…"),
        "masters": scene_at(KILLED + 3 * SECOND, two_masters),
        "typing": replace(dead, typing=typing),
        "rooms": rooms_at(EMPTYING, fallen, room="room-6"),
        "twins": rooms_at(TWINS, twins, room="room-17"),
        "compared": scene_at(QUIET, contest=WHOLE),
        "comparing": scene_at(QUIET, contest=HALF),
        "put": put(0),
        "missed": missed(),
    }
    for name, inspection in INSPECTED.items():
        found[f"key {name}"] = replace(dead, inspection=inspection())
    return found


def line(at: int, *, playing: bool = False) -> TimeLine:
    """A time line with a mark of every kind, looked at in the past."""
    kinds = ("fault", "suspect", "dead", "heal", "back", "user")
    marks = tuple(Note(KILLED + i * 2 * SECOND, kind, kind) for i, kind in enumerate(kinds))
    return TimeLine(
        QUIET, at + 20 * SECOND, live=True, following=False, playing=playing, pace="½×",
        marks=marks,
    )  # fmt: skip


def frames(**changes: object) -> Iterator[tuple[str, Frame]]:
    """Every screen at every moment and size, with its sheet of keys over it once."""
    for moment, scene in scenes().items():
        seen = replace(scene, **changes)
        for screen in SCREENS:
            for width, height in SIZES:
                frame = paint(screen, seen, width, height)
                yield f"{moment} {screen} {width}x{height}", frame
                if moment == "dead":
                    paint_help(frame, seen, screen)
                    yield f"{moment} {screen} help {width}x{height}", frame
    for width, height in SIZES:
        seen = replace(scenes()["quiet"], **changes)
        yield f"start {width}x{height}", paint_start(seen, width, height, "starting n2 of 5…", 5)
