"""The plots screen: what is drawn is what was told, at any size, in any set of shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.facts import Fact
from cluster.model.summary import bucket_of, middle_of
from cluster.protocol.messages import Body
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import (
    BACK,
    DEAD,
    QUIET,
    RECOVERED,
    SECOND,
    START,
    paused_story,
    scene_at,
    split_story,
    story,
    view_at,
)
from tui.desk import Desk, choose, press
from tui.draw.frame import ink_at
from tui.draw.glyphs import GlyphSet
from tui.draw.plots.axis import decades, from_zero
from tui.draw.plots.figure import row_of, strokes
from tui.driving.painting import get_ahead
from tui.judge.measured.changes import changes, slots, span_of
from tui.judge.measured.choice import HIT, PLOTS, Plot
from tui.judge.measured.curves import edge, latencies, throughput, traffic, weighed
from tui.scene import Scene
from tui.screens.plots import paint
from tui.seen.traffic import FAMILIES, weigh
from tui.view import ClusterView

MOMENTS = {"quiet": QUIET, "dead": DEAD, "recovered": RECOVERED}


@pytest.mark.parametrize(("width", "height"), [(120, 36), (80, 24)])
@pytest.mark.parametrize("moment", MOMENTS)
def test_golden(moment: str, width: int, height: int) -> None:
    frame = paint(scene_at(MOMENTS[moment]), width, height)
    assert_golden(f"plots-{moment}-{width}x{height}", frame)


@pytest.mark.parametrize("plot", PLOTS)
def test_golden_of_each_one_large(plot: Plot) -> None:
    scene = replace(scene_at(RECOVERED), plot=plot)
    assert_golden(f"plots-{plot}-120x36", paint(scene, 120, 36))


def test_what_was_got_ahead_of_a_picture_need_not_be_drawn_for_it() -> None:
    scene = scene_at(DEAD)
    strokes.cache_clear()
    get_ahead("plots", scene, 120, 36)
    drawn = strokes.cache_info().misses
    paint(scene, 120, 36)
    assert strokes.cache_info().misses == drawn > 0


def test_golden_with_letters_only() -> None:
    frame = paint(replace(scene_at(DEAD), glyphs="ascii"), 80, 24)
    body = frame.lines()[2:-2]
    assert all(line.replace("…", "").isascii() for line in body)
    assert_golden("plots-dead-ascii-80x24", frame)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(1, 220),
    st.integers(1, 70),
    st.sampled_from([story, paused_story, split_story]),
    st.sampled_from([START, QUIET, DEAD, BACK, RECOVERED]),
    st.sampled_from([None, *PLOTS]),
    st.sampled_from(["braille", "block", "ascii"]),
)
def test_any_size_at_any_moment_is_a_frame_of_that_size(
    width: int,
    height: int,
    tell: Callable[[], tuple[Fact, ...]],
    at: int,
    plot: Plot | None,
    glyphs: GlyphSet,
) -> None:
    scene = replace(scene_at(at, tell), plot=plot, glyphs=glyphs)
    frame = paint(scene, width, height)
    assert [len(row) for row in frame.chars] == [width] * height
    assert [len(row) for row in frame.inks] == [width] * height
    assert_known_roles(frame)


def test_nothing_told_is_said_and_not_drawn_as_zero() -> None:
    text = "\n".join(paint(Scene(ClusterView(), START), 120, 36).lines())
    for sentence in (
        "No client has asked anything yet.",
        "No node has told what it sends.",
        "no two nodes heard have differed",
    ):
        assert sentence in text


# --- what the curves are -------------------------------------------------------------------------


def test_percentiles_are_of_what_all_nodes_were_asked_together() -> None:
    view = view_at(DEAD)
    curves = latencies(view, DEAD, 60, "put")
    assert [curve.word for curve in curves] == ["p99", "p95", "p50"]
    begin, end = edge(DEAD, 60) - SECOND, edge(DEAD, 60)
    times: list[float] = []
    for node in view.nodes.values():
        for sample in node.samples:
            if begin <= sample.at < end:
                for bucket, count in sample.rates.put_times.items():
                    times += [middle_of(bucket)] * count
    times.sort()
    assert len(times) > 10
    for curve, percent in zip(curves, (99, 95, 50), strict=True):
        assert curve.values[-1] == times[(len(times) - 1) * percent // 100] / 1_000


@settings(max_examples=200, derandomize=True)
@given(st.integers(0, 10**10))
def test_a_bucket_is_at_most_a_sixteenth_off(us: int) -> None:
    assert abs(middle_of(bucket_of(us)) - us) <= us / 16
    assert bucket_of(us) <= bucket_of(us + 1) <= bucket_of(us) + 1


def test_nodes_that_tell_no_histograms_are_not_said_to_be_unasked() -> None:
    view = view_at(QUIET)
    older = {
        name: replace(node, samples=tuple(
            replace(s, rates=replace(s.rates, put_times={}, get_times={})) for s in node.samples
        ))
        for name, node in view.nodes.items()
    }  # fmt: skip
    scene = replace(scene_at(QUIET), view=replace(view, nodes=older))
    text = "\n".join(paint(scene, 120, 36).lines())
    assert "These nodes do not tell how long each took." in text


@pytest.mark.parametrize("size", [(120, 36), (170, 50), (80, 24)])
def test_a_figure_beside_a_curve_is_the_figure_of_its_row_below(size: tuple[int, int]) -> None:
    text = "\n".join(paint(replace(scene_at(RECOVERED), plot="latency"), *size).lines())
    found: list[str] = re.findall(r"p99 ([0-9.]+ ms)", text)
    assert len(found) >= 2
    assert found[0] == found[-1]


def test_the_last_slot_is_a_whole_one_so_that_a_picture_stands_until_the_next() -> None:
    view = view_at(DEAD)
    at = edge(DEAD, 60) + 300_000
    pictures = {
        tuple(c.values for c in traffic(view, now, 60)) for now in (at, at + 1, at + 999_999)
    }
    assert len(pictures) == 1


def test_answers_are_the_clients_where_there_are_clients_else_the_nodes() -> None:
    view = view_at(RECOVERED)
    answered, refused = throughput(view, RECOVERED, 60)
    assert view.load is not None
    assert answered.latest == pytest.approx(view.load.successes * 1e6 / view.load.interval_us)
    assert refused.latest == 0
    alone = throughput(replace(view, load=None), RECOVERED, 60)
    rates = [
        (s.rates.puts + s.rates.gets) * 1e6 / s.interval_us
        for node in view.nodes.values() for s in node.samples
    ]  # fmt: skip
    latest = alone[0].latest
    assert latest is not None
    assert 0 < latest <= max(rates) * len(view.nodes)


def test_traffic_adds_up_to_what_the_nodes_sent() -> None:
    view = view_at(QUIET)
    assert weighed(view) == "bytes"
    curves = traffic(view, QUIET, 1)
    samples = [s for node in view.nodes.values() for s in node.samples if s.at < edge(QUIET, 1)]
    if samples:
        means = {
            name: sum(sum(s.weights) * 1e6 / s.interval_us for s in node.samples if s in samples)
            / max(1, sum(s in samples for s in node.samples))
            for name, node in view.nodes.items()
        }
        total = sum(curve.values[0] or 0 for curve in curves)
        assert total == pytest.approx(sum(means.values()))


def test_nodes_that_do_not_weigh_their_messages_have_them_counted() -> None:
    view = view_at(QUIET)
    light = {
        name: replace(node, samples=tuple(replace(s, weights=()) for s in node.samples))
        for name, node in view.nodes.items()
    }
    scene = replace(scene_at(QUIET), view=replace(view, nodes=light))
    text = "\n".join(paint(scene, 120, 36).lines())
    assert "messages a second" in text
    assert "bytes sent" not in text


def test_every_kind_of_message_belongs_to_exactly_one_family() -> None:
    kinds = [kind.__name__.lower() for kind in get_args(Body)]
    homes = [[word for word, names in FAMILIES if kind in names] for kind in kinds]
    assert [kind for kind, home in zip(kinds, homes, strict=True) if len(home) != 1] == []
    assert weigh({"ping": 3, "a kind of tomorrow": 4})[0] == 3
    assert sum(weigh({"ping": 3, "a kind of tomorrow": 4})) == 7


def test_a_change_that_not_all_know_yet_is_drawn_apart_and_said() -> None:
    view = view_at(DEAD)
    last = replace(view.disagreements[-1], began=DEAD - 2 * SECOND, ended=0, text="n4 is dead")
    view = replace(view, disagreements=(*view.disagreements, last))
    found = changes(view, DEAD)
    assert found[-1].open
    known, spreading = slots(found, DEAD, span_of(found, DEAD), 40)
    assert [value for value in spreading if value is not None] == [2.0]
    assert any(known)
    text = "\n".join(paint(replace(scene_at(DEAD), view=view), 120, 36).lines())
    assert "still spreading after 2.0 s: n4 is dead" in text


# --- how it is drawn -----------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(0, 1), st.integers(4, 60), st.integers(4, 160))
def test_a_level_line_lies_on_the_row_of_its_value(share: float, rows: int, width: int) -> None:
    value = round(share * 1_000.0, 1)
    drawn = strokes(width, rows, 1_000.0, ((value,) * width,), "line", "ascii")
    used = {stroke.row for stroke in drawn}
    assert "".join(stroke.text for stroke in drawn) == "*" * width
    assert used <= {row_of(value / 1_000.0, rows) + d for d in (-1, 0, 1)}
    assert len(used) == 1


def test_a_hole_in_what_was_told_is_a_hole_in_the_curve() -> None:
    values = (5.0,) * 10 + (None,) * 20 + (5.0,) * 10
    drawn = strokes(40, 9, 10.0, (values,), "line", "ascii")
    assert {stroke.row for stroke in drawn} == {drawn[0].row}
    columns = {stroke.column + place for stroke in drawn for place in range(len(stroke.text))}
    assert not columns & set(range(12, 28))
    assert {2, 37} <= columns


@settings(max_examples=100, derandomize=True)
@given(st.lists(st.floats(0.001, 1e9), min_size=1, max_size=20))
def test_axes_are_round_and_hold_every_value(values: list[float]) -> None:
    for axis in (from_zero(values), decades(values)):
        assert axis.height(max(values)) <= 1
        assert axis.height(axis.ticks[0]) == 0
        assert axis.height(axis.ticks[-1]) == pytest.approx(1)
        assert list(axis.ticks) == sorted(set(axis.ticks))
    assert from_zero(values).high >= max(values) * 0.998


def test_faults_stand_upright_through_every_plot_of_their_time() -> None:
    frame = paint(scene_at(RECOVERED), 120, 36)
    for upper in (4, 20):
        for left in (11, 71):
            upright = [
                (x, y)
                for y in range(upper, upper + 12)
                for x in range(left, left + 36)
                if ink_at(frame.inks[y][x]).fg in ("dead", "joining")
            ]
            assert {y for _, y in upright} >= set(range(upper, upper + 3))


# --- keys ----------------------------------------------------------------------------------------


def test_keys_and_clicks_choose_a_plot_and_let_go_of_it() -> None:
    view = ClusterView()
    desk = press(Desk(), "plots", view, START)
    assert (desk.screen, desk.plot) == ("plots", None)
    seen: list[Plot | None] = []
    for _ in range(5):
        desk = press(desk, "right", view, START)
        seen.append(desk.plot)
    assert seen == [*PLOTS, None]
    desk = press(desk, "left", view, START)
    assert desk.plot == PLOTS[-1]
    assert press(desk, "back", view, START).plot is None
    desk = choose(desk, f"{HIT}traffic", view)
    assert desk.plot == "traffic"
    assert choose(desk, f"{HIT}traffic", view).plot is None


def test_a_click_on_a_plot_reaches_it() -> None:
    frame = paint(scene_at(DEAD), 120, 36)
    assert frame.target_at(20, 8) == f"{HIT}latency"
    assert frame.target_at(90, 8) == f"{HIT}answers"
    assert frame.target_at(20, 25) == f"{HIT}traffic"
    assert frame.target_at(90, 25) == f"{HIT}agreement"
