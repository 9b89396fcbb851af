"""The live picture beside a slide's words: a dashboard's screen without its frame, or one of the talk's.

Decides which painter a kind of live part has and how a screen fits a region: it is painted at the
region's size and cut out between its own first and last rows. Ignores slides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cluster.sim.overlay.beyond import PEERS
from cluster.sim.overlay.wave import Wave
from cluster.sim.pairs.record import Played
from cluster.sim.pairs.registry import PAIRS
from cluster.sim.pairs.three_queues import Course as Flow
from talk.appendix.queues import paint_queues
from talk.appendix.quiz import paint_quiz
from talk.appendix.quiz import played as quiz_played
from talk.beam.course import Course
from talk.beam.picture import OURS, paint_beam
from talk.deck.deck import Live
from talk.deck.words import MESH, WAVES
from talk.live.mesh import paint_mesh
from talk.live.nodes import paint_nodes
from talk.live.overlay import paint_wave
from talk.live.pair import paint_pair
from talk.live.showing import at, showing
from tui.draw.chrome import FOOT, TOP
from tui.draw.frame import Frame
from tui.scene import Scene
from tui.screens.events import paint as paint_events
from tui.screens.flow import paint as paint_flow
from tui.screens.home import paint as paint_home
from tui.screens.matrix import paint as paint_matrix
from tui.screens.plots import paint as paint_plots
from tui.screens.recovery import paint as paint_recovery
from tui.screens.ring import Stage as Ring
from tui.screens.rooms import paint as paint_rooms

Paint = Callable[[Scene, int, int], Frame]
SIMULATED: Final = frozenset({"pair", "overlay", "quiz", "queues"})
"""Pictures that are never of the cluster on this ground."""
BESIDE: Final = "real BEAM nodes, ours simulated"
"""What the picture `beam` is of."""
WIDTH_MIN: Final = 40
ROWS_MIN: Final = 6
TOO_SMALL: Final = "make this larger to see it"
"""Shown where a picture would have fewer rows or columns than these."""


def label(live: Live | None, cluster: str) -> str:
    """What a picture is of, as the foot says it. `cluster`: what the ground is called."""
    if live is None:
        return ""
    if live.kind == "beam":
        return BESIDE
    return "simulated" if live.kind in SIMULATED else cluster


class Playing(Struct, frozen=True):
    """What is being played beside the cluster."""

    said: tuple[str, ...] = ()
    """Words of progress of the act under way."""
    played: dict[str, Played] = {}
    film: tuple[Wave, ...] = ()
    """The broadcasts through the overlay; empty: they are still being played."""
    film_us: int = 0
    """How long the picture has been on, of those that move."""
    seed: int = 1
    course: Course = Course()
    """Of a BEAM cluster that is compared with ours."""
    flood: tuple[Flow, ...] = ()
    """Three pipelines in a flood; empty: they are still being played."""


def paint_ring(scene: Scene, width: int, height: int) -> Frame:
    """The ring with its messages in flight."""
    return Ring(scene, width, height).play(scene.view, scene.now)


SCREENS: Final[dict[str, Paint]] = {
    "ring": paint_ring,
    "matrix": paint_matrix,
    "home": paint_home,
    "nodes": paint_home,
    "recovery": paint_recovery,
    "flow": paint_flow,
    "rooms": paint_rooms,
    "events": paint_events,
    "plots": paint_plots,
}


def picture(
    live: Live, scene: Scene, playing: Playing, width: int, height: int, *, claimed: bool = False
) -> Frame:
    """What it shows now, `width` by `height` cells. `claimed`: a pair's claims stand elsewhere."""
    if live.kind == "pair" and live.subject in PAIRS:
        return paint_pair(
            PAIRS[live.subject],
            width,
            height,
            record=playing.played.get(live.subject),
            said=playing.said,
            claimed=claimed,
            glyphs=scene.glyphs,
        )
    if live.kind == "overlay" and height >= ROWS_MIN and width >= WIDTH_MIN:
        return _overlay(live, scene, playing, width, height)
    if live.kind == "beam" and height >= ROWS_MIN and width >= WIDTH_MIN:
        ours = playing.played.get(OURS)
        return paint_beam(playing.course, width, height, ours=ours, glyphs=scene.glyphs)
    if live.kind == "queues" and height >= ROWS_MIN and width >= WIDTH_MIN:
        if not playing.flood:
            return _words("three pipelines are being played…", width, height)
        return paint_queues(playing.flood, playing.film_us, width, height, glyphs=scene.glyphs)
    if live.kind == "quiz" and height >= ROWS_MIN and width >= WIDTH_MIN:
        quiz = quiz_played(playing.seed)
        return paint_quiz(quiz, playing.film_us, width, height, glyphs=scene.glyphs)
    paint = SCREENS.get(live.kind)
    if paint is None:
        return _words(f"{live.kind} is not shown here", width, height)
    if height < ROWS_MIN or width < WIDTH_MIN:
        return _words(TOO_SMALL, width, height)
    if not any(node.ring is not None for node in scene.view.nodes.values()):
        return _words("waiting for the nodes' first word…", width, height)
    if live.kind == "nodes":
        return paint_nodes(scene, width, height)
    if live.kind == "rooms" and live.subject in scene.view.rooms.by_name:
        scene = replace(scene, room=live.subject)
    return cut(paint(scene, width, height + TOP + FOOT), TOP, height)


def _overlay(live: Live, scene: Scene, playing: Playing, width: int, height: int) -> Frame:
    """One wave to its end, or all of them in a round; or what it would be to link all with all."""
    if live.subject == MESH:
        return paint_mesh(PEERS, playing.film_us, width, height, glyphs=scene.glyphs)
    if not playing.film:
        return _words("a thousand simulated nodes are being played…", width, height)
    if live.subject:
        wave = playing.film[WAVES.index(live.subject)]
        moment = at(wave, playing.film_us)
    else:
        wave, moment = showing(playing.film, playing.film_us)
    return paint_wave(wave, moment, width, height, glyphs=scene.glyphs, colour=scene.colour)


def cut(frame: Frame, top: int, rows: int) -> Frame:
    """Some rows of a frame."""
    part = Frame(frame.width, 0)
    part.height = rows
    part.chars = frame.chars[top : top + rows]
    part.inks = frame.inks[top : top + rows]
    return part


def put(frame: Frame, part: Frame, x: int, y: int) -> None:
    """Lay a frame on another, clipped."""
    for row in range(part.height):
        if not 0 <= y + row < frame.height:
            continue
        room = min(part.width, frame.width - x)
        if room > 0:
            frame.chars[y + row][x : x + room] = part.chars[row][:room]
            frame.inks[y + row][x : x + room] = part.inks[row][:room]


def _words(said: str, width: int, height: int) -> Frame:
    frame = Frame(width, height)
    frame.text(max(0, (width - len(said)) // 2), height // 2, said, "muted")
    return frame
