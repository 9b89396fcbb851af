"""The time line as it is drawn: frozen, at a mark, on a fact, at another speed; and a world's own time."""

from __future__ import annotations

from functools import lru_cache

import pytest
from msgspec.structs import replace

from cluster.model.facts import MessageReceived, MessageSent, WatchSampled
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import BACK, SECOND, START, Teller, names, opening, story
from tui.fold import fold
from tui.keys import footer
from tui.scene import Scene
from tui.screens.home import paint as paint_home
from tui.screens.matrix import paint as paint_matrix
from tui.screens.ring import paint as paint_ring
from tui.seen.world import Simulated
from tui.timeline.deck import Deck
from tui.timeline.player import Move
from tui.view import LAB, ClusterView

SIZES = [(120, 36), (80, 24)]
PRESSED: dict[str, tuple[Move, ...]] = {
    "live": (),
    "frozen": ("freeze",),
    "marked": ("freeze", "previous_mark", "previous_mark"),
    "stepped": ("freeze", "previous_mark", "step_on", "step_on"),
    "slow": ("freeze", "previous_mark", "slower", "slower", "freeze"),
    "fast": ("freeze", "previous_mark", "faster", "freeze"),
}
WORLDS = {
    "running": Simulated(7, 4.0, 4.0),
    "behind": Simulated(7, 100.0, 12.4),
    "paused": Simulated(7, 1.0, 0.0, paused=True),
    "rewinding": Simulated(7, 1.0, 0.0, back=0.42),
}


def seen(moves: tuple[Move, ...]) -> Scene:
    """The story until n4 is back, and what is on the screen after those keys."""
    deck, view = Deck(), ClusterView()
    facts = [fact for fact in story() if fact.at <= BACK]
    for first in range(0, len(facts), 200):
        batch = facts[first : first + 200]
        view = fold(view, batch)
        deck.hear(batch, view, batch[-1].at)
    for move in moves:
        deck.press(move, BACK)
    shown, at = deck.moment(view, BACK)
    return Scene(shown, at, own=True, frozen=not deck.following, line=deck.line(BACK))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", PRESSED)
def test_the_time_line_is_drawn(name: str, width: int, height: int) -> None:
    assert_golden(f"time-{name}-{width}x{height}", paint_home(seen(PRESSED[name]), width, height))


@pytest.mark.parametrize("width", [80, 120])
def test_whoever_looks_back_is_told_so_on_the_first_and_the_last_two_lines(width: int) -> None:
    for name, moves in PRESSED.items():
        scene = seen(moves)
        lines = paint_home(scene, width, 24).lines()
        assert (name == "live") == ("LIVE" in lines[0])
        assert ("REPLAY" in lines[0]) == (name in ("slow", "fast"))
        assert ("L live" in lines[-1]) == (name != "live")
        assert len(lines[-2]) <= width


def test_the_words_for_speeds_are_those_of_the_line() -> None:
    assert "REPLAY ¼×" in paint_home(seen(PRESSED["slow"]), 80, 24).lines()[0]
    plain = replace(seen(PRESSED["slow"]), glyphs="ascii")
    assert "REPLAY 1/4x" in paint_home(plain, 80, 24).lines()[0]


# --- simulated ------------------------------------------------------------------------------------


def simulated(world: Simulated) -> Scene:
    """The same story, as if a world had told it."""
    return replace(seen(()), source="sim", simulated=world, live=True)


@lru_cache(maxsize=1)
def crowd() -> Scene:
    """Of 48 nodes 12 are watched: whoever is seen says that there are more."""
    teller = Teller(48)
    opening(teller, START + 3 * SECOND)
    watched = tuple(names(48)[::4])
    teller.say(LAB, START + 2 * SECOND, WatchSampled(48, watched, 2, 47))
    facts = [
        fact
        for fact in teller.sorted()
        if fact.node in (*watched, LAB)
        and not (isinstance(fact.payload, MessageSent) and fact.payload.to not in watched)
        and not (isinstance(fact.payload, MessageReceived) and fact.payload.sender not in watched)
    ]
    at = facts[-1].at
    return Scene(
        fold(ClusterView(), facts), at, own=True, source="sim", simulated=WORLDS["running"]
    )


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", WORLDS)
def test_a_simulated_world_is_drawn(name: str, width: int, height: int) -> None:
    frame = paint_home(simulated(WORLDS[name]), width, height)
    assert_golden(f"sim-{name}-{width}x{height}", frame)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_crowd_is_drawn_and_said_to_be_a_sample(width: int, height: int) -> None:
    for name, paint in (("home", paint_home), ("ring", paint_ring), ("matrix", paint_matrix)):
        frame = paint(crowd(), width, height)
        assert_known_roles(frame)
        assert_golden(f"sim-crowd-{name}-{width}x{height}", frame)
        assert "48 nodes, 12 " in frame.lines()[0], "whatever is left away for want of room"


@pytest.mark.parametrize("width", [80, 120])
def test_a_world_never_looks_live_and_can_be_stopped_but_on_its_way_back(width: int) -> None:
    for world in WORLDS.values():
        scene = simulated(world)
        assert not any("LIVE" in line for line in paint_home(scene, width, 24).lines())
        said = "".join(part[0] for part in footer(scene, "home", width))
        offered = "space go on" if world.paused else "space stop"
        assert (offered in said) == (world.back < 0), "while it goes back nobody turns it"
