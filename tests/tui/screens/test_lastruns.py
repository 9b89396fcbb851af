"""A failure beside the last ones of its kind: per stage their median, their range, how many."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cluster.model.incident import Incident
from tests.tui.picture import assert_golden, assert_known_roles
from tests.tui.story import DEAD, RECOVERED, SECOND, scene_at
from tui.judge.measured.lastruns import RUNS_MAX, before, last_runs
from tui.scene import Scene
from tui.screens.recovery import paint

SIZES = [(120, 36), (80, 24)]


def done() -> Incident:
    """n4 killed and whole again."""
    return scene_at(RECOVERED).view.incidents[0]


def earlier(share: float, ago_s: int, fault: str = "kill") -> Incident:
    """The same failure, each of its stages `share` as long, so many seconds earlier."""
    model, shift = done(), ago_s * SECOND
    began = model.began - shift

    def moved(at: int) -> int:
        return began + round((at - model.began) * share) if at else 0

    stages = tuple(replace(s, began=moved(s.began), ended=moved(s.ended)) for s in model.stages)
    return replace(model, began=began, ended=moved(model.ended), stages=stages, fault=fault)


def beside(*incidents: Incident, at: int = RECOVERED) -> Scene:
    """The story of n4, and these failures before it."""
    scene = scene_at(at)
    known = (*incidents, *scene.view.incidents)
    return replace(scene, view=replace(scene.view, incidents=known))


THREE = (earlier(0.5, 400), earlier(1.5, 300), earlier(2.0, 200))


def row(scene: Scene, number: int, width: int = 120, height: int = 36) -> tuple[str, str]:
    """A stage's line and the one below it."""
    lines = paint(scene, width, height).lines()
    (index,) = [i for i, line in enumerate(lines) if line.startswith(f"  {number} ")]
    return lines[index], lines[index + 1]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_golden(width: int, height: int) -> None:
    assert_golden(f"recovery-again-{width}x{height}", paint(beside(*THREE), width, height))


@pytest.mark.parametrize("width", [40, 60, 80, 99, 100, 112, 120, 200])
@pytest.mark.parametrize("height", [8, 12, 24, 30, 36, 60])
def test_it_paints_at_any_size(width: int, height: int) -> None:
    for at in (DEAD, RECOVERED):
        assert_known_roles(paint(beside(*THREE, at=at), width, height))


def test_a_stage_stands_above_the_median_and_range_of_the_failures_before() -> None:
    this, below = row(beside(*THREE), 1)
    assert "0.31 s   0.5 s" in this
    assert "0.47 s  median of 3 before, 0.15–0.62 s" in below


def test_where_rows_are_scarce_they_stand_beside_it() -> None:
    this, _ = row(beside(*THREE), 1, 80, 24)
    assert this.endswith("0.31 s   0.5 s  0.47 s   0.15–0.62 s ×3")


def test_an_open_failure_is_compared_as_far_as_it_has_come() -> None:
    this, below = row(beside(*THREE, at=DEAD), 4)
    assert "2.4 s" in this
    assert "median of 3 before" in below
    not_begun, then = row(beside(*THREE, at=DEAD), 9)
    assert " took" not in not_begun
    assert "median of 3 before" in then


def test_with_one_before_there_is_no_median() -> None:
    _, below = row(beside(THREE[0]), 1)
    assert "0.15 s  in the one before" in below
    assert "median" not in below


def test_nothing_is_said_where_there_was_none_or_only_of_another_kind() -> None:
    alone = paint(scene_at(RECOVERED), 120, 36).lines()
    assert not any("median" in line or "one before" in line for line in alone)
    paused = paint(beside(earlier(1.0, 300, "pause")), 120, 36).lines()
    assert not any("median" in line or "one before" in line for line in paused)
    assert "not needed" in row(beside(*THREE), 5)[0]
    assert not row(beside(*THREE), 5)[1].strip(" ·│")


def test_what_was_cut_short_or_not_needed_is_not_counted() -> None:
    model = done()
    stages = tuple(
        replace(s, overtaken=True) if s.name == "dead" else
        replace(s, skipped=True) if s.name == "hints" else s for s in model.stages
    )  # fmt: skip
    found = before([replace(model, stages=stages)])
    assert "dead" not in found
    assert "hints" not in found
    assert "rebuilt" not in found
    assert found["silent"].count == 1


def test_only_the_last_ones_before_it_are_compared() -> None:
    many = [earlier(1.0, ago) for ago in range(900, 900 - 40 * 12, -40)]
    runs = last_runs([*many, done()], many[-1])
    assert len(runs) == RUNS_MAX
    assert runs == many[-1 - RUNS_MAX : -1]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.1, 5.0), min_size=1, max_size=RUNS_MAX))
def test_the_median_is_within_the_range_and_half_are_not_longer(shares: list[float]) -> None:
    runs = [earlier(share, 100 + i) for i, share in enumerate(shares)]
    for name, known in before(runs).items():
        times = [run.stage(name).ended - run.stage(name).began for run in runs]
        assert (known.least_us, known.most_us, known.count) == (min(times), max(times), len(times))
        assert known.least_us <= known.median_us <= known.most_us
        assert 2 * sum(t <= known.median_us for t in times) >= len(times)
