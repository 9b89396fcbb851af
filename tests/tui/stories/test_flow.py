"""The flow screen: lanes, slopes, cuts, what is lit and what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.facts import (
    Fact,
    MemberChanged,
    MessageReceived,
    MessageSent,
    OperationFinished,
)
from cluster.model.member import NodeId
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.stories.test_stories import operations, told, view
from tests.tui.story import (
    BACK,
    DEAD,
    QUIET,
    RECOVERED,
    START,
    SUSPECTED,
    paused_story,
    scene_at,
    split_story,
    story,
)
from tui.draw.frame import Frame, ink_at
from tui.fold import fold
from tui.judge.stories.story import STEPS_MAX, Step, Story
from tui.judge.stories.walk import Look, shown, step_beside
from tui.judge.stories.weave import Weave
from tui.scene import Scene
from tui.screens.flow import because, paint
from tui.screens.spacetime.axis import Axis, axis_of
from tui.screens.spacetime.lanes import untraced
from tui.screens.spacetime.picture import lay
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


def put(number: int) -> Scene:
    """One of the puts of the real nodes' story, held."""
    seen, now = view()
    found = operations(Weave(seen.trace), now)
    return Scene(seen, now, own=True, look=Look(found[number]))


def missed() -> Scene:
    """The write that an owner missed, with its start chosen."""
    scene = put(-1)
    assert scene.look.story is not None
    return replace(scene, look=Look(scene.look.story, scene.look.story.arrows[0].sent))


def death() -> Scene:
    seen, now = view()
    return Scene(seen, now, own=True)


def looked(scene: Scene, **how: Any) -> Scene:
    """The same, looked at in another way."""
    return replace(scene, look=replace(scene.look, **how))


MOMENTS: dict[str, Callable[[], Scene]] = {
    "put": lambda: put(0),
    "missed": missed,
    "death": death,
    "turned": lambda: looked(missed(), turned=True),
    "death-turned": lambda: looked(death(), turned=True),
    "closer": lambda: looked(missed(), zoom=1, gossip=True),
}


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_golden(moment: str, width: int, height: int) -> None:
    assert_golden(f"flow-{moment}-{width}x{height}", paint(MOMENTS[moment](), width, height))


def test_in_ascii_it_is_ascii() -> None:
    frame = paint(replace(missed(), glyphs="ascii", colour=False), 80, 24)
    assert_golden("flow-missed-ascii-80x24", frame)
    assert (
        "".join("".join(row) for row in frame.chars[4:18])
        .replace("…", "")
        .replace("→", "")
        .isascii()
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(1, 220),
    st.integers(1, 70),
    st.sampled_from([story, paused_story, split_story]),
    st.sampled_from([START, QUIET, SUSPECTED, DEAD, BACK, RECOVERED]),
    st.integers(0, 5),
)
def test_any_size_at_any_moment_is_a_frame_of_that_size(
    width: int, height: int, tell: Callable[[], tuple[Fact, ...]], at: int, steps: int
) -> None:
    scene = scene_at(at, tell)
    look = scene.look
    for _ in range(steps):
        look = step_beside(scene.view, at, look, +1)
    frame = paint(replace(scene, look=look), width, height)
    assert [len(row) for row in frame.chars] == [width] * height
    assert [len(row) for row in frame.inks] == [width] * height
    assert_known_roles(frame)


def test_before_anything_is_told_it_says_what_will_be_drawn() -> None:
    assert "Nobody has told of an operation" in text(paint(Scene(ClusterView(), START), 120, 36))


def test_whoever_takes_part_has_a_lane_and_the_others_are_folded() -> None:
    scene = put(0)
    held = scene.look.story
    assert held is not None
    shown = text(paint(scene, 120, 36))
    quiet = [name for name in scene.view.nodes if name not in held.lanes]
    assert f"{' '.join(quiet)} quiet here, folded" in shown
    picture = lay(scene, held, (0, 3), (120, 25))
    assert list(picture.rows) == sorted(held.lanes, key=lambda n: list(scene.view.nodes).index(n))


def test_a_lost_message_is_dashed_and_crossed_and_said_to_be_inferred() -> None:
    shown = text(paint(missed(), 120, 36))
    assert "✕" in shown
    assert "inferred" in shown


def test_a_chosen_step_dims_what_it_has_nothing_to_do_with() -> None:
    scene = missed()
    held = scene.look.story
    assert held is not None
    arrow = next(a for a in held.arrows if a.lost)

    def faint(step: object) -> int:
        frame = paint(replace(scene, look=Look(held, step)), 120, 36)  # type: ignore[arg-type]
        return sum(ink_at(ink).fg == "faint" for row in frame.inks[4:26] for ink in row)

    assert faint(arrow.sent) > faint(None)
    assert faint(held.root) == faint(None)


def test_what_led_to_a_step_and_what_came_of_it_stand_below() -> None:
    shown = text(paint(missed(), 120, 36))
    assert "chosen" in shown
    assert "because" in shown
    assert "led to" in shown


def test_a_belief_whose_message_was_not_traced_names_its_teller() -> None:
    scene = death()
    story = shown(scene.view, scene.now, scene.look)
    assert story is not None
    trace = scene.view.trace
    kept = [fact for chunk in trace.chunks for fact in chunk.facts()] + list(trace.tail)
    told = 0
    for fact in kept:
        if isinstance(fact.payload, MemberChanged) and fact.payload.teller not in (fact.node, ""):
            told += 1
            said = because(story, Step(fact, ()))
            assert said == f"told by {fact.payload.teller} in a message that was not traced"
    assert told


