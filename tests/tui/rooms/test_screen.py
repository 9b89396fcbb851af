"""The rooms screen: what its lanes say of forty rooms and of thousands, and how one is chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from cluster.model.facts import Fact
from cluster.model.member import NodeId
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.rooms.tale import (
    CALM,
    EMPTYING,
    HEALED,
    HOME_AGAIN,
    KILLED,
    MOVING,
    TWINS,
    drained,
    fallen,
    scene_at,
    settled,
    thousand,
    twins,
    view_at,
)
from tests.tui.teller import MS, N4, SECOND, START
from tui.desk import Desk, choose, press
from tui.draw.frame import Frame, ink_at
from tui.driving.targets import ROOM
from tui.fold import fold
from tui.judge.agreement import agreement
from tui.judge.rooms.lanes import LINGER_US, lanes
from tui.keys import meant
from tui.scene import Scene
from tui.screens.help import paint_help
from tui.screens.pieces.lanes import grain_of
from tui.screens.rooms import paint
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]
Tell = Callable[[], tuple[Fact, ...]]
MOMENTS: dict[str, tuple[int, Tell, str]] = {
    "calm": (CALM, fallen, "room-7"),
    "emptying": (EMPTYING, fallen, "room-6"),
    "drained": (MOVING + 100 * MS, drained, ""),
    "twins": (TWINS, twins, "room-17"),
    "thousand": (EMPTYING, thousand, ""),
}


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


def scene(moment: str, **changes: object) -> Scene:
    at, tell, room = MOMENTS[moment]
    return replace(scene_at(at, tell, room=room, selected=None), **changes)


def lane(frame: Frame, name: str) -> str:
    """The rows of a node's lane, as one line."""
    lines = frame.lines()
    start = next(y for y, line in enumerate(lines) if line[2:].startswith(f"{name} "))
    rows = [lines[start]]
    for line in lines[start + 1 :]:
        if line[:4].strip() or line.startswith(" ──"):
            break
        rows.append(line)
    return " ".join(rows)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_lanes_look_as_they_did(moment: str, width: int, height: int) -> None:
    assert_golden(f"rooms-{moment}-{width}x{height}", paint(scene(moment), width, height))


def test_without_colour_and_in_ascii_the_marks_still_tell() -> None:
    frame = paint(scene("emptying", colour=False, glyphs="ascii"), 80, 24)
    assert_golden("rooms-emptying-ascii-80x24", frame)
    assert not {c for row in frame.chars for c in row if ord(c) > 126} - set("–×·↑↓←→…")
    assert " ^ " in lane(frame, "n4")
    assert " . " in lane(frame, "n4")


