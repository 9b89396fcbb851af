"""The recovery screen: stages against their bounds, what they wait for, what they cost."""

from __future__ import annotations

import pytest

from cluster.config import DEMO
from cluster.model.member import NodeId
from tests.tui.picture import assert_golden, assert_known_roles
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
)
from tui.draw.frame import Frame
from tui.fold import fold
from tui.judge.recap import summary
from tui.scene import Scene
from tui.screens.pieces.stagetable import axis_of, bounds
from tui.screens.recovery import chosen, paint
from tui.view import ClusterView

SIZES = [(120, 36), (80, 24)]
MOMENTS = {"none": QUIET, "suspected": SUSPECTED, "dead": DEAD, "recovered": RECOVERED}


def text(frame: Frame) -> str:
    return "\n".join(frame.lines())


def row(frame: Frame, number: int) -> str:
    (line,) = [line for line in frame.lines() if line.startswith(f"  {number} ")]
    return line


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_golden(moment: str, width: int, height: int) -> None:
    assert_golden(
        f"recovery-{moment}-{width}x{height}", paint(scene_at(MOMENTS[moment]), width, height)
    )


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("height", [8, 12, 24, 36, 60])
def test_it_paints_at_any_size(width: int, height: int) -> None:
    for at, tell in ((DEAD, removed_story), (BACK, paused_story), (BACK, split_story)):
        assert_known_roles(paint(scene_at(min(at, tell()[-1].at), tell), width, height))


@pytest.mark.parametrize("size", [(1, 1), (20, 4), (300, 2), (0, 0)])
def test_no_size_is_an_error(size: tuple[int, int]) -> None:
    paint(scene_at(DEAD), *size)
    paint(Scene(ClusterView(), START), *size)


# --- stages ----------------------------------------------------------------------------------------


def test_a_stage_has_its_time_its_bound_and_its_witness() -> None:
    assert "0.12 s   0.4 s  seen by n5" in row(paint(scene_at(DEAD), 120, 36), 3)


def test_the_first_missed_probe_and_the_confirmations_stand_beside_their_stages() -> None:
    shown = paint(scene_at(DEAD), 120, 36)
    assert "no answer at 0.28 s, seen by n2" in row(shown, 1)
    assert "confirmed by 1, seen by n2" in row(shown, 2)


def test_an_open_stage_grows_and_says_what_it_waits_for() -> None:
    line = row(paint(scene_at(DEAD), 120, 36), 4)
    assert "▒▸" in line
    assert "60 kept for n4 at n1 n3 n5" in line


def test_where_there_is_no_room_beside_the_wait_stands_below() -> None:
    shown = text(paint(scene_at(SUSPECTED), 80, 24))
    assert "suspected: n4 to answer; n1 n2 n5 suspect it" in shown


def test_a_stage_that_was_not_needed_says_so() -> None:
    assert "not needed" in row(paint(scene_at(RECOVERED), 120, 36), 5)


def test_a_stage_over_its_bound_is_marked() -> None:
    def slow(teller: Teller) -> None:
        teller.kill(N4, START + 5 * SECOND)
        teller.beat(START + 5 * SECOND, START + 8 * SECOND)

    view = fold(ClusterView(), lively(slow))
    scene = Scene(view, START + 8 * SECOND)
    assert "late: nobody has noticed yet" in row(paint(scene, 120, 36), 1)


def test_a_death_that_not_all_heard_of_is_not_called_dead_for_all() -> None:
    at = split_story()[-1].at
    first = scene_at(at, split_story).view.incidents[0]
    assert "dead for all" not in summary(first, at)
    assert "n1 is cut off with it" in text(paint(scene_at(at, split_story), 120, 36))


def test_bounds_follow_from_the_settings() -> None:
    kill, pause = bounds(DEMO, 5, "kill"), bounds(DEMO, 5, "pause")
    assert kill["silent"] == DEMO.membership.probe_period_us + 2 * DEMO.membership.probe_timeout_us
    assert kill["suspected"] < pause["suspected"]
    assert "hints" not in kill
    assert bounds(None, 5, "kill") == {}


def test_the_axis_holds_the_failure_and_grows_in_round_steps() -> None:
    incident = scene_at(DEAD).view.incidents[0]
    spans = [
        axis_of(incident, KILLED + after * MS, 0, 40).span_us
        for after in (100, 1_900, 4_900, 70_000)
    ]
    assert spans == [2 * SECOND, 2 * SECOND, 6 * SECOND, 80 * SECOND]
    axis = axis_of(incident, KILLED + 900 * SECOND, 10, 40)
    assert axis.span_us >= 900 * SECOND
    assert axis.column(incident.began) == 0
    assert axis.column(incident.began + axis.span_us * 2) == 39


# --- which failure ---------------------------------------------------------------------------------


def test_an_open_failure_comes_before_a_closed_one_and_the_chosen_nodes_before_others() -> None:
    at = split_story()[-1].at
    scene = scene_at(at, split_story)
    first, second = scene.view.incidents
    assert chosen(scene) == second
    other = scene_at(at, split_story, selected=NodeId("n1"))
    assert chosen(other) == first


def test_before_any_failure_the_stages_and_bounds_are_shown() -> None:
    shown = text(paint(scene_at(QUIET), 120, 36))
    assert "Nothing has failed since this screen watches." in shown
    assert "suspect, being asked about" in shown
    assert "0.7 s" in shown


def test_failures_before_it_are_listed_in_a_line_each() -> None:
    at = split_story()[-1].at
    shown = text(paint(scene_at(at, split_story), 120, 50))
    assert "failures before it" in shown
    assert "n1 split off" in shown


# --- what it cost ----------------------------------------------------------------------------------


def test_partitions_short_of_owners_and_hints_are_on_the_same_axis() -> None:
    shown = paint(scene_at(RECOVERED), 120, 36).lines()
    (short,) = [line for line in shown if "partitions at 2 of 3 owners" in line]
    (hints,) = [line for line in shown if "hints waiting" in line]
    assert short.endswith("max 41")
    assert hints.endswith("max 126")
    assert short.index("▇") < hints.index("▇")


def test_a_summary_is_a_sentence() -> None:
    assert (
        summary(scene_at(RECOVERED).view.incidents[0], RECOVERED)
        == "dead for all after 1.0 s, 126 hints returned, whole again after 8.0 s"
    )
    paused = scene_at(KILLED + 5 * SECOND, paused_story)
    assert summary(paused.view.incidents[0], paused.now) == "false alarm, over after 2.1 s"
    gone = scene_at(KILLED + 14 * SECOND, removed_story)
    assert "38 places filled, the ring went on after" in summary(gone.view.incidents[0], gone.now)
