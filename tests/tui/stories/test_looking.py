"""Ways to look at a story: only one key, gossip beside it, time down, closer."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.member import NodeId
from tests.tui.picture import assert_known_roles
from tests.tui.stories.test_flow import death, looked, missed, put, text
from tests.tui.stories.test_stories import view
from tui.desk import Desk, press
from tui.judge.stories.story import Topic, beginnings, tell
from tui.judge.stories.walk import (
    NOTHING,
    ZOOM_LEAST,
    ZOOMS,
    Look,
    beside,
    closer,
    let_go,
    narrowed,
    shown,
    story_beside,
    window,
)
from tui.judge.stories.weave import Weave
from tui.keys import SCREENS, Action, footer
from tui.scene import Scene
from tui.screens.flow import paint
from tui.screens.spacetime.axis import Axis
from tui.screens.spacetime.picture import lay, moment
from tui.seen.world import Simulated


def test_only_one_key_walks_past_the_stories_of_others() -> None:
    scene = put(0)
    look = narrowed(scene.view, scene.now, scene.look)
    assert look.only == Topic("operation", "room:7/a1")
    keys: set[str] = set()
    for _ in range(12):
        look = story_beside(scene.view, scene.now, look, -1)
        assert look.story is not None
        keys.add(look.story.key)
    assert keys == {"room:7/a1"}
    assert narrowed(scene.view, scene.now, look).only is None, "the same key shows all again"


def test_only_the_doubts_about_one_node_leave_the_operations_out() -> None:
    scene = death()
    look = narrowed(scene.view, scene.now, NOTHING)
    assert look.only == Topic("accusation", NodeId("n5"))
    weave = Weave(scene.view.trace)
    about = [tell(weave, fact, scene.now) for fact in beginnings(weave, scene.now, 40, look.only)]
    assert about
    assert {story.about for story in about} == {"n5"}
    assert {story.subject for story in about} == {"accusation"}


def test_where_nothing_is_kept_of_a_key_it_says_so_and_how_to_see_all() -> None:
    scene = looked(death(), only=Topic("operation", "nobody/wrote/this"))
    assert shown(scene.view, scene.now, scene.look) is None
    said = text(paint(scene, 80, 24))
    assert "No story of nobody/wrote/this" in said
    assert "f shows all stories again" in said


def test_gossip_beside_a_story_is_counted_only_where_it_is_drawn() -> None:
    scene = looked(death(), gossip=True)
    story = shown(scene.view, scene.now, scene.look)
    assert story is not None
    near = beside(Weave(scene.view.trace), story, scene.now)
    assert near, "the nodes gossiped meanwhile"
    picture = lay(scene, story, (0, 2), (120, 20))
    assert isinstance(picture.axis, Axis)
    outside = [w for w in near if not picture.axis.covers(w.sent.hlc)]
    assert outside, "some of it in what the axis leaves out"
    said = text(paint(scene, 120, 36))
    counted = int(said.split("beside it, faint: gossip ")[1].split()[0])
    assert counted <= len(near) - len(outside)
    assert "gossip 24" in text(paint(death(), 120, 36)), "else it is counted as not drawn"


def test_turned_every_moment_has_a_row_in_order_and_its_time() -> None:
    scene = looked(missed(), turned=True)
    story = scene.look.story
    assert story is not None
    picture = lay(scene, story, (0, 2), (120, 28))
    rows = [picture.axis.column(moment(step)) for step in picture.steps]
    assert rows == sorted(rows)
    assert len(set(rows)) == len({moment(step) for step in picture.steps})
    assert "+4.0 ms" in text(paint(scene, 120, 36))


def test_turned_where_rows_are_few_the_chosen_step_is_among_those_drawn() -> None:
    scene = looked(death(), turned=True)
    story = shown(scene.view, scene.now, scene.look)
    assert story is not None
    for step in story.steps:
        near = looked(scene, story=story, step=step.id)
        picture = lay(near, story, (0, 2), (80, 5))
        assert step in picture.steps
        assert picture.bottom <= 6


def test_closer_keeps_the_chosen_step_and_comes_back_to_all() -> None:
    scene = missed()
    look, story = scene.look, scene.look.story
    assert story is not None
    seen: list[int] = []
    for _ in range(ZOOMS):
        look = closer(scene.view, scene.now, look)
        first, after = window(story, look)
        assert (
            first <= [step.id for step in story.steps].index(scene.look.step or story.root) < after
        )
        seen.append(after - first)
        if not look.zoom:
            break
    assert look.zoom == 0
    assert seen[0] < len(story.steps) == seen[-1]
    assert seen[0] >= ZOOM_LEAST


def test_escape_lets_go_of_the_story_first_then_of_what_it_is_about_then_of_the_screen() -> None:
    scene = missed()
    desk = Desk(screen="flow", look=scene.look)
    desk = press(desk, "only", scene.view, scene.now)
    desk = press(desk, "back", scene.view, scene.now)
    assert desk.look.story is None
    assert desk.look.only is not None
    desk = press(desk, "back", scene.view, scene.now)
    assert desk.look == NOTHING
    assert desk.screen == "flow"
    assert let_go(desk.look) is None
    assert press(desk, "back", scene.view, scene.now).screen == "home"


KEYS: list[Action] = ["only", "gossip", "turn", "zoom", "next_node", "right", "older", "back"]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(KEYS), max_size=12), st.integers(40, 140), st.integers(12, 40))
def test_whatever_is_pressed_at_any_size_it_is_drawn(
    pressed: list[Action], width: int, height: int
) -> None:
    seen, now = view()
    desk = Desk(screen="flow", look=Look())
    for action in pressed:
        desk = replace(press(desk, action, seen, now), screen="flow")
    scene = Scene(seen, now, own=True, look=desk.look)
    assert_known_roles(paint(scene, width, height))


def test_the_ways_to_look_are_in_the_footer_and_in_ascii_arrows_are_words() -> None:
    for width in (80, 120):
        said = text(paint(missed(), width, 30)).splitlines()[-1]
        assert "f this  g gossip  t turn" in said
        assert said.rstrip().endswith("q quit")
    plain = text(paint(replace(missed(), glyphs="ascii"), 120, 30)).splitlines()[-1]
    assert "up down step" in plain
    assert plain.isascii()


def test_what_must_not_be_dropped_fits_also_where_a_world_is_turned() -> None:
    world = Simulated(7, 1.0, 1.0)
    for screen in SCREENS:
        for width in (80, 100, 116, 120):
            for frozen in (False, True):
                scene = replace(death(), simulated=world, frozen=frozen)
                said = "".join(part for part, _, _ in footer(scene, screen, width))
                assert len(said) <= width
                assert said.endswith("? keys  q quit"), (screen, width, said)
