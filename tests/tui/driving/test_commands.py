"""Commands: what a line means, what it may become, and the one sentence when it means nothing."""

from __future__ import annotations

import pytest

from cluster.model.member import NodeId
from tests.tui.story import QUIET, scene_at
from tui.draw.glyphs import SETS
from tui.draw.theme import PALETTES
from tui.driving.commands import (
    BY_NAME,
    COMMANDS,
    At,
    CutLink,
    Heal,
    Meaning,
    NotUnderstoodError,
    OnKey,
    OnNode,
    Press,
    Sift,
    Speed,
    Split,
    completions,
    moment_before,
    understand,
)
from tui.driving.dress import Dress
from tui.keys import KEYS, SCREENS

VIEW = scene_at(QUIET).view


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("matrix", Press("matrix")),
        ("  quit ", Press("quit")),
        ("q", Press("quit")),
        ("mat", Press("matrix")),
        ("kill n4", OnNode("kill", NodeId("n4"))),
        ("node n2", OnNode("node", NodeId("n2"))),
        ("key quiz:7", OnKey("quiz:7")),
        ("at 14:07", At(14 * 3600 + 7 * 60.0)),
        ("at 14:07:45.2", At(14 * 3600 + 7 * 60 + 45.2)),
        ("speed 1/4", Speed(0.25)),
        ("speed 8x", Speed(8.0)),
        ("filter n4 suspect", Sift("n4 suspect")),
        ("filter", Sift("")),
        ("glyphs ascii", Dress(glyphs="ascii")),
        ("glyphs unicode", Dress(glyphs="braille")),
        ("theme light", Dress(palette="light")),
        ("motion reduced", Dress(motion=False)),
        ("theme mono", Dress(palette="mono")),
    ],
)
def test_a_line_means_what_it_says(line: str, meaning: Meaning) -> None:
    assert understand(line, VIEW) == meaning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fly", "there is no command 'fly'"),
        ("p", "'p' may be plots or pause or partition or play or picture"),
        ("kill", "kill wants a node's name: kill NODE"),
        ("kill n9", "there is no node 'n9': n1, n2, n3, n4, n5"),
        ("matrix n4", "matrix stands alone"),
        ("at noon", "'noon' is not a moment: write 14:07"),
        ("at 25:00", "is not a moment"),
        ("speed 0", "'0' is not a speed"),
        ("theme pink", "there is no theme 'pink': dark"),
        ("glyphs runes", "there are no glyphs 'runes'"),
        ("motion wild", "there is no motion 'wild': full or reduced"),
        ("motion", "motion wants full or reduced"),
        ("room nowhere", "no node has told of a room 'nowhere'"),
    ],
)
def test_what_is_wrong_is_one_sentence(line: str, said: str) -> None:
    with pytest.raises(NotUnderstoodError) as refused:
        understand(line, VIEW)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_screen_and_every_fault_is_a_command() -> None:
    assert set(SCREENS) <= set(BY_NAME)
    assert {key.action for key in KEYS if key.fault} <= set(BY_NAME)
    assert all(c.fault for c in COMMANDS if c.action in ("kill", "add", "undo"))


def test_tab_offers_commands_and_then_what_they_take() -> None:
    assert completions("mat", VIEW, own=True) == ("matrix",)
    assert completions("kill ", VIEW, own=True) == tuple(f"kill n{i}" for i in range(1, 6))
    assert completions("glyphs a", VIEW, own=True) == ("glyphs ascii",)
    assert completions("theme ", VIEW, own=True) == tuple(f"theme {name}" for name in PALETTES)
    assert completions("filter x", VIEW, own=True) == ()
    assert completions("nonsense ", VIEW, own=True) == ()


def test_what_is_completed_is_understood() -> None:
    for name in completions("", VIEW, own=True):
        for line in completions(f"{name} ", VIEW, own=True) or (name,):
            if BY_NAME[name].takes in ("nothing", "node", "theme", "glyphs", "motion", "speed"):
                assert understand(line, VIEW)


def test_where_no_faults_may_be_done_none_is_offered() -> None:
    offered = completions("", VIEW, own=False)
    assert "kill" not in offered
    assert "matrix" in offered


def test_a_moment_is_the_latest_when_the_shown_clock_read_that() -> None:
    hour, day = 3_600_000_000, 86_400_000_000
    noon = 20 * day + 12 * hour
    assert moment_before(11 * 3600, noon, 0) == noon - hour
    assert moment_before(13 * 3600, noon, 0) == noon + hour - day
    assert moment_before(13 * 3600, noon, 2 * hour) == noon - hour
    assert moment_before(0, noon, 13 * hour) == noon - hour


def test_every_set_of_shapes_has_a_name_that_is_understood() -> None:
    assert [understand(f"glyphs {name}", VIEW) for name in SETS] == [Dress(glyphs=n) for n in SETS]


def test_links_and_sides_are_named() -> None:
    assert understand("cut n1 n3", VIEW) == CutLink(NodeId("n1"), NodeId("n3"))
    assert understand("partition n1 n2", VIEW) == Split((NodeId("n1"), NodeId("n2")))
    assert understand("partition n1,n2 | n3,n4,n5", VIEW) == Split((NodeId("n1"), NodeId("n2")))
    assert understand("heal", VIEW) == Heal()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cut n1", "two ends"),
        ("cut n1 n1", "two ends"),
        ("cut n1 n9", "no node 'n9'"),
        ("partition n1 n2 n3 n4 n5", "both sides"),
        ("partition n1 | n2", "n3 is on neither side"),
        ("partition n1 | n1 n2 n3 n4 n5", "both sides"),
        ("partition n1 |", "both sides"),
        ("partition |", "both sides"),
    ],
)
def test_a_split_that_is_none_is_refused(line: str, said: str) -> None:
    with pytest.raises(NotUnderstoodError) as refused:
        understand(line, VIEW)
    assert said in str(refused.value)


def test_tab_offers_the_names_not_named_yet() -> None:
    assert completions("cut n1 n", VIEW, own=True) == tuple(f"cut n1 n{i}" for i in range(2, 6))
    assert completions("partition n1,n2,", VIEW, own=True) == tuple(
        f"partition n1,n2,n{i}" for i in range(3, 6)
    )
    assert completions("partition n1 | n2,n", VIEW, own=True)[0] == "partition n1 | n2,n3"
    assert not [c for c in completions("", VIEW, own=False) if c in ("cut", "partition", "heal")]
