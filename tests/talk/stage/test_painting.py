"""What the audience reads: nothing is cut without a sign, nothing tells it of keys, what is late is said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cluster.config import SECOND
from talk.deck.deck import Live, Slide
from talk.deck.words import LIVES
from talk.stage.painting import Sheet, paint
from talk.stage.pictures import Playing, picture
from tests.tui.story import KILLED, START, lively, scene_at
from tui.draw.frame import Frame
from tui.scene import ON_STAGE, Scene

SIZES = [(120, 36), (80, 24)]
LONG = "A title that is far longer than there is room for in the foot of a stage, at any size"
LEGEND = ("alive", "suspect", "dead", "no answer", "joining", "left, itself", "differs")
KEYS = ("press ", "click", "↑↓", "arrows", "enter ", "esc ")


def moment(at: int = KILLED + 2 * SECOND) -> Scene:
    """A cluster in trouble, seen from a stage."""
    return scene_at(at, source=ON_STAGE, own=False)


def foot(frame: Frame) -> str:
    return frame.lines()[-1]


def sheet(**more: str) -> Sheet:
    live = Live("matrix")
    return replace(Sheet(Slide(3, "One idea", lives=(live,)), 0, 66, moment(), live), **more)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_foot_that_is_too_long_ends_with_a_sign_of_it(width: int, height: int) -> None:
    said = foot(paint(sheet(following=LONG, label="simulated, 5 nodes"), width, height))
    assert "▶ next: A title" in said
    assert "…" in said
    assert said.rstrip().endswith("3 / 66   0:00")
    short = foot(paint(sheet(following="Q & A"), width, height))
    assert "▶ next: Q & A" in short
    assert "…" not in short


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_where_a_typed_number_leads_stands_in_the_foot(width: int, height: int) -> None:
    told = sheet(typed="question 3: How fast is it?", notice="something", preparing="a cluster")
    said = foot(paint(told, width, height))
    assert "question 3: How fast" in said
    assert "something" not in said


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_is_late_is_said_instead_of_the_caption(width: int, height: int) -> None:
    late = "It was given 3 s and has not come yet: views = 1."
    text = " ".join(paint(sheet(late=late, caption="One view."), width, height).lines())
    assert "It was given 3 s and has not" in text
    assert "“One view.”" not in text
    assert "“One view.”" in " ".join(paint(sheet(caption="One view."), width, height).lines())


@pytest.mark.parametrize("width", [44, 50, 57, 63, 74, 90, 114])
def test_a_legend_beside_words_has_no_half_words(width: int) -> None:
    lines = picture(Live("matrix"), moment(), Playing(), width, 34).lines()
    row = next(y for y, line in enumerate(lines) if "● alive" in line)
    said = " ".join(lines[row : row + 2])
    assert [word for word in LEGEND[:4] if word in said] == list(LEGEND[:4])
    for line in lines[row : row + 2]:
        last = line.rstrip().split("  ")[-1].strip()
        assert not last or len(line.rstrip()) < width
        if last and last[0] in "●◐✕○◌·▐":
            assert last[2:].startswith(LEGEND), f"half a word: {last!r}"


@pytest.mark.parametrize(
    "kind", ["ring", "matrix", "nodes", "recovery", "flow", "rooms", "events", "plots"]
)
@pytest.mark.parametrize("at", [KILLED - SECOND, KILLED + 2 * SECOND])
def test_no_picture_on_stage_tells_the_audience_of_keys(kind: str, at: int) -> None:
    for width, height in ((114, 30), (74, 15), (66, 34)):
        lines = picture(Live(kind), moment(at), Playing(), width, height).lines()
        assert not [line for line in lines if any(key in line for key in KEYS)]


def test_every_picture_that_a_deck_may_name_is_painted() -> None:
    for kind in LIVES.values():
        for width, height in ((114, 30), (74, 15), (66, 34)):
            subject = "two-masters" if kind.name == "pair" else ""
            frame = picture(Live(kind.name, subject), moment(), Playing(), width, height)
            text = "\n".join(frame.lines())
            assert text.strip()
            assert "is not shown here" not in text, kind.name


def test_where_counts_would_run_into_each_other_there_is_no_line_of_them() -> None:
    at = START + 4 * SECOND
    many = replace(scene_at(at, lambda: lively(lambda _teller: None, 12)), source=ON_STAGE)
    lines = picture(Live("matrix"), many, Playing(), 66, 34).lines()
    assert sum("11/11" in line for line in lines) == 12
    assert not [line for line in lines if line.strip().startswith("by")]
    assert any("● alive" in line for line in lines)