@pytest.mark.parametrize("width", [1, 20, 40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("height", [1, 8, 12, 18, 24, 36, 60])
@pytest.mark.parametrize("moment", MOMENTS)
def test_it_paints_at_any_size(moment: str, width: int, height: int) -> None:
    assert_known_roles(paint(scene(moment), width, height))


def test_before_anybody_has_told_of_a_room_it_says_so() -> None:
    shown = text(paint(scene_at(KILLED), 80, 24))
    assert "No node has told of a room yet." in shown
    paint(Scene(ClusterView(), START), 80, 24)


@pytest.mark.parametrize("count", [1, 2, 12, 40])
def test_any_number_of_nodes_has_lanes(count: int) -> None:
    view = fold(ClusterView(), settled(60, count).sorted())
    for width, height in (*SIZES, (200, 60)):
        frame = paint(Scene(view, KILLED, selected=NodeId(f"n{count}")), width, height)
        shown = text(frame)
        assert f"▸ n{count} " in shown
        assert "= runs twice " in shown or "runs twice" not in shown
        assert "more nodes" in shown or count <= height


def test_every_room_has_one_mark_in_its_nodes_lane_and_names_where_they_fit() -> None:
    frame = paint(scene("calm"), 120, 36)
    view = view_at(CALM, fallen)
    for room in view.rooms.by_name.values():
        assert f"● {room.name} " in lane(frame, room.places[0].node)
    small = paint(scene("calm"), 80, 24)
    held = view.rooms.held
    for name in view.nodes:
        assert lane(small, name).count("●") == held[name] + 1  # and the node's own
        assert lane(small, name).split()[-1] == str(held[name])


def test_a_mark_for_several_rooms_says_for_how_many_and_shows_the_worst() -> None:
    shown = text(paint(scene("thousand"), 80, 24))
    assert "one mark is 3 rooms, the worst of them" in shown
    assert "○○○" in shown


@pytest.mark.parametrize("most", [0, 1, 7, 40, 200, 2_000, 10_000])
@pytest.mark.parametrize("rows", [1, 2, 4])
def test_the_densest_lane_always_fits(most: int, rows: int) -> None:
    from tui.judge.rooms.lanes import Cell

    cells = [Cell(n, f"room-{n}", "serving") for n in range(most)]
    grain = grain_of({N4: cells}, 70, rows)
    assert -(-most // grain.heap) <= 70 // grain.cell * rows


def test_a_dead_nodes_lane_empties_into_the_others() -> None:
    def left(at: int) -> int:
        judged = agreement(view_at(at, fallen), at)
        return sum(c.mark == "orphan" for c in lanes(view_at(at, fallen), at, judged)[N4])

    before = view_at(CALM, fallen).rooms.held[N4]
    counted = [left(at) for at in range(KILLED + 10 * MS, HOME_AGAIN, 50 * MS)]
    assert counted[0] == before
    assert counted[-1] == 0
    assert sorted(counted, reverse=True) == counted
    assert "○ 4" in lane(paint(scene("emptying"), 120, 36), "n4")


def test_a_room_that_has_just_gone_is_an_arrow_for_a_moment_and_bright_where_it_came() -> None:
    gone = view_at(EMPTYING, fallen)
    flight = gone.rooms.flights["room-6"]
    for at, marks in (
        (EMPTYING, ("left", "arrived")),
        (flight.ended + LINGER_US, ("", "serving")),
    ):
        drawn = lanes(gone, at, agreement(gone, at))
        there = {n: [c.mark for c in cells if c.room == "room-6"] for n, cells in drawn.items()}
        assert there[N4] == [m for m in marks[:1] if m]
        assert there[flight.to] == [marks[1]]
    frame = paint(scene("emptying", room=""), 120, 36)
    assert "↓ room-6" in lane(frame, "n4")


def test_a_line_leads_from_the_lane_that_rooms_leave_to_the_one_where_they_arrive() -> None:
    calm, moving = paint(scene("calm"), 120, 36), paint(scene("drained"), 120, 36)
    assert "◂" not in text(calm)
    assert "◂" in lane(moving, "n5")
    assert "moving: n4 to n5" in text(moving)
    still = paint(scene("drained", motion=False), 120, 36)
    assert text(still).count("◂") == text(moving).count("◂")


def test_rooms_that_run_twice_are_marked_in_both_lanes() -> None:
    view = view_at(TWINS, twins)
    frame = paint(scene("twins", room=""), 120, 36)
    double = [r for r in view.rooms.by_name.values() if len(r.places) == 2]
    assert len(double) > 4
    for room in double:
        for place in room.places:
            assert f"2 {room.name} " in lane(frame, place.node)
    assert "2 room" not in text(paint(scene_at(HEALED, twins), 120, 36))


def test_the_chosen_room_is_told_with_its_home_its_token_and_its_last_events() -> None:
    shown = text(paint(scene("emptying"), 120, 36))
    assert "room-6  quiz   n5 ● serving" in shown
    assert "token 2" in shown
    assert "partition" in shown
    assert "room-6 serves again here" in shown
    assert "claims room-6 with token 2, above n4's 1" in shown


def test_what_a_death_has_cost_stands_below() -> None:
    shown = text(paint(scene_at(HOME_AGAIN, fallen), 120, 36))
    assert "n4's 7 rooms: p50 1.5 s, worst 2.0 s" in shown
    shown = text(paint(scene_at(KILLED + SECOND, drained), 120, 36))
    assert "7 handoffs in 60 s: p50 9.0 ms, worst 12 ms unserved" in shown


# --- choosing ------------------------------------------------------------------------------------


def test_right_and_left_go_through_a_lane_and_on_into_the_next() -> None:
    view = view_at(CALM, fallen)
    desk = press(Desk(screen="rooms", selected=NodeId("n2")), "right", view, CALM)
    first = desk.room
    assert view.rooms.by_name[first].places[0].node == "n2"
    seen = [first]
    for _ in range(39):
        desk = press(desk, "right", view, CALM)
        seen.append(desk.room)
    assert len(set(seen)) == 40
    assert press(desk, "right", view, CALM).room == first
    assert press(desk, "left", view, CALM).room == seen[-2]
    assert press(Desk(), "right", ClusterView(), CALM).room == ""


def test_on_other_screens_right_and_left_choose_a_node() -> None:
    assert meant("right", "home") == "next_node"
    assert meant("left", "compare") == "previous_node"
    assert meant("right", "rooms") == "right"


def test_a_click_chooses_a_room_and_a_second_lets_go_of_it() -> None:
    view = view_at(CALM, fallen)
    frame = paint(scene("calm"), 120, 36)
    lines = frame.lines()
    y = next(y for y, line in enumerate(lines) if "room-12" in line)
    target = frame.target_at(lines[y].index("room-12"), y)
    assert isinstance(target, str)
    assert target == ROOM + "room-12"
    desk = choose(Desk(screen="rooms"), target, view)
    assert desk.room == "room-12"
    assert choose(desk, target, view).room == ""
    assert frame.target_at(3, y) in view.nodes


def test_escape_lets_go_of_the_room_then_of_the_node_then_of_the_screen() -> None:
    view = view_at(CALM, fallen)
    desk = Desk(screen="rooms", selected=N4, room="room-7")
    steps: list[tuple[str, str | None, str]] = []
    for _ in range(3):
        desk = press(desk, "back", view, CALM)
        steps.append((desk.screen, desk.selected, desk.room))
    assert steps == [("rooms", N4, ""), ("rooms", None, ""), ("home", None, "")]


def test_the_chosen_room_stands_out_without_colour() -> None:
    frame = paint(scene("calm", colour=False), 80, 24)
    grounds = {ink_at(i).bg for row in frame.inks for i in row}
    assert "selection" in grounds


def test_the_help_sheet_names_the_keys_of_rooms() -> None:
    frame = paint(scene("calm"), 120, 36)
    paint_help(frame, scene("calm"), "rooms")
    shown = text(frame)
    assert "choose the next room" in shown
    assert "one mark a room" in shown
    assert "8 rooms" in shown


@pytest.mark.parametrize("width", [120, 80])
def test_a_filter_leaves_the_rooms_that_contain_it_and_says_how_many_it_hides(width: int) -> None:
    whole = paint(scene("calm"), width, 36)
    frame = paint(scene("calm", sieve="room-12"), width, 36)
    text = "\n".join(frame.lines())
    total = sum(1 for hit in whole.hits if str(hit.target).startswith(ROOM))
    rooms = {hit.target for hit in frame.hits if str(hit.target).startswith(ROOM)}
    assert rooms == {ROOM + "room-12"}
    assert f"{total - 1} of {total} hidden" in text
    nowhere = "\n".join(paint(scene("calm", sieve="no such"), width, 36).lines())
    assert "esc shows all" in nowhere


def test_a_node_s_name_filters_its_rooms_and_counts_stay_whole() -> None:
    whole, frame = paint(scene("calm"), 120, 36), paint(scene("calm", sieve="n2"), 120, 36)
    targets = {hit.target for hit in frame.hits if isinstance(hit.target, str)}
    assert "n2" in targets
    assert "n1" not in targets
    assert lane(frame, "n2").split()[-3:] == lane(whole, "n2").split()[-3:]