def test_the_picture_does_not_change_within_its_slot() -> None:
    seen, now = view()
    slot = now // 5_000_000 * 5_000_000
    first = paint(Scene(seen, max(now, slot + 900_000)), 120, 36).lines()[3:30]
    later = paint(Scene(seen, max(now, slot + 900_000) + 33_000), 120, 36).lines()[3:30]
    assert first == later


def test_more_lanes_than_rows_are_folded_and_counted() -> None:
    seen, now = view()
    scene = Scene(seen, now)
    story_ = step_beside(seen, now, scene.look, +1).story
    assert isinstance(story_, Story)
    picture = lay(scene, story_, (0, 3), (80, 4))
    assert len(picture.rows) + len(picture.folded) == len(story_.lanes)
    assert picture.folded


# --- the axis -------------------------------------------------------------------------------------

TIMES = st.lists(st.integers(0, 5_000_000), min_size=1, max_size=STEPS_MAX)


@settings(deadline=None, derandomize=True)
@given(TIMES, st.integers(24, 200), st.integers(1, 12))
def test_later_is_never_further_left_and_all_is_inside(
    times: list[int], room: int, cut: int
) -> None:
    axis = axis_of(times, 8, 8 + room, cut)
    columns = [axis.column(at) for at in sorted(times)]
    assert columns == sorted(columns)
    assert all(8 <= column < 8 + room for column in columns)


@settings(deadline=None, derandomize=True)
@given(TIMES, st.integers(24, 200), st.integers(1, 12))
def test_nothing_happens_within_a_cut(times: list[int], room: int, cut: int) -> None:
    axis = axis_of(times, 0, room, cut)
    columns = {axis.column(at) for at in times}
    for each in axis.cuts:
        assert not columns & set(range(each.left, each.right))
        assert each.us > 0
    assert drawn(axis) + sum(each.us for each in axis.cuts) == max(times) - min(times)


def drawn(axis: Axis) -> int:
    return sum(piece.until - piece.since for piece in axis.pieces)


def test_long_silence_is_cut_and_the_length_is_said() -> None:
    axis = axis_of([0, 900, 1_900, 52_000, 54_000, 354_000], 0, 100, 12)
    assert [each.us for each in axis.cuts] == [50_100, 300_000]
    assert axis.column(1_900) < axis.cuts[0].left < axis.column(52_000)


def test_a_steady_story_is_not_cut() -> None:
    assert axis_of([0, 400, 900, 1_200, 1_900], 0, 100, 12).cuts == ()


def test_lanes_belong_to_nodes_that_can_be_chosen() -> None:
    frame = paint(put(0), 120, 36)
    rows = [y for y, line in enumerate(frame.lines()) if line.startswith(" n1 ") and y > 2]
    assert frame.target_at(1, rows[0]) == NodeId("n1")


def test_news_of_a_message_that_was_not_traced_comes_from_who_told_it() -> None:
    scene = scene_at(DEAD)
    story = shown(scene.view, scene.now, scene.look)
    assert story is not None
    ways = untraced(story)
    told = {
        (step.fact.payload.teller, step.fact.node)
        for step in story.steps
        if isinstance(step.fact.payload, MemberChanged)
        and step.fact.payload.teller not in ("", step.fact.node)
    }
    assert {(way.source, way.to) for way in ways} == told
    assert told
    assert all(way.received is not None and way.sent <= way.received for way in ways)
    knew = {step.fact.node: step.fact.at for step in story.steps
            if isinstance(step.fact.payload, MemberChanged)}  # fmt: skip
    assert all(way.source in knew for way in ways), "who told it had learned it"
    bare = replace(story, steps=tuple(s for s in story.steps if not is_told(s)))
    with_dots = paint(scene, 120, 36)
    without = paint(replace(scene, look=Look(bare)), 120, 36)
    assert with_dots.lines() != without.lines()


def is_told(step: Step) -> bool:
    """Whether a step says that somebody learned something from another."""
    news = step.fact.payload
    return isinstance(news, MemberChanged) and news.teller not in ("", step.fact.node)


def test_who_is_said_to_hold_a_write_is_drawn_though_no_message_of_it_was_traced() -> None:
    facts, now = told()
    seen = view()[0]
    held = operations(Weave(seen.trace), now)[0]
    (end,) = [s.fact for s in held.steps if isinstance(s.fact.payload, OperationFinished)]
    assert isinstance(end.payload, OperationFinished)
    copy = next(name for name in end.payload.replicas if name != end.node)
    kept = [
        fact
        for fact in facts
        if not (isinstance(fact.payload, MessageSent) and copy in (fact.node, fact.payload.to))
        and not (
            isinstance(fact.payload, MessageReceived) and copy in (fact.node, fact.payload.sender)
        )
    ]
    thin = fold(ClusterView(), kept)
    story = operations(Weave(thin.trace), now)[0]
    assert [name for _, name in story.unseen_copies] == [copy]
    scene = Scene(thin, now, own=True, look=Look(story))
    shown = text(paint(scene, 120, 36))
    safe = f"safe on {' '.join(end.payload.replicas)}"
    assert safe in shown
    quiet = shown.split(" quiet here, folded")[0].splitlines()[-1]
    assert copy not in quiet.split(), "who is named is not said to be quiet"
    picture = lay(scene, story, (0, 3), (120, 25))
    assert copy in picture.rows
    below = picture.rows[copy]
    step = 1 if below < picture.rows[end.node] else -1
    assert drawn_row(paint(scene, 120, 36), below + step), "a dotted line reaches its lane"


def drawn_row(frame: Frame, y: int) -> bool:
    return any("\u2800" < char <= "\u28ff" for char in frame.chars[y])
