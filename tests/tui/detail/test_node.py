"""The node screen: one node's figures, peers, debts and deeds, from what was reported alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.facts import Fact, MemberFlapped
from cluster.model.member import NodeId
from cluster.model.summary import Likeness, TransferRow
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.rooms.tale import settled
from tests.tui.story import (
    BACK,
    DEAD,
    KILLED,
    MS,
    N4,
    QUIET,
    RECOVERED,
    SECOND,
    START,
    SUSPECTED,
    Teller,
    lively,
    paused_story,
    removed_story,
    scene_at,
    split_story,
    story,
    view_at,
)
from tui.draw.frame import Frame
from tui.fold import fold
from tui.judge.detail.portrait import places_of, portrait, ranges, ways
from tui.scene import Scene
from tui.screens.detail.node import did, paint
from tui.view import ClusterView

N5 = NodeId("n5")
SIZES = [(120, 36), (80, 24)]
MOMENTS = {"quiet": (QUIET, N5), "keeping": (DEAD, N5), "dead": (DEAD, N4)}


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


def of(at: int, name: NodeId) -> Scene:
    return replace(scene_at(at), selected=name)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_golden(moment: str, width: int, height: int) -> None:
    at, name = MOMENTS[moment]
    assert_golden(f"node-{moment}-{width}x{height}", paint(of(at, name), width, height))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(1, 220),
    st.integers(1, 70),
    st.sampled_from([story, removed_story, paused_story, split_story]),
    st.sampled_from([START, QUIET, SUSPECTED, DEAD, BACK, RECOVERED]),
    st.sampled_from(["n1", "n4", "n5", "nobody"]),
)
def test_any_size_at_any_moment_is_a_frame_of_that_size(
    width: int, height: int, tell: Callable[[], tuple[Fact, ...]], at: int, name: str
) -> None:
    scene = replace(scene_at(at, tell), selected=NodeId(name))
    frame = paint(scene, width, height)
    assert [len(row) for row in frame.chars] == [width] * height
    assert [len(row) for row in frame.inks] == [width] * height
    assert_known_roles(frame)


def test_before_anything_is_heard_it_says_so() -> None:
    assert "no node has been heard of" in text(paint(Scene(ClusterView(), START), 120, 36))


def test_the_sentence_is_about_the_node_and_not_about_the_cluster() -> None:
    view = view_at(DEAD)
    keeping = portrait(view, N5, DEAD)
    assert keeping.text.startswith("n5 keeps 30 for n4 until it is back")
    assert keeping.tone == "warn"
    dead = portrait(view, N4, DEAD)
    assert dead.tone == "bad"
    assert "4 of 4 others hold it dead" in dead.text
    assert "60 writes kept for it at n1 n3 n5" in dead.text
    quiet = portrait(view_at(QUIET), N5, QUIET)
    assert quiet.tone == "good"
    assert quiet.text.startswith("n5 is alive for all others, and holds all of them alive")


def test_a_node_that_works_much_more_than_usual_is_said_to() -> None:
    def rush(teller: Teller) -> None:
        teller.beat(START + 5 * SECOND, START + 20 * SECOND)
        teller.load *= 4
        teller.beat(START + 20 * SECOND, START + 23 * SECOND)

    view = fold(ClusterView(), lively(rush))
    assert "as much as usual" in portrait(view, N5, view.at).text


def test_peers_show_both_sides_of_a_belief() -> None:
    lines = paint(of(DEAD, N4), 120, 36).lines()
    row = next(line for line in lines if line[68:70] == "n1")
    assert "● alive" in row[74:90]
    assert row.endswith("✕ dead")


def test_figures_of_a_node_that_is_not_heard_are_not_drawn_as_zero() -> None:
    lines = paint(of(DEAD, N4), 120, 36).lines()
    row = next(line for line in lines if line.startswith("  puts/s"))
    assert row[:66].rstrip().endswith("–")


def test_messages_that_do_not_arrive_are_counted_by_peer() -> None:
    found = ways(view_at(DEAD), N5, DEAD)
    assert found[N4].lost >= 1
    assert all(not way.lost for name, way in found.items() if name != N4)
    assert all(way.median_us > 0 for name, way in found.items() if name != N4)


def test_places_are_the_rings() -> None:
    view = view_at(QUIET)
    held = places_of(view, N5, view.at)
    ring = view.nodes[N5].ring
    assert ring is not None
    index = ring.members.index(N5)
    for copy, partitions in enumerate(held):
        assert partitions == [p for p, owners in enumerate(ring.owners) if owners[copy] == index]


@settings(deadline=None, derandomize=True)
@given(st.sets(st.integers(0, 200)))
def test_ranges_name_each_number_once(numbers: set[int]) -> None:
    said = ranges(sorted(numbers))
    found: list[int] = []
    for part in said.split():
        first, _, last = part.partition("–")
        found += range(int(first), int(last or first) + 1)
    assert found == sorted(numbers)


def test_its_own_lines_and_those_about_it_are_its_deeds() -> None:
    lines = did(of(DEAD, N4), N4)
    assert {line.node for line in lines} >= {N4, NodeId("n2"), NodeId("lab")}
    told = [line.text for line in lines if line.node != N4]
    assert all(
        text.split()[0].rstrip(",'s") == "n4" or text.startswith("declares n4 dead")
        for text in told
    )


def test_flaps_faults_transfers_and_copies_that_differ_are_told() -> None:
    def wavers(teller: Teller) -> None:
        teller.say(NodeId("n1"), START + 5 * SECOND, MemberFlapped(N5, 3, 30 * SECOND))

    view = fold(ClusterView(), lively(wavers))
    node = replace(
        view.nodes[N5],
        faults=("cut n1",),
        transfers={7: TransferRow(7, "waiting", N4, (), 2, 0, 0, 0, None, "n1 to answer")},
        trees=(Likeness(NodeId("n2"), view.at - SECOND, 38, 3),),
    )
    scene = Scene(replace(view, nodes=view.nodes | {N5: node}), view.at, selected=N5)
    shown = text(paint(scene, 120, 36))
    assert "flapped 3×" in shown
    assert "its links  cut n1" in shown
    assert "fills partition 7  n1 to answer" in shown
    assert "copies differ  3 of 38 partitions with n2" in shown


def test_the_rooms_it_runs_are_named() -> None:
    landlord = settled(40)
    view = fold(ClusterView(), landlord.sorted())
    count = view.rooms.held[N5]
    shown = text(paint(Scene(view, view.at, selected=N5), 120, 36))
    assert f"{count} rooms" in shown


def test_a_peer_can_be_clicked() -> None:
    frame = paint(of(DEAD, N5), 120, 36)
    y = next(y for y, line in enumerate(frame.lines()) if line[68:70] == "n1")
    assert frame.target_at(70, y) == "n1"


def test_the_last_thing_that_happened_is_always_among_its_deeds() -> None:
    at = KILLED + 3 * SECOND
    assert did(of(at, N4), N4)[-1].at <= at


def test_the_round_trip_is_of_its_last_answered_probe_and_the_disk_is_told() -> None:
    lines = paint(of(QUIET, N5), 120, 36).lines()
    trips = scene_at(QUIET).view.nodes[N5].round_trips
    assert trips
    for peer, took in trips.items():
        (row,) = [line for line in lines if f" {peer} " in line and "alive" in line]
        assert f"{took / 1000:.1f} ms" in row
    assert any(line.strip().startswith("disk kB/s") for line in lines)
    node = replace(scene_at(QUIET).view.nodes[N5], round_trips={})
    nodes = {**scene_at(QUIET).view.nodes, N5: node}
    older = replace(of(QUIET, N5), view=replace(scene_at(QUIET).view, nodes=nodes))
    assert any("→ " in line for line in paint(older, 120, 36).lines())


def test_who_was_removed_owns_nothing_and_its_story_goes_to_its_end() -> None:
    for after, owns in ((3_200 * MS, "owns 41 of 192 places"), (14_000 * MS, "owns none of 192")):
        at = KILLED + after
        shown = "\n".join(paint(scene_at(at, removed_story, selected=N4), 120, 36).lines())
        assert owns in shown, shown
    told = [line.text for line in did(scene_at(at, removed_story), N4)]
    assert any(text.startswith("declares n4 dead") for text in told)
    assert sum(text.startswith("goes on without n4") for text in told) == 4
    others = [line.text for line in did(scene_at(at, removed_story), N5)]
    assert not any(text.startswith("declares n4 dead") for text in others)


def test_of_a_simulated_node_no_machine_is_drawn_as_zeros() -> None:
    from cluster.sim.watch.orders import Play, Setup
    from cluster.sim.watch.worker import Theatre
    from cluster.sim.world import START as BEGAN

    theatre = Theatre(Setup(5, 3))
    view = ClusterView()
    answer = theatre.answer(Play(BEGAN + 6 * SECOND, 10 * SECOND))
    while answer.behind:
        view = fold(view, answer.facts)
        answer = theatre.answer(Play(BEGAN + 6 * SECOND, 10 * SECOND))
    view = fold(view, answer.facts)
    drawn = text(paint(Scene(view=view, now=answer.now, selected=NodeId("n2")), 120, 36))
    assert "messages/s" in drawn, "what it does is told"
    assert not [word for word in ("disk kB/s", "loop lag ms", "memory MB") if word in drawn]
    of_processes = text(paint(of(QUIET, N5), 120, 36))
    assert "memory MB" in of_processes
