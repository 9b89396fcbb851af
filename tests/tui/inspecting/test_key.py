"""The key screen: copies compared by what they know, forks, what a read gets, and honest refusals."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.member import NodeId
from cluster.model.values.copies import CopyShown, RoomShown, SiblingShown
from cluster.model.versions import Context
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.stories.test_stories import view as real_view
from tests.tui.story import DEAD, N4, QUIET, SECOND, START, scene_at, view_at
from tui.draw.frame import Frame
from tui.inspecting.prompt import NAME_MAX, fed
from tui.judge.detail.copies import home_of, relation, sentence, vector, why_nobody, worth
from tui.judge.exposure import common_ring
from tui.scene import Scene
from tui.screens.detail.key import paint
from tui.seen.inspection import Copy, Inspection, Reading
from tui.view import ClusterView

KEY = "room:7/a1"
SIZES = [(120, 36), (80, 24)]


def value(node: str, counter: int, text: str, at: int = QUIET) -> SiblingShown:
    return SiblingShown(f"{node}.1f.1", counter, node, at, "value", "text/plain", len(text),
                        b64encode(text.encode()).decode())  # fmt: skip


def copy(node: NodeId, context: Context, *siblings: SiblingShown, at: int = DEAD) -> Copy:
    return Copy(node, at, CopyShown(node, True, context, siblings))


def owners() -> tuple[NodeId, ...]:
    return home_of(KEY, common_ring(view_at(QUIET).nodes, QUIET))[2]


RED, BLUE = value("n1", 1, "red", QUIET - SECOND), value("n1", 2, "blue")
A: Context = {"n1.1f.1": 1}
B: Context = {"n1.1f.1": 2}


def whole() -> Inspection:
    return Inspection(
        KEY,
        copies=tuple(copy(name, B, BLUE) for name in owners()),
        readings=(Reading(owners()[0], 0, 200, 2_300, owners()[:2]),),
    )


def forked() -> Inspection:
    first, second, third = owners()
    other = value("n5", 1, "green", QUIET + 40_000)
    fork: Context = {**A, "n5.1f.1": 1}
    missing = Copy(third, 0, trouble="its window does not answer")
    keeper = next(name for name in view_at(QUIET).nodes if name not in owners())
    return Inspection(
        KEY,
        copies=(
            copy(first, {**B, "n5.1f.1": 1}, BLUE, other),
            copy(second, fork, RED, other),
            missing,
            copy(keeper, B, BLUE),
        ),
        readings=(
            Reading(first, 0, 300, 2_300, (first, second)),
            Reading(first, 3, 503, 1_500_000, (), "2 of 3 replicas answered"),
        ),
    )


def scene(seen: Inspection, at: int = DEAD) -> Scene:
    return replace(scene_at(at), inspection=seen)


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


MOMENTS = {"asked": lambda: Inspection(typing="room:7/"), "whole": whole, "forked": forked}


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_golden(moment: str, width: int, height: int) -> None:
    assert_golden(f"key-{moment}-{width}x{height}", paint(scene(MOMENTS[moment]()), width, height))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 220), st.integers(1, 70), st.sampled_from(sorted(MOMENTS)))
def test_any_size_is_a_frame_of_that_size(width: int, height: int, moment: str) -> None:
    frame = paint(scene(MOMENTS[moment]()), width, height)
    assert [len(row) for row in frame.chars] == [width] * height
    assert_known_roles(frame)


# --- what copies mean together --------------------------------------------------------------------


def test_copies_are_compared_by_what_they_know() -> None:
    first, second, third = owners()
    newest, behind = copy(first, B, BLUE), copy(second, A, RED)
    apart = copy(third, {**A, "n5.1f.1": 1}, RED)
    assert relation(newest, (newest, behind)) == "newest"
    assert relation(behind, (newest, behind)) == "behind"
    assert relation(apart, (newest, apart)) == "apart"
    assert relation(copy(first, {}), (newest, behind)) == "nothing"
    assert relation(Copy(first, 0), (newest,)) == "unknown"


@settings(deadline=None, derandomize=True)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)), min_size=1, max_size=4))
def test_a_copy_that_knows_all_is_newest_and_no_other_knows_more(contexts: list[Context]) -> None:
    copies = tuple(copy(NodeId(f"n{i}"), {f"{a}.1.1": c for a, c in each.items()})
                   for i, each in enumerate(contexts))  # fmt: skip
    for each in copies:
        assert each.held is not None
        stands = relation(each, copies)
        rest = [c.held.context for c in copies if c is not each and c.held is not None]
        ahead = any(
            count > each.held.context.get(actor, 0) for c in rest for actor, count in c.items()
        )
        assert (stands in ("behind", "apart")) == (ahead and bool(each.held.context))


def test_the_sentence_counts_owners_and_names_forks_and_the_silent() -> None:
    assert sentence(whole(), owners()).text == "All owners hold the newest version."
    said = sentence(forked(), owners())
    assert said.tone == "warn"
    assert "forked: 2 values" in said.text
    assert f"{owners()[2]} did not answer" in said.text
    assert "a copy for them" in said.text
    nobody = Inspection(KEY, copies=(copy(owners()[0], {}),))
    assert "never written" in sentence(nobody, owners()).text


def test_vectors_and_values_are_short() -> None:
    assert vector({"n1.1f.1": 2, "n1.20.1": 1, "n5.1f.3": 4}) == "n1:2+1 n5:4"
    assert worth(BLUE) == '"blue"'
    assert worth(replace(BLUE, value="/wA=", size=2)) == "2 bytes"
    assert worth(replace(BLUE, kind="deleted")) == "deleted"
    assert worth(replace(BLUE, kind="counter", value="7")) == "counter 7"
    room = RoomShown("quiz", 4, "n3", 120, failed=False)
    assert worth(replace(BLUE, kind="room", room=room)) == "quiz, token 4 of n3, 120 B"


def test_a_rooms_key_says_what_it_is_a_record_of() -> None:
    seen = Inspection("room/room-7", copies=(copy(owners()[0], {}),))
    assert "the record of room room-7" in text(paint(scene(seen), 120, 36))


# --- where nobody can be asked --------------------------------------------------------------------


def test_where_nobody_can_be_asked_it_says_so_and_shows_where_the_key_belongs() -> None:
    why = why_nobody(live=True, following=False, simulated=False)
    shown = text(paint(scene(Inspection(KEY, why_not=why)), 120, 36))
    assert "This is the past" in shown
    assert all(name in shown for name in owners())
    assert "simulated" in why_nobody(live=True, following=True, simulated=True)
    assert "Nobody answers" in why_nobody(live=False, following=True, simulated=False)
    assert not why_nobody(live=True, following=True, simulated=False)


def test_before_any_ring_is_known_nothing_breaks() -> None:
    shown = paint(Scene(ClusterView(), START, inspection=Inspection(KEY)), 120, 36)
    assert "Asking every node" in text(shown)


def test_an_owner_that_is_dead_is_shown_dead() -> None:
    assert N4 in view_at(DEAD).nodes
    shown = text(paint(scene(whole()), 120, 36))
    assert ("✕" in shown) == (N4 in owners())


# --- typing ---------------------------------------------------------------------------------------


def test_a_name_is_typed_corrected_and_finished() -> None:
    typed = ""
    for key, character in (("r", "r"), ("colon", ":"), ("x", "x"), ("backspace", None), ("7", "7")):
        said, done = fed(typed, key, character)
        assert said is not None
        assert not done
        typed = said
    assert fed(typed, "enter", None) == ("r:7", True)
    assert fed(typed, "escape", None) == (None, False)
    assert fed(typed, "ctrl+u", None) == ("", False)
    assert fed(typed, "up", None) == ("r:7", False)
    assert fed("x" * NAME_MAX, "y", "y") == ("x" * NAME_MAX, False)


def test_who_is_asked_for_a_key_is_given_one_that_exists() -> None:
    seen, now = real_view()
    asked = Scene(seen, now, own=True, inspection=Inspection(typing=""))
    assert "for example  room:7/a1" in text(paint(asked, 80, 24))
    nothing = replace(scene(Inspection(typing="")), view=ClusterView())
    assert "for example" not in text(paint(nothing, 80, 24))


def test_when_a_node_was_asked_does_not_look_like_the_age_of_its_value() -> None:
    old = value("n1", 2, "blue", DEAD - 180 * SECOND)
    copies = tuple(copy(name, B, old, at=DEAD - SECOND) for name in owners())
    shown = text(paint(scene(Inspection(KEY, copies=copies)), 120, 36))
    assert shown.count("asked 1.0s ago") == len(copies)
    assert shown.count("ago") == len(copies)
